"""Who is credited where: rows by what they belong to, and what belongs to each row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from playlists.sampler.arrays import Flags, Int32s, Int64s, ranges

CROWD = 64
"""Of more credits than these on a track none is copied before it is needed."""


@dataclass(frozen=True)
class Groups:
    """Rows grouped by a key: finds every row of some keys without a scan."""

    sorted_keys: Int64s
    rows: Int32s

    @classmethod
    def of(cls, keys: Int64s, rows: Int64s | Int32s) -> Self:
        """Group `rows[i]`, ascending, under `keys[i]`; a row may have several keys.

        Sorting small keys and rows as one number is quicker than ordering by keys.
        """
        if len(keys) and keys.min() >= -(1 << 31) and keys.max() < 1 << 31:
            pairs = np.left_shift(keys, 32, dtype=np.int64)
            pairs |= rows
            pairs.sort()
            rows = pairs.astype(np.int32)
            pairs >>= 32
            return cls(pairs, rows)
        order = np.argsort(keys, kind="stable")
        return cls(keys[order], rows.astype(np.int32, copy=False)[order])

    def spans(self, keys: Int64s) -> tuple[Int64s, Int64s]:
        """Return where in `rows` those of each key start and stop."""
        start = np.searchsorted(self.sorted_keys, keys, side="left")
        stop = np.searchsorted(self.sorted_keys, keys, side="right")
        return start, stop

    def most_of_one(self, marked: Flags) -> int:
        """Return how many of the marked rows stand under the key that has the most."""
        keys, rows = self.sorted_keys, self.rows
        counts = marked[rows]
        counts[1:] &= (keys[1:] != keys[:-1]) | (rows[1:] != rows[:-1])
        starts = np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1))
        sums = np.add.reduceat(counts, starts, dtype=np.int64)
        return int(sums.max(initial=0))

    def find(self, keys: Int64s) -> Int64s:
        """Return the rows under all of `keys`; a row may come more than once."""
        return self.rows[ranges(*self.spans(keys))].astype(np.int64)


@dataclass(frozen=True)
class CreditTable:
    """Which artists count for each row: `artist_ids[offsets[i]:offsets[i + 1]]`."""

    offsets: Int64s
    artist_ids: Int64s
    by_artist: Groups | None = None

    def of(self, row: int) -> list[int]:
        """Return the artists that count for one row, each once, in order."""
        ids = self.artist_ids[self.offsets[row] : self.offsets[row + 1]].tolist()
        return ids if len(ids) < 2 else list(dict.fromkeys(ids))

    def each(self, rows: Int64s | Int32s) -> Iterable[Sequence[int]]:
        """Return the artists that count for each of some rows, as `of` returns them."""
        starts = self.offsets[rows]
        counts = self.offsets[rows + 1] - starts
        most = counts.max(initial=0)
        if most == 0 or most > CROWD:
            return map(self._crowd, rows.tolist())
        firsts = self.artist_ids.take(starts, mode="clip").tolist()
        seconds = self.artist_ids.take(starts + 1, mode="clip").tolist()
        several = self._several
        return [
            (first,)
            if count == 1
            else (first, second)
            if count == 2 and first != second
            else several(start, start + count)
            for first, second, start, count in zip(
                firsts, seconds, starts.tolist(), counts.tolist(), strict=True
            )
        ]

    def _several(self, start: int, stop: int) -> list[int]:
        return list(dict.fromkeys(self.artist_ids[start:stop].tolist()))

    def _crowd(self, row: int) -> Sequence[int]:
        """Return what `of` returns, without a copy of many artists."""
        if self.has_repeats:
            return self.of(row)
        crowd: Sequence[int] = self._view[self.offsets[row] : self.offsets[row + 1]]
        return crowd

    @cached_property
    def _view(self) -> memoryview:
        return np.ascontiguousarray(self.artist_ids).data

    @cached_property
    def has_repeats(self) -> bool:
        """Whether any row credits an artist twice."""
        rows = np.repeat(np.arange(len(self.offsets) - 1), self.lengths)
        pairs = np.sort(rows << 32 | self.artist_ids & 0xFFFFFFFF)
        return bool((pairs[1:] == pairs[:-1]).any())

    @cached_property
    def lengths(self) -> Int64s:
        """How many credits each row has."""
        return np.diff(self.offsets)

    def flat(self, rows: Int64s) -> Int64s:
        """Return the credits of some rows, one row's after the other's."""
        return self.artist_ids[ranges(self.offsets[rows], self.offsets[rows + 1])]

    def rows_of(self, artist_ids: Int64s) -> Int64s:
        """Return the rows that credit any of the artists; a row may come twice."""
        return self._by_artist.find(artist_ids)

    def spans_of(self, artist_ids: Int64s) -> tuple[Int64s, Int64s]:
        """Return where in `rows_of` of all artists those of each start and stop."""
        return self._by_artist.spans(artist_ids)

    def most_of_one(self, marked: Flags) -> int:
        """Return how many of the marked rows the artist credits that has the most."""
        return self._by_artist.most_of_one(marked)

    @cached_property
    def _by_artist(self) -> Groups:
        if self.by_artist is not None:
            return self.by_artist
        every_row = np.arange(len(self.offsets) - 1, dtype=np.int32)
        rows = np.repeat(every_row, np.diff(self.offsets))
        return Groups.of(self.artist_ids, rows)

    @cached_property
    def signatures(self) -> npt.NDArray[np.uint64]:
        """One number a row, equal for rows that credit the same artists."""
        mixed = self.artist_ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(32)
        sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum(mixed)))
        signatures: npt.NDArray[np.uint64] = (
            sums[self.offsets[1:]] - sums[self.offsets[:-1]]
        )
        return signatures


@dataclass(frozen=True)
class Sameness:
    """Rows that must not stand together: those of one key, and where they are."""

    keys: Int64s
    groups: Groups


def album_bin(album_ids: Int64s) -> Int64s:
    """Return albums as numbers below 0, so that they can stand beside artists."""
    return -1 - album_ids
