"""Supply: how many lists, no two with a recording in common, a library can hold.

While a list is drawn, others keep their recordings away: the lists that stand, and
those that left within the rest. What is left of an artist with n recordings is taken
to be binomial, as draws are random, and a list may take no more of it than the cap.
So the places that the last of many lists still finds are known in the mean, and the
count of lists is the largest at which they are enough.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from playlists.sampler.arrays import Float64s, Int64s
from playlists.sampler.credits import CreditTable
from playlists.sampler.library import Library
from playlists.sampler.pool import passing
from playlists.sampler.rules import Rules

CAUTION = 1.5
"""Standard deviations by which the last list must find more than it needs."""
ALMOST_ALL = 1.0 - 1e-12
STEPS = 60
WIDEST = 128
"""Above the largest cap, so that a class of recordings has one number."""


@dataclass(frozen=True)
class Supply:
    """What may be drawn under some rules, counted by how scarce its places are.

    Each recording counts once, with the artist, album or song that keeps most of it
    out: `wanted_by` recordings share `places` in one list. `count` recordings are
    alike in both. `artists` counts those credited, `albums` those they stand on.
    """

    recordings: int
    artists: int
    albums: int
    wanted_by: Int64s
    places: Int64s
    count: Int64s

    @classmethod
    def of(cls, library: Library, rules: Rules) -> Self:
        """Count what passes the filters, in time linear in the library."""
        rows = np.flatnonzero(passing(library, rules))
        rows = rows[np.unique(library.recording_ids[rows], return_index=True)[1]]
        wanted_by, places = np.ones(len(rows), np.int64), np.ones(len(rows), np.int64)
        credits = library.credit_table(primary_only=rules.primary_only)
        most, artists = _most_shared(credits, rows)
        _tighten(wanted_by, places, most, rules.artist_cap)
        if rules.album_cap is not None:
            shared = _shared(library.album_ids[rows])
            _tighten(wanted_by, places, shared, rules.album_cap)
        if rules.same_song:
            songs = library.sameness(rules.same_song).keys[rows]
            _tighten(wanted_by, places, _shared(songs), 1)
        classes, count = np.unique(wanted_by * WIDEST + places, return_counts=True)
        albums = len(np.unique(library.album_ids[rows]))
        wanted_by, places = classes // WIDEST, classes % WIDEST
        return cls(len(rows), artists, albums, wanted_by, places, count)

    def admissible(self, lists: int) -> int:
        """Return how many recordings so many lists together have places for."""
        return int(self._share(float(lists)) @ self.count + 1e-9)

    def most_lists(self, size: int, *, taken: float = 0.0) -> int:
        """Return how many full lists can be without one recording in common.

        `taken` is the share of the recordings (0 to 1) that lists of other rules
        keep away.
        """
        low, high = 0, self.recordings // size
        used = self._used_by_a_list(size, 1.0)
        while low < high:
            middle = (low + high + 1) // 2
            if self._holds(used, size, middle, taken=taken):
                low = middle
            else:
                high = middle - 1
        return low

    def holds(
        self, size: int, lists: float, *, taken: float = 0.0, growth: float = 1.0
    ) -> bool:
        """Tell whether so many lists of a size can be without a recording in common.

        `growth` 2 asks the same of a library of twice as many artists.
        """
        used = self._used_by_a_list(size, growth)
        return self._holds(used, size, lists, taken=taken, growth=growth)

    def _holds(
        self,
        used: Float64s,
        size: int,
        lists: float,
        *,
        taken: float,
        growth: float = 1.0,
    ) -> bool:
        if lists * size > self.recordings * growth:
            return False
        free = np.clip(1.0 - (lists - 1) * used - taken, 0.0, ALMOST_ALL)
        mean, variance = _capped_binomial(self.wanted_by, self.places, free)
        alike = growth * self.count / self.wanted_by
        spread = float(np.sqrt(alike @ variance))
        return float(alike @ mean) - CAUTION * spread + 1e-6 >= size

    def growth_for(
        self, size: int, lists: float, *, taken: float = 0.0, most: float = 1024.0
    ) -> float | None:
        """Return how many times as many artists would do; None beyond `most`."""
        if not self.recordings:
            return None
        low, high = 1.0, 1.0
        while not self.holds(size, lists, taken=taken, growth=high):
            low, high = high, 2 * high
            if high > most:
                return None
        for _ in range(12):
            middle = (low + high) / 2
            if self.holds(size, lists, taken=taken, growth=middle):
                high = middle
            else:
                low = middle
        return high

    def _share(self, lists: float) -> Float64s:
        """Return which share of each class so many lists have places for."""
        share: Float64s = np.minimum(1.0, lists * self.places / self.wanted_by)
        return share

    def _used_by_a_list(self, size: int, growth: float) -> Float64s:
        """Return the share of each class that one list takes: alike, up to the cap."""
        low, high = 0.0, 1.0
        for _ in range(STEPS):
            middle = (low + high) / 2
            used = np.minimum(self._share(1.0), middle)
            if growth * float(used @ self.count) < size:
                low = middle
            else:
                high = middle
        return np.minimum(self._share(1.0), high)


def _capped_binomial(
    n: Int64s, cap: Int64s, free: Float64s
) -> tuple[Float64s, Float64s]:
    """Return mean and variance of min(cap, X), X binomial of n trials."""
    mean, variance = n * free, n * free * (1.0 - free)
    for one in np.unique(cap[cap < n]).tolist():
        at = np.flatnonzero((cap == one) & (cap < n))
        mean[at], variance[at] = _capped(n[at], one, free[at])
    return mean, variance


def _capped(n: Int64s, cap: int, free: Float64s) -> tuple[Float64s, Float64s]:
    """Sum P(X > j) and (2j + 1) P(X > j) over j below the cap."""
    odds = free / (1.0 - free)
    chance = (1.0 - free) ** n
    above = 1.0 - chance
    mean, square = above.copy(), above.copy()
    for j in range(1, cap):
        chance = chance * (n - j + 1) / j * odds
        above = above - chance
        mean += above
        square += (2 * j + 1) * above
    return mean, np.maximum(square - mean**2, 0.0)


def _most_shared(credits: CreditTable, rows: Int64s) -> tuple[Int64s, int]:
    """Return for each row the recordings of its busiest artist, and all artists."""
    most = np.ones(len(rows), np.int64)
    lengths = credits.lengths[rows]
    flat = credits.flat(rows)
    if not len(flat):
        return most, 0
    ids, place, counts = np.unique(flat, return_inverse=True, return_counts=True)
    starts = np.cumsum(lengths) - lengths
    credited = lengths > 0
    most[credited] = np.maximum.reduceat(counts[place], starts[credited])
    return most, len(ids)


def _shared(keys: Int64s) -> Int64s:
    """Return for each key how often it comes."""
    _, place, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return counts[place]


def _tighten(wanted_by: Int64s, places: Int64s, shared: Int64s, limit: int) -> None:
    """Put in place what keeps more of a recording out than what stood there."""
    tighter = shared * places > wanted_by * limit
    wanted_by[tighter], places[tighter] = shared[tighter], limit
