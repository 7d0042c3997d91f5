"""Repair: a longer list where the draw stopped short of one.

A cap over all credited artists is no matroid: one track by three artists may stand
where two others could. So a list that stopped short is held against what the stock
could give at most, and if that is more, a list of that length is searched for.
"""

from collections import Counter
from dataclasses import replace

import numpy as np

from playlists.sampler.arrays import Flags, Int64s, contains
from playlists.sampler.packing import Budget, Search, scarce_places
from playlists.sampler.picks import Picks

MOST_CANDIDATES = 240
MOST_CREDITS = 1_000
MOST_LENGTH = (1 << 16) - 1
BUCKETS = 1 << 16
KINDS_APART = 4_099
MOST_WITH_SHARES = 120
"""Shares add places that every track takes, so a search with them costs more."""


def repair(picks: Picks, rows: Int64s, goal: int, budget: Budget) -> bool:
    """Make the list longer, up to the goal, if tracks among `rows` allow it.

    Deterministic. Never makes the list shorter and never breaks a rule; picks stay
    where the longer list has room for them, fixed ones always. Tells whether the list
    has grown.
    """
    if len(picks) >= goal or not budget.searches or not _may_help(picks):
        return False
    budget.searches -= 1
    beside = _beside_fixed(picks)
    candidates = _candidates(picks, beside, rows).tolist()
    picked, fixed = set(picks.rows), sorted(picks.fixed)
    places = scarce_places(beside, candidates)
    search = Search(places, [row in picked for row in candidates], budget)
    free = len(picks) - len(fixed)
    for length in (min(goal - len(fixed), search.bound), free + 1):
        found = search.find(length) if length > free else None
        if found is not None:
            picks.become([*fixed, *(candidates[track] for track in found)])
            return True
    return False


def _beside_fixed(picks: Picks) -> Picks:
    """Return picks whose caps are what the fixed ones leave."""
    if not picks.fixed:
        return picks
    beside = picks.beside_fixed()
    taken: Counter[int] = Counter()
    for row in beside.rows:
        taken.update(
            beside.credits.of(row) if row in picks.pinned else picks.bins_of(row)
        )
    beside.caps = replace(beside.caps, taken=taken)
    return beside


def _may_help(picks: Picks) -> bool:
    """Tell whether any pick could give more room than what takes its place needs."""
    is_released_again = len(picks.same_rows()) > len(picks)
    return (
        is_released_again
        or picks.room is not None
        or any(len(picks.credits.of(row)) > 1 for row in picks.rows)
    )


def _candidates(picks: Picks, beside: Picks, rows: Int64s) -> Int64s:
    """Return the picks and the rows that a longer list may need, few credits first.

    Fixed picks are not among them, nor what does not fit beside these, nor what
    shares leave no place at all.
    """
    rows = rows[~contains(picks.ascending(), rows)]
    if picks.fixed or picks.room is not None:
        rows = rows[picks.beside_fixed().fitting(rows)]
    lengths = np.minimum(picks.credits.lengths[rows], MOST_LENGTH).astype(np.uint16)
    rows = rows[np.argsort(lengths, kind="stable")]
    if len(rows) > MOST_CANDIDATES:
        rows = rows[_some_of_each(picks, rows)]
    free = [row for row in picks.rows if row not in picks.fixed]
    rows = np.concatenate((np.array(free, np.int64), rows))
    if picks.room is None:
        rows = rows[_not_outdone(beside, rows)]
    credits = np.cumsum(picks.credits.lengths[rows])
    most = MOST_CANDIDATES if picks.room is None else MOST_WITH_SHARES
    return rows[credits <= MOST_CREDITS][:most]


def _some_of_each(picks: Picks, rows: Int64s) -> Int64s:
    """Return where a few rows stand, up to the cap, of each set of artists."""
    turn = np.arange(len(rows)) % picks.caps.artist
    alike = picks.credits.signatures[rows]
    if picks.room is not None:
        alike = alike + np.uint64(KINDS_APART) * picks.room.kinds(rows)
    buckets = (alike + turn.astype(np.uint64)) % BUCKETS
    first = np.full(BUCKETS, -1)
    first[buckets[::-1]] = np.arange(len(rows))[::-1]
    return np.sort(first[first >= 0])


def _not_outdone(picks: Picks, rows: Int64s) -> Flags:
    """Mark the rows that a longest list may need.

    Where an artist has enough tracks of their own to reach the cap, each released
    once, any other track of theirs can be exchanged for one of these.
    """
    lengths = picks.credits.lengths[rows]
    artists = picks.credits.flat(rows)
    owner = np.repeat(np.arange(len(rows)), lengths)
    _, release, releases = np.unique(
        picks.keys_of(rows), return_inverse=True, return_counts=True
    )
    is_own = (lengths == 1) & (releases[release] == 1)
    names, own_tracks = np.unique(artists[is_own[owner]], return_counts=True)
    saturated = (
        contains(names[own_tracks >= picks.caps.of_each(names)], artists)
        & ~is_own[owner]
    )
    needed = np.ones(len(rows), np.bool_)
    needed[owner[saturated]] = False
    return needed
