"""The arithmetic of the bucket, the same for Redis and for the developer's row.

A virtual schedule (GCRA): `free_s` is when the next call's turn would come had no
call ever been early; a call may be early by the burst. Who comes too early is given
a slot behind the last one given, so that a thousand waiting runs come back one
after another and not all at once.

All times are seconds since the epoch.
"""

from dataclasses import dataclass

BURST_S = 5.0
"""How much unused time the bucket keeps; Spotify looks at 30 s (rate limits page)."""
SET_BACK_S = 60.0


@dataclass(frozen=True, slots=True)
class Turns:
    """Where a bucket stands: the next free turn and the last slot given."""

    free_s: float = 0.0
    tail_s: float = 0.0


def take_turn(
    turns: Turns, *, now_s: float, not_before_s: float, interval_s: float
) -> tuple[Turns, float]:
    """Return the bucket afterwards and when the caller may go.

    That is `now_s` where it may go at once, else a slot of its own, later than
    `not_before_s` and than every slot given before. A bucket whose next turn is
    implausibly far off (the clock was set back) starts anew.
    """
    if turns.free_s > now_s + BURST_S + SET_BACK_S + 10 * interval_s:
        turns = Turns()
    opens_s = max(turns.free_s - BURST_S, not_before_s)
    if opens_s <= now_s:
        return spend(turns, now_s=now_s, interval_s=interval_s), now_s
    slot_s = max(opens_s, turns.tail_s + interval_s)
    return Turns(turns.free_s, slot_s), slot_s


def spend(turns: Turns, *, now_s: float, interval_s: float) -> Turns:
    """Return the bucket after a call that goes now, whether it was its turn or not."""
    return Turns(max(turns.free_s, now_s) + interval_s, turns.tail_s)
