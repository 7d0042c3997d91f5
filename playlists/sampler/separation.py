"""Artist separation: what an order can reach, what it reaches, and how to spread.

Tracks are numbered 0..n-1 here; `credits[i]` are the artists that count for track i.
A gap is the number of positions from one track to the next by the same artist.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cached_property
from itertools import chain

import numpy as np

from playlists.sampler.arrays import Flags, Int64s

Credits = Sequence[Sequence[int]]

MANY = 5_000
"""From so many credits on they are compared as columns."""


class Repeated(list[list[int]]):
    """Credits of tracks by artists who stand more than once, see `repeated`."""

    @cached_property
    def table(self) -> Flags:
        """Flags by track and artist; the artists in the order of their ids."""
        return _incidence(self)

    @cached_property
    def shares(self) -> Flags:
        """What `sharing` returns; not to be written to."""
        shares = _sharing(self.table)
        shares.flags.writeable = False
        return shares

    @cached_property
    def pairs(self) -> tuple[Int64s, Int64s]:
        """What `pairs` returns."""
        first, second = np.nonzero(self.shares)
        is_first = first < second
        return first[is_first], second[is_first]


def repeated(credits: Credits) -> Repeated:
    """Return the credits of those artists alone that keep tracks apart.

    An artist who stands once keeps nothing apart, and of several who stand on the very
    same tracks one is enough.
    """
    if sum(map(len, credits)) >= MANY:
        return _repeated_of_many(credits)
    tracks_of: dict[int, list[int]] = defaultdict(list)
    for track, artists in enumerate(credits):
        for artist in artists:
            tracks_of[artist].append(track)
    of_tracks: dict[tuple[int, ...], int] = {}
    for artist, tracks in tracks_of.items():
        if len(tracks) > 1:
            alike = tuple(tracks)
            of_tracks[alike] = max(artist, of_tracks.get(alike, artist))
    kept = set(of_tracks.values())
    return Repeated([a for a in artists if a in kept] for artists in credits)


def _repeated_of_many(credits: Credits) -> Repeated:
    """Return what `repeated` does by columns, which is quicker for many credits."""
    lengths = [len(artists) for artists in credits]
    flat = np.fromiter(chain.from_iterable(credits), np.int64, sum(lengths))
    names, place = _numbered(flat)
    table = np.zeros((len(credits), len(names)), np.bool_)
    table[np.repeat(np.arange(len(credits)), lengths), place] = True
    places = np.flatnonzero(np.count_nonzero(table, axis=0) > 1)[::-1]
    packed = np.ascontiguousarray(np.packbits(table[:, places], axis=0).T)
    alike = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    kept = np.sort(places[np.unique(alike, return_index=True)[1]])
    names, table = names[kept], table[:, kept]
    found = Repeated(names[on_track].tolist() for on_track in table)
    found.table = table
    return found


def _numbered(values: Int64s) -> tuple[Int64s, Int64s]:
    """Return the distinct values in order, and each one's place among them.

    Where they lie close together, a table of all between is quicker than sorting.
    """
    first = int(values.min())
    reach = int(values.max()) - first + 1
    if reach > MANY + len(values):
        return np.unique(values, return_inverse=True)
    is_there = np.zeros(reach, np.bool_)
    is_there[values - first] = True
    places = np.cumsum(is_there) - 1
    return np.flatnonzero(is_there) + first, places[values - first]


def best_gap(credits: Credits) -> int | None:
    """Return a bound on the smallest gap of any order, None if no artist stands twice.

    With n places and c artists that stand most often, m times each, it is
    (n - c) // (m - 1), reached by `spread` where each track credits one artist.
    """
    counts = np.count_nonzero(incidence(credits), axis=0)
    most = int(counts.max(initial=0))
    if most < 2:
        return None
    leaders = int(np.count_nonzero(counts == most))
    return max(1, (len(credits) - leaders) // (most - 1))


def smallest_gap(order: Sequence[int], credits: Credits) -> int | None:
    """Return the smallest gap of an order, None if no artist stands twice."""
    if isinstance(credits, Repeated) and len(order) == len(credits):
        positions = np.argsort(np.asarray(order))
        first, second = credits.pairs
        apart = np.abs(positions[first] - positions[second])
        return int(apart.min()) if len(apart) else None
    last: dict[int, int] = {}
    gaps = []
    for position, track in enumerate(order):
        for artist in credits[track]:
            if artist in last:
                gaps.append(position - last[artist])
            last[artist] = position
    return min(gaps, default=None)


def sharing(credits: Credits) -> Flags:
    """Tell for each pair of tracks whether they share an artist."""
    if isinstance(credits, Repeated):
        return credits.shares
    return _sharing(_incidence(credits))


def pairs(credits: Credits) -> tuple[Int64s, Int64s]:
    """Return the pairs of tracks that share an artist, each once, in two columns."""
    if isinstance(credits, Repeated):
        return credits.pairs
    first, second = np.nonzero(np.triu(sharing(credits)))
    return first, second


def incidence(credits: Credits) -> Flags:
    """Tell for each track and artist, these in the order of their ids, who is on it."""
    return credits.table if isinstance(credits, Repeated) else _incidence(credits)


def _incidence(credits: Credits) -> Flags:
    names = sorted(set(chain.from_iterable(credits)))
    place = {artist: number for number, artist in enumerate(names)}
    table = np.zeros((len(credits), len(names)), np.bool_)
    tracks = [track for track, artists in enumerate(credits) for _ in artists]
    table[tracks, [place[artist] for artist in chain.from_iterable(credits)]] = True
    return table


def _sharing(table: Flags) -> Flags:
    """Compare the tracks by bits, eight artists a byte."""
    packed = np.packbits(table, axis=1)
    shares = np.array([(packed & one).any(axis=1) for one in packed], np.bool_)
    shares = shares.reshape(len(table), len(table))
    np.fill_diagonal(shares, val=False)
    return shares


def spread(credits: Credits, shuffled: Sequence[int]) -> list[int]:
    """Order tracks so that artists stand as far apart as they can.

    Frames: one fewer than the most frequent artists have tracks; these open every
    frame and close the list, all others are dealt frame after frame, artist by
    artist. `shuffled` is a random order of the tracks; it decides all ties. A track
    by several artists goes by the most frequent of them.
    """
    groups = sorted(_groups(credits, shuffled), key=len, reverse=True)
    most = len(groups[0]) if groups else 0
    if most < 2:
        return list(shuffled)
    frames: list[list[int]] = [[] for _ in range(most - 1)]
    leaders = [group for group in groups if len(group) == most]
    for group in leaders:
        for frame, track in zip(frames, group, strict=False):
            frame.append(track)
    others = [track for group in groups[len(leaders) :] for track in group]
    for place, track in enumerate(others):
        frames[place % len(frames)].append(track)
    opened = [track for frame in frames for track in frame]
    return opened + [group[-1] for group in leaders]


def _groups(credits: Credits, shuffled: Sequence[int]) -> list[list[int]]:
    """Group tracks by their most frequent artist, in the shuffled order."""
    leaders = _leaders(credits)
    groups: dict[tuple[str, int], list[int]] = defaultdict(list)
    for track in shuffled:
        leader = leaders[track]
        key = ("track", track) if leader is None else ("artist", leader)
        groups[key].append(track)
    return list(groups.values())


def _leaders(credits: Credits) -> list[int | None]:
    """Return each track's artist who has the most tracks, of equals the last by id."""
    if isinstance(credits, Repeated) and credits.table.size >= MANY:
        return _leading_columns(credits.table)
    counts = Counter(artist for artists in credits for artist in artists)
    return [
        max(artists, key=lambda artist: (counts[artist], artist))
        if len(artists) > 1
        else next(iter(artists), None)
        for artists in credits
    ]


