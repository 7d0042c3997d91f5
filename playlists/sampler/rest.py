"""Rest: when a recording that stood in the list may come back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Self, TypeVar

import numpy as np

from playlists.sampler.arrays import Flags, Int32s, Int64s, contains, ranges
from playlists.sampler.library import Library

SECONDS_A_DAY = 86_400
NEVER = -1

Days = TypeVar("Days", int, Int64s)


@dataclass(frozen=True)
class Resting:
    """What must rest, by recording.

    `current` are the recordings of the playlist's current or planned list; `left`
    says on which day (days since 1970-01-01 UTC) a recording last left it.
    `elsewhere` says the same of the other lists within the scope of the rest; what
    stands in one of them leaves today. `today` is the day of the draw.
    """

    today: int
    current: Collection[int] = ()
    left: Mapping[int, int] = field(default_factory=dict)
    elsewhere: Mapping[int, int] = field(default_factory=dict)


def day_of(moment: datetime) -> int:
    """Return the calendar day of a moment in UTC, as days since 1970-01-01."""
    return int(moment.astimezone(UTC).timestamp() // SECONDS_A_DAY)


def first_day_back(left_day: Days, cooldown_days: int) -> Days:
    """Return the first day on which what left on `left_day` may be drawn again.

    Days are calendar days in UTC, whatever the hour, so several reshuffles on one
    day count as that day. A cooldown of c opens again on day D + c: with a reshuffle
    every five days and a cooldown of five a recording misses exactly one list, and a
    playlist needs two lists' worth of tracks. Counting c days that lie wholly between
    the two, neither end included, would make it miss two and need three.
    """
    return left_day + cooldown_days


@dataclass(frozen=True)
class RestTable:
    """The rows of a library whose recording stands or stood in the list.

    `rows` ascend; beside each, `left_day` (-1 where it never left) and whether it
    is `standing` in the current or planned list.
    """

    rows: Int64s
    left_day: Int64s
    standing: Flags
    today: int
    elsewhere: "RestTable | None" = None

    @classmethod
    def of(cls, library: Library, resting: Resting) -> Self:
        """Look up the rows of every resting recording."""
        own = cls._of_lists(library, resting)
        if not resting.elsewhere:
            return own
        others = Resting(resting.today, left=resting.elsewhere)
        return replace(own, elsewhere=cls._of_lists(library, others))

    @classmethod
    def _of_lists(cls, library: Library, resting: Resting) -> Self:
        recordings = np.array([*resting.current, *resting.left], np.int64)
        current = len(resting.current)
        start, stop = library.by_recording.spans(recordings)
        rows = library.by_recording.rows[ranges(start, stop)].astype(np.int64)
        index = np.repeat(np.arange(len(recordings)), stop - start)
        days = np.array([*[NEVER] * current, *resting.left.values()], np.int64)
        order = np.lexsort((index, rows))
        rows, index = rows[order], index[order]
        first = np.flatnonzero(np.diff(rows, prepend=-1))
        return cls(
            rows=rows[first],
            left_day=np.maximum.reduceat(days[index], first) if len(first) else rows,
            standing=index[first] < current,
            today=resting.today,
        )

    def barred(self, cooldown_days: int, *, own_only: bool = False) -> Int64s:
        """Return, ascending, the rows that may not be drawn under a cooldown.

        With `own_only` the rest of other lists does not count.
        """
        if cooldown_days == 0:
            return self.rows[:0]
        back = first_day_back(self.left_day, cooldown_days)
        own = self.rows[self.standing | (self.has_left & (self.today < back))]
        if self.elsewhere is None or own_only:
            return own
        return np.union1d(own, self.elsewhere.barred(cooldown_days))

    def days_away(self) -> Int64s:
        """Return for how many days each row that has left is away, here or elsewhere."""
        own = (self.today - self.left_day)[self.has_left & ~self.standing]
        if self.elsewhere is None:
            return own
        return np.concatenate((own, self.elsewhere.days_away()))

    @property
    def has_left(self) -> Flags:
        """Tell which rows have ever left the list."""
        has_left: Flags = self.left_day != NEVER
        return has_left

    def left_days(self, rows: Int64s | Int32s) -> Int64s:
        """Return on which day each of `rows` last left, -1 where it never did."""
        place = np.searchsorted(self.rows, rows)
        found = contains(self.rows, rows)
        days = np.full(len(rows), NEVER, np.int64)
        days[found] = self.left_day[place[found]]
        return days
