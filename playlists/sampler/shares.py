"""Shares: places of a list that are kept for the tracks of a collection.

A list keeps the shares when every track has a place of its own: one that is kept for
a collection it belongs to, or a free one. By Hall's theorem (1935) that is so when,
for every set of shares, no more tracks belong to none of their collections than the
list has places beside theirs. So the shares are caps on those outside, and one
look-up by what a track belongs to tells whether it may join.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from playlists.sampler.arrays import Flags, Int32s, Int64s
from playlists.sampler.filters import RulesError

MOST_SHARES = 4
OUTSIDE = -(1 << 62)
"""Numbers from here down stand for the tracks outside a set of shares."""

Members = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Share:
    """At least `percent` of the places for tracks of a collection, by its number.

    :raises RulesError: when the percentage is out of range.
    """

    collection: int
    percent: int

    def __post_init__(self) -> None:
        if not 1 <= self.percent <= 100:
            raise RulesError(f"A share is 1 to 100 %, not {self.percent} %.")

    def places(self, size: int) -> int:
        """Return how many of `size` places it keeps, rounded down."""
        return size * self.percent // 100


def check_shares(shares: Sequence[Share]) -> None:
    """Refuse shares that no list can keep.

    :raises RulesError: when there are too many, one collection has two, or they add
        up to more than the whole.
    """
    if len(shares) > MOST_SHARES:
        raise RulesError(f"At most {MOST_SHARES} shares are possible.")
    if len({share.collection for share in shares}) < len(shares):
        raise RulesError("A collection has two shares: give it one.")
    total = sum(share.percent for share in shares)
    if total > 100:
        raise RulesError(f"The shares add up to {total} %, which is more than 100 %.")


def members_of(
    shares: Sequence[Share], rows_of: Mapping[int, Int64s], count: int
) -> Members:
    """Return for each of `count` rows which shares it belongs to: bit i for share i."""
    members = np.zeros(count, np.uint8)
    for bit, share in enumerate(shares):
        if share.collection in rows_of:
            members[rows_of[share.collection]] |= np.uint8(1 << bit)
    return members


class Room:
    """The places of a list, some kept for shares, and what is taken of them."""

    def __init__(self, members: Members, kept: Sequence[int], size: int) -> None:
        self._members = members
        sets = range(1 << len(kept))
        self._left = [size - sum(_of(kept, chosen)) for chosen in sets]
        self._outside = [[s for s in sets if not s & belongs] for belongs in sets]
        self.caps = tuple(self._left)

    def take(self, rows: Iterable[int]) -> None:
        """Count rows that have a place."""
        for row in rows:
            for chosen in self._outside[self._members[row]]:
                self._left[chosen] -= 1

    def is_open(self, row: int) -> bool:
        """Tell whether there is a place left for a row."""
        return self._is_open(int(self._members[row]))

    def open_rows(self, rows: Int64s | Int32s) -> Flags:
        """Tell of each of some rows whether there is a place left for it."""
        return self._open_kinds().take(self._members[rows])

    def closed_rows(self) -> Int64s:
        """Return the rows for which every place that is left is not meant."""
        return np.flatnonzero(~self._open_kinds().take(self._members))

    def _open_kinds(self) -> Flags:
        return np.array([self._is_open(belongs) for belongs in range(len(self._left))])

    def kinds(self, rows: Int64s) -> npt.NDArray[np.uint64]:
        """Return a number for each of some rows, equal where the shares are."""
        return self._members[rows].astype(np.uint64)

    def bins_of(self, row: int) -> list[int]:
        """Return the caps that a row counts for, as numbers from `OUTSIDE` down."""
        return [OUTSIDE - chosen for chosen in self._outside[self._members[row]]][1:]

    def _is_open(self, belongs: int) -> bool:
        return all(self._left[chosen] > 0 for chosen in self._outside[belongs])


def _of(kept: Sequence[int], chosen: int) -> list[int]:
    return [places for bit, places in enumerate(kept) if chosen >> bit & 1]


def kept_places(members: Members, rows: Sequence[int], kept: Sequence[int]) -> int:
    """Return how many of the kept places tracks of their collections can take.

    The smallest cut between tracks and shares, which is the largest flow.
    """
    belongs = members[np.array(rows, np.int64)]
    sets = range(1 << len(kept))
    return min(
        sum(kept) - sum(_of(kept, chosen)) + int(np.count_nonzero(belongs & chosen))
        for chosen in sets
    )