def _leading_columns(table: Flags) -> list[int | None]:
    """Return what `_leaders` does by columns, as the columns' numbers."""
    ranked = np.argsort(np.count_nonzero(table, axis=0), kind="stable")
    rank = np.empty(len(ranked), np.int64)
    rank[ranked] = np.arange(len(ranked))
    best = [int(rank[on_track].max(initial=-1)) for on_track in table]
    return [int(ranked[one]) if one >= 0 else None for one in best]


def needed_places(left: Int64s, gap: int) -> list[tuple[int, int]]:
    """Return the levels r > 1 that artists have left, and the places each needs.

    Artists who have r tracks left or more need (r - 1) gaps and a place each. The
    highest level comes first.
    """
    needs, reaching = [], 0
    counts = np.bincount(left).tolist()
    for level in range(len(counts) - 1, 1, -1):
        reaching += counts[level]
        if counts[level]:
            needs.append((level, (level - 1) * gap + reaching))
    return needs


def forced_level(needs: Sequence[tuple[int, int]], places: int) -> int | None:
    """Return how many tracks artists have left one of whom must come next.

    `needs` are what `needed_places` says. When one is all that is left, waiting would
    break the gap; None if the choice is free.
    """
    for level, needed in needs:
        if needed >= places:
            return level
    return None


def shortfall_of(positions: Int64s, first: Int64s, second: Int64s, gap: int) -> int:
    """Return by how many positions, over pairs of tracks, a gap is missed."""
    missed = gap - np.abs(positions[first] - positions[second])
    return int(missed[missed > 0].sum())
