"""Packing: a longer list by search, where exchanges one by one find none.

The list is a packing: each track takes one place from every artist it credits (the
cap is how many an artist has) and one from its recording. Prices on places that add
up to 1 or more for every track bound the length of any list by the price of all
places (linear programming duality). The same prices guide an exact search: a list of
a wanted length can waste no more than the difference, so most tracks are out at once.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from playlists.sampler.arrays import Float64s, Int64s
from playlists.sampler.picks import Picks

PIVOTS_A_KIND = 4
MOST_WORK = 20_000_000
TRIFLE = 1e-7
TOLERANCE = 1e-6

Kinds = tuple[int, ...]


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


def price(places: Places) -> tuple[Float64s, dict[Kinds, float]]:
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
    for _ in range(min(PIVOTS_A_KIND * kinds, MOST_WORK // table.size)):
        entering = int(np.argmin(table[kinds, :-1]))
        if table[kinds, entering] > -TOLERANCE:
            break
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
    """An exact search for a packing of a wanted length, within a number of steps.

    Of tracks that promise the same, `favoured` ones come first.
    """

    def __init__(self, places: Places, favoured: Sequence[bool]) -> None:
        self._kinds_of = places.of_tracks()
        self._free = [t for t, kinds in enumerate(self._kinds_of) if not kinds]
        prices, shares = price(places)
        self._prices: list[float] = prices.tolist()
        self._left: list[int] = places.capacity.tolist()
        self._worth = sum(p * c for p, c in zip(self._prices, self._left, strict=True))
        self._cost = [sum(self._prices[k] for k in kinds) for kinds in self._kinds_of]
        self._tracks_of: dict[int, list[int]] = defaultdict(list)
        by_worth = [
            (round(cost, 6), -shares.get(kinds, 0.0), not favoured[track], track)
            for track, (cost, kinds) in enumerate(
                zip(self._cost, self._kinds_of, strict=True)
            )
        ]
        for *_, track in sorted(by_worth):
            for kind in self._kinds_of[track]:
                self._tracks_of[kind].append(track)
        self._is_out = [False] * len(self._cost)
        self._chosen: list[int] = []
        self._steps = 0

    @property
    def bound(self) -> int:
        """No list of these tracks is longer."""
        return len(self._free) + int(self._worth + TOLERANCE)

    def find(self, count: int, steps: int) -> list[int] | None:
        """Return `count` tracks that fit together, None if none were found."""
        self._steps = steps
        wanted = max(count - len(self._free), 0)
        if count > self.bound or not self._go_on(wanted, self._worth - wanted):
            return None
        return [*self._free, *self._chosen]

    def _go_on(self, wanted: int, waste: float) -> bool:
        """Choose `wanted` more tracks while no more than `waste` is lost."""
        if wanted <= 0:
            return True
        kind, open_tracks = self._tightest(waste)
        if kind is None:
            return False
        tried: list[int] = []
        for track in open_tracks:
            self._steps -= 1
            if self._steps < 0:
                break
            self._take(track)
            if self._go_on(wanted - 1, waste - (self._cost[track] - 1.0)):
                return True
            self._give_back(track)
            self._is_out[track] = True
            tried.append(track)
        found = self._steps >= 0 and self._waste_kind(kind, wanted, waste)
        for track in tried:
            self._is_out[track] = found
        return found

    def _waste_kind(self, kind: int, wanted: int, waste: float) -> bool:
        """Go on without another track of a kind."""
        left, self._left[kind] = self._left[kind], 0
        if self._go_on(wanted, waste - left * self._prices[kind]):
            return True
        self._left[kind] = left
        return False

    def _tightest(self, waste: float) -> tuple[int | None, list[int]]:
        """Return the kind of place that leaves the fewest choices, and the choices."""
        best: int | None = None
        choices: list[int] = []
        if waste < -TOLERANCE:
            return best, choices
        for kind, left in enumerate(self._left):
            if left and self._prices[kind] > 0:
                tracks = [t for t in self._tracks_of[kind] if self._fits(t, waste)]
                if best is None or len(tracks) < len(choices):
                    best, choices = kind, tracks
                if len(tracks) <= 1:
                    break
        return best, choices

    def _fits(self, track: int, waste: float) -> bool:
        if self._is_out[track] or self._cost[track] - 1.0 > waste + TOLERANCE:
            return False
        return all(self._left[kind] for kind in self._kinds_of[track])

    def _take(self, track: int) -> None:
        self._chosen.append(track)
        self._is_out[track] = True
        for kind in self._kinds_of[track]:
            self._left[kind] -= 1

    def _give_back(self, track: int) -> None:
        self._chosen.pop()
        self._is_out[track] = False
        for kind in self._kinds_of[track]:
            self._left[kind] += 1
