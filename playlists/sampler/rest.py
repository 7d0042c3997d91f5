"""Rest: when a recording that stood in the list may come back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class Resting:
    """What must rest, by recording.

    `current` are the recordings of the playlist's current or planned list; `left`
    says on which day (days since 1970-01-01 UTC) a recording last left it, over
    whatever scope the rest has; `today` is the day of the draw.
    """

    today: int
    current: Collection[int] = ()
    left: Mapping[int, int] = field(default_factory=dict)


def day_of(moment: datetime) -> int:
    """Return the calendar day of a moment in UTC, as days since 1970-01-01."""
    return int(moment.astimezone(UTC).timestamp() // SECONDS_A_DAY)


def has_rested(left_day: int, today: int, cooldown_days: int) -> bool:
    """Tell whether a recording that left on `left_day` may be drawn on `today`.

    Days are calendar days in UTC, whatever the hour, so several reshuffles on one
    day count as that day. A cooldown of c means that day D + c is the first on which
    a recording that left on day D may return: with a reshuffle every five days and a
    cooldown of five it misses exactly one list, and one list needs two lists' worth
    of tracks. Reading it as "c days between, neither end counted" would make it miss
    two, and need three.
    """
    return today - left_day >= cooldown_days
