"""Rest: when a recording that stood in the list may come back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Self, TypeVar

import numpy as np

from playlists.sampler.arrays import Flags, Int32s, Int64s, ranges
from playlists.sampler.library import Library

SECONDS_A_DAY = 86_400
NEVER = -1

Days = TypeVar("Days", int, Int64s)


@dataclass(frozen=True, eq=False)
class Played:
    """Tracks that stand or stood in the list, by id, and the day each left it.

    The day is -1 (`NEVER`) for what stands there. An id may come several times.
    """

    track_ids: Int64s
    days: Int64s


@dataclass(frozen=True)
class Standing:
    """A place of the list that stands: its track, position from 1, lists in a row."""

    track: int
    position: int
    lists: int = 1


@dataclass(frozen=True)
class Resting:
    """What must rest, by recording.

    `current` are the recordings of the playlist's current or planned list; `left`
    says on which day (days since 1970-01-01 UTC) a recording last left it.
    `elsewhere` says the same of the other lists within the scope of the rest; what
    stands in one of them leaves today. `played` says the same as `current` and `left`
    of tracks by their ids; those that the library does not hold are passed over.
    `today` is the day of the draw. `standing` are the places of the list that stands;
    they are needed where some of them stay.
    """

    today: int
    current: Collection[int] = ()
    left: Mapping[int, int] = field(default_factory=dict)
    elsewhere: Mapping[int, int] = field(default_factory=dict)
    played: Played | None = None
    standing: tuple[Standing, ...] = ()


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
        rows, days = _rows_by_recording(library, resting)
        if resting.played is not None:
            more_rows, more_days = _rows_by_track(library, resting.played)
            rows = np.concatenate((rows, more_rows))
            days = np.concatenate((days, more_days))
        order = np.argsort(rows, kind="stable")
        rows, days = rows[order], days[order]
        first = np.flatnonzero(rows[1:] != rows[:-1]) + 1
        first = np.concatenate((np.zeros(min(len(rows), 1), np.int64), first))
        return cls(
            rows=rows[first],
            left_day=np.maximum.reduceat(days, first) if len(first) else rows,
            standing=(np.minimum.reduceat(days, first) if len(first) else rows)
            == NEVER,
            today=resting.today,
        )

    def barred(self, cooldown_days: int, *, own_only: bool = False) -> Int64s:
        """Return, ascending, the rows that may not be drawn under a cooldown.

        With `own_only` the rest of other lists does not count.
        """
        if cooldown_days == 0:
            return self.rows[:0]
        rows, opens = self._own_opens if own_only else self._opens
        return rows[opens < cooldown_days]

    def opened(self, before: int, after: int, *, own_only: bool = False) -> Int64s:
        """Return, ascending, the rows that may be drawn once a cooldown is shorter."""
        rows, opens = self._own_opening if own_only else self._opening
        first, last = np.searchsorted(opens, (after, before))
        return np.sort(rows[first:last])

    @cached_property
    def _own_opens(self) -> tuple[Int64s, Int64s]:
        """The rows, and beside each the longest cooldown under which it is open.

        `first_day_back` solved for the cooldown; -1 for what stands in the list.
        """
        opens = self.today - self.left_day
        opens[self.standing] = NEVER
        return self.rows, opens

    @cached_property
    def _opens(self) -> tuple[Int64s, Int64s]:
        """The same where the rest of other lists counts too."""
        if self.elsewhere is None:
            return self._own_opens
        (own, opens), (others, open_there) = self._own_opens, self.elsewhere._opens
        rows, opens = np.concatenate((own, others)), np.concatenate((opens, open_there))
        order = np.argsort(rows, kind="stable")
        rows, opens = rows[order], opens[order]
        first = np.flatnonzero(np.diff(rows, prepend=NEVER))
        return rows[first], np.minimum.reduceat(opens, first) if len(first) else opens

    @cached_property
    def _own_opening(self) -> tuple[Int64s, Int64s]:
        return _by_opening(*self._own_opens)

    @cached_property
    def _opening(self) -> tuple[Int64s, Int64s]:
        return _by_opening(*self._opens)

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

    def meet(self, rows: Int64s | Int32s) -> tuple[Int64s, Int64s]:
        """Return the places of those of `rows` that it knows, and its own of these."""
        if not len(self.rows):
            return self.rows, self.rows
        own = self.rows.searchsorted(rows)
        met = np.flatnonzero(self.rows.take(own, mode="clip") == rows)
        return met, own[met]

    def bars(self, own: Int64s, cooldown_days: int) -> Flags:
        """Tell which of its rows, by their places, may not be drawn under a cooldown.

        The rest of other lists does not count.
        """
        if cooldown_days == 0:
            return np.zeros(len(own), np.bool_)
        opens: Flags = first_day_back(self.left_day[own], cooldown_days) > self.today
        return opens | self.standing[own]

    def left_days(self, rows: Int64s | Int32s) -> Int64s:
        """Return on which day each of `rows` last left, -1 where it never did."""
        met, own = self.meet(rows)
        left = np.full(len(rows), NEVER, np.int64)
        left[met] = self.left_day[own]
        return left


def _by_opening(rows: Int64s, opens: Int64s) -> tuple[Int64s, Int64s]:
    """Return rows in the order in which shorter cooldowns open them, latest first."""
    order = np.argsort(opens, kind="stable")
    return rows[order], opens[order]


def _rows_by_recording(library: Library, resting: Resting) -> tuple[Int64s, Int64s]:
    """Return the rows of recordings, and beside each the day it left."""
    current, left = resting.current, resting.left
    if not current and not left:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    recordings = np.array([*current, *left], np.int64)
    days = np.array([*[NEVER] * len(current), *left.values()], np.int64)
    return _spread(library, recordings, days)


def _rows_by_track(library: Library, played: Played) -> tuple[Int64s, Int64s]:
    """Return the rows of tracks and of their other releases, and the day each left."""
    rows = library.rows_of(played.track_ids)
    is_here = rows >= 0
    rows, days = rows[is_here], played.days[is_here]
    again = library.is_released_again[rows]
    if not again.any():
        return rows, days
    recordings = library.recording_ids[rows[again]]
    others, days_of_others = _spread(library, recordings, days[again])
    return np.concatenate((rows, others)), np.concatenate((days, days_of_others))


def _spread(
    library: Library, recordings: Int64s, days: Int64s
) -> tuple[Int64s, Int64s]:
    """Return every row of some recordings, and beside each its recording's day."""
    start, stop = library.by_recording.spans(recordings)
    rows = library.by_recording.rows[ranges(start, stop)].astype(np.int64)
    return rows, np.repeat(days, stop - start)
