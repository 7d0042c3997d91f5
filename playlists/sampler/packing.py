"""Packing: a longer list by search, where exchanges one by one find none.

The list is a packing: each track takes one place from every artist it credits (the
cap is how many an artist has) and one from its recording. Prices on places that add
up to 1 or more for every track bound the length of any list by the price of all
places (linear programming duality). The same prices guide an exact search: a list of
a wanted length can waste no more than the difference, so most tracks are out at once.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import or_

import numpy as np

from playlists.sampler.arrays import Float64s, Int64s
from playlists.sampler.picks import Picks

PIVOTS_A_KIND = 4
MOST_LOOKS = 600
TRIFLE = 1e-7
TOLERANCE = 1e-6

Kinds = tuple[int, ...]


@dataclass
class Budget:
    """How much a draw may still search; it bounds the work, not the time.

    `searches` are begun, `pricing` counts the numbers in the tables of all pivots, and
    `looks` how often all kinds of place are gone through for the tightest.
    """

    searches: int = 4
    pricing: int = 30_000_000
    looks: int = 2_000


@dataclass(frozen=True)
class Places:
    """Which scarce places each track takes: `taken[k]` by track `track[k]`.

    A kind of place is scarce when more tracks want it than `capacity` says.
    """

    track: Int64s
    taken: Int64s
    capacity: Int64s
    track_count: int

    def of_tracks(self) -> list[Kinds]:
        """Return the kinds of place each track takes, ascending."""
        kinds: list[list[int]] = [[] for _ in range(self.track_count)]
        for track, kind in zip(self.track.tolist(), self.taken.tolist(), strict=True):
            kinds[track].append(kind)
        return [tuple(of_track) for of_track in kinds]


def scarce_places(picks: Picks, rows: Sequence[int]) -> Places:
    """Return the scarce places of some rows under the cap and title separation.

    Tracks by the same artists have places in common too, one each: otherwise parts
    of tracks could be counted more than once.
    """
    tracks_of: dict[tuple[str, object], list[int]] = defaultdict(list)
    for track, row in enumerate(rows):
        artists = picks.bins_of(row)
        tracks_of["recording", picks.key_of(row)].append(track)
        tracks_of["same artists", frozenset(artists)].append(track)
        for artist in artists:
            tracks_of["artist", artist].append(track)
    scarce = [
        (tracks, capacity)
        for (what, key), tracks in tracks_of.items()
        if (capacity := _scarce_capacity(what, len(tracks), _cap(picks, key)))
    ]
    return Places(
        track=np.array([t for tracks, _ in scarce for t in tracks], np.int64),
        taken=np.repeat(np.arange(len(scarce)), [len(tracks) for tracks, _ in scarce]),
        capacity=np.array([capacity for _, capacity in scarce], np.int64),
        track_count=len(rows),
    )


def _cap(picks: Picks, key: object) -> int:
    return picks.caps.of(key) if isinstance(key, int) else picks.caps.artist


def _scarce_capacity(what: str, wanted_by: int, cap: int) -> int:
    """Return how many places there are, 0 where they are not scarce."""
    if what == "same artists":
        return wanted_by if wanted_by < cap else 0
    capacity = cap if what == "artist" else 1
    return capacity if wanted_by > capacity else 0


def price(places: Places, budget: Budget) -> tuple[Float64s, dict[Kinds, float]]:
    """Return prices of the kinds of place, and how much of each sort of track to take.

    The prices add up to 1 or more for every track. Both solve the linear programme
    that packs parts of tracks, by the simplex method with the largest gain first.
    Capacities are set apart by a trifle so that no step is idle; that and the bound
    on steps can only make the prices, and so the bound on the list, a little too high.
    """
    columns = sorted({kinds for kinds in places.of_tracks() if kinds})
    count, kinds = len(columns), len(places.capacity)
    table = np.zeros((kinds + 1, count + kinds + 1))
    for number, column in enumerate(columns):
        table[list(column), number] = 1.0
    table[:kinds, count:-1] = np.eye(kinds)
    table[:kinds, -1] = places.capacity + TRIFLE * np.arange(1, kinds + 1)
    table[kinds, :count] = -1.0
    basis = [-1] * kinds
    for _ in range(PIVOTS_A_KIND * kinds):
        entering = int(np.argmin(table[kinds, :-1]))
        if table[kinds, entering] > -TOLERANCE or budget.pricing < 0:
            break
        budget.pricing -= table.size
        basis[_pivot(table, entering)] = entering
    shares = {
        columns[column]: float(table[row, -1])
        for row, column in enumerate(basis)
        if 0 <= column < count
    }
    return _covering(places, np.maximum(table[kinds, count:-1], 0.0)), shares


def _pivot(table: Float64s, entering: int) -> int:
    """Bring a column into the basis, in place; return the row it takes."""
    column = table[:-1, entering]
    ratio = np.full(len(column), np.inf)
    np.divide(table[:-1, -1], column, out=ratio, where=column > TOLERANCE)
    leaving = int(np.argmin(ratio))
    table[leaving] /= table[leaving, entering]
    rest = table[:, entering].copy()
    rest[leaving] = 0.0
    touched = np.flatnonzero(rest)
    table[touched] -= rest[touched, None] * table[leaving]
    return leaving


def _covering(places: Places, prices: Float64s) -> Float64s:
    """Return the prices raised until they add up to 1 for every track."""
    for kinds in filter(None, places.of_tracks()):
        lacking = 1.0 - prices[list(kinds)].sum()
        if lacking > TOLERANCE:
            prices[list(kinds)] += lacking / len(kinds)
    return prices


class Search:
    """An exact search for a packing of a wanted length, as far as the budget goes.

    Of tracks that promise the same, `favoured` ones come first. The tracks stand in
    that order at places 0, 1, 2, …, and sets of them are numbers: bit i for place i.
    """

    def __init__(
        self, places: Places, favoured: Sequence[bool], budget: Budget
    ) -> None:
        kinds_of = places.of_tracks()
        prices, shares = price(places, budget)
        self._left: list[int] = places.capacity.tolist()
        each: list[float] = prices.tolist()
        self._worth = sum(p * c for p, c in zip(each, self._left, strict=True))
        cost = [sum(each[k] for k in kinds) for kinds in kinds_of]
        by_worth = sorted(
            (round(cost[track], 6), -shares.get(kinds, 0.0), not favoured[track], track)
            for track, kinds in enumerate(kinds_of)
        )
        self._track_at = [track for *_, track in by_worth]
        self._kinds_at = [kinds_of[track] for track in self._track_at]
        self._waste_at = [cost[track] - 1.0 for track in self._track_at]
        self._free = [t for t, kinds in enumerate(kinds_of) if not kinds]
        self._mask_of = _masks(self._kinds_at, len(self._left))
        self._price = each
        self._priced = [
            (kind, self._mask_of[kind], one) for kind, one in enumerate(each) if one > 0
        ]
        self._by_waste, self._cheap = _up_to(self._waste_at)
        self._open = (1 << len(kinds_of)) - 1
        self._chosen: list[int] = []
        self._budget, self._looks = budget, 0

    @property
    def bound(self) -> int:
        """No list of these tracks is longer."""
        return len(self._free) + int(self._worth + TOLERANCE)

    def find(self, count: int) -> list[int] | None:
        """Return `count` tracks that fit together, None if none were found."""
        self._looks = min(MOST_LOOKS, self._budget.looks)
        self._budget.looks -= self._looks
        found = self._find(count)
        self._budget.looks += max(self._looks, 0)
        return found

    def _find(self, count: int) -> list[int] | None:
        wanted = max(count - len(self._free), 0)
        if count > self.bound or not self._go_on(wanted, self._worth - wanted):
            return None
        return [*self._free, *(self._track_at[place] for place in self._chosen)]

    def _go_on(self, wanted: int, waste: float) -> bool:
        """Choose `wanted` more tracks while no more than `waste` is lost."""
        if wanted <= 0:
            return True
        left, before = self._left.copy(), self._open
        waste, kind, choices = self._tightest(waste)
        if kind is not None and self._choose(kind, choices, wanted, waste):
            return True
        self._left, self._open = left, before
        return False

    def _choose(self, kind: int, choices: int, wanted: int, waste: float) -> bool:
        """Go on with each of a kind's choices in turn, at last without the kind."""
        untried = self._open
        while choices and self._looks > 0:
            lowest = choices & -choices
            if self._go_on_with(lowest.bit_length() - 1, wanted, waste):
                return True
            choices ^= lowest
            untried ^= lowest
            self._open = untried
        return self._looks > 0 and self._waste_kind(kind, wanted, waste)

    def _go_on_with(self, place: int, wanted: int, waste: float) -> bool:
        """Take the track at a place and go on; give its places back if that fails."""
        self._chosen.append(place)
        self._open &= ~(1 << place)
        for kind in self._kinds_at[place]:
            self._left[kind] -= 1
            if not self._left[kind]:
                self._open &= ~self._mask_of[kind]
        if self._go_on(wanted - 1, waste - self._waste_at[place]):
            return True
        self._chosen.pop()
        for kind in self._kinds_at[place]:
            self._left[kind] += 1
        return False

    def _waste_kind(self, kind: int, wanted: int, waste: float) -> bool:
        """Go on without another track of a kind."""
        left, self._left[kind] = self._left[kind], 0
        self._open &= ~self._mask_of[kind]
        if self._go_on(wanted, waste - left * self._price[kind]):
            return True
        self._left[kind] = left
        return False

    def _tightest(self, waste: float) -> tuple[float, int | None, int]:
        """Return the kind of place that leaves the fewest choices, and the choices.

        Kinds without a choice are wasted first; returns what may still be lost, too.
        """
        is_new = True
        while is_new and waste >= -TOLERANCE:
            self._looks -= 1
            best, choices, fewest, is_new = None, 0, len(self._track_at) + 1, False
            within = self._cheap[bisect_right(self._by_waste, waste + TOLERANCE)]
            fitting = self._open & within
            for kind, mask, price in self._priced:
                if left := self._left[kind]:
                    tracks = fitting & mask
                    count = tracks.bit_count()
                    if not count:
                        waste, self._left[kind], is_new = waste - left * price, 0, True
                    elif count < fewest:
                        best, choices, fewest = kind, tracks, count
        return (waste, None, 0) if waste < -TOLERANCE else (waste, best, choices)


def _masks(kinds_at: Sequence[Kinds], kind_count: int) -> list[int]:
    """Return for each kind the places whose tracks take one of it."""
    masks = [0] * kind_count
    for place, kinds in enumerate(kinds_at):
        for kind in kinds:
            masks[kind] |= 1 << place
    return masks


def _up_to(waste_at: Sequence[float]) -> tuple[list[float], list[int]]:
    """Return what places waste, ascending, and the first 0, 1, 2, … as masks."""
    order = sorted(range(len(waste_at)), key=lambda place: waste_at[place])
    masks = accumulate((1 << place for place in order), or_, initial=0)
    return [waste_at[place] for place in order], list(masks)
