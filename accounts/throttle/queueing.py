"""The arithmetic of the bucket, the same for Redis and for the developer's row.

A virtual schedule (GCRA): `free_s` is when the next call's turn would come had no
call ever been early; a call may be early by the burst. Who comes too early is given
a slot behind the last one given, so that a thousand waiting runs come back one
after another and not all at once.

All times are seconds since the epoch.
"""

from dataclasses import dataclass
from enum import IntEnum

BURST_S = 5.0
"""How much unused time the bucket keeps; Spotify looks at 30 s (rate limits page)."""
SET_BACK_S = 60.0


class Haste(IntEnum):
    """How a call stands to those that wait: behind, before, or not waiting at all."""

    IN_LINE = 0
    AHEAD = 1
    AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Turns:
    """Where a bucket stands: the next free turn and the last slot given."""

    free_s: float = 0.0
    tail_s: float = 0.0


def take_turn(
    turns: Turns,
    *,
    now_s: float,
    interval_s: float,
    burst_s: float = BURST_S,
    haste: Haste = Haste.IN_LINE,
) -> tuple[Turns, float]:
    """Return the bucket afterwards and when the caller may go.

    That is `now_s` where it may go at once. In line it is else a slot of its own,
    later than every slot given before; ahead of the line it is the next free turn,
    for which somebody else may come first. A bucket whose next turn is implausibly
    far off (the clock was set back) starts anew.
    """
    if turns.free_s > now_s + BURST_S + SET_BACK_S + 10 * interval_s:
        turns = Turns()
    opens_s = turns.free_s - burst_s
    if haste == Haste.AT_ONCE or opens_s <= now_s:
        return Turns(max(turns.free_s, now_s) + interval_s, turns.tail_s), now_s
    if haste == Haste.AHEAD:
        return turns, opens_s
    slot_s = max(opens_s, turns.tail_s + interval_s)
    return Turns(turns.free_s, slot_s), slot_s
