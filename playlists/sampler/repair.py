"""Repair: exchange picks so that a list that stopped short can grow.

A cap over all credited artists is no matroid: one track by three artists may stand
where two others could. Repair looks for a pick that can give its place to another
track so that a third one fits too, and for short chains of such exchanges.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from playlists.sampler.arrays import Int64s, contains
from playlists.sampler.picks import Picks

DEPTHS = (1, 2, 3, 4)
MOST_CANDIDATES = 2_000
MOST_LENGTH = (1 << 16) - 1
BUCKETS = 1 << 16


@dataclass
class Budget:
    """How many more credits a draw may look at; it bounds the work, not the time."""

    left: int = 40_000

    def spend(self, credits: int) -> bool:
        """Take some; False when the budget is used up."""
        self.left -= credits
        return self.left >= 0


def repair(picks: Picks, rows: Int64s, goal: int, budget: Budget) -> None:
    """Grow the list by exchanges among `rows` until it is full or nothing helps.

    Deterministic. Never makes the list shorter and never breaks a rule.
    """
    while len(picks) < goal and _may_help(picks):
        candidates = _candidates(picks, rows)
        if not budget.spend((len(rows) + picks.credits.count(candidates)) // 100):
            return
        if not _Exchange(picks, candidates.tolist(), budget).grow(goal):
            return


def _may_help(picks: Picks) -> bool:
    """Tell whether any pick could give more room than what takes its place needs."""
    is_released_again = len(picks.same_rows()) > len(picks)
    return is_released_again or any(
        len(picks.credits.of(row)) > 1 for row in picks.rows
    )


def _candidates(picks: Picks, rows: Int64s) -> Int64s:
    """Return the rows to try, fewest credits first.

    Where there are many, one for each set of artists stands for all of them.
    """
    rows = rows[~contains(np.sort(np.array(picks.rows, np.int64)), rows)]
    lengths = np.minimum(picks.credits.lengths[rows], MOST_LENGTH).astype(np.uint16)
    rows = rows[np.argsort(lengths, kind="stable")]
    if len(rows) > MOST_CANDIDATES:
        first = np.full(BUCKETS, -1)
        buckets = picks.credits.signatures[rows] % np.uint64(BUCKETS)
        first[buckets[::-1]] = np.arange(len(rows))[::-1]
        rows = rows[np.sort(first[first >= 0])]
    return rows[:MOST_CANDIDATES]


class _Exchange:
    """A search for one chain of exchanges that makes room for one more track."""

    def __init__(self, picks: Picks, candidates: list[int], budget: Budget) -> None:
        self._picks = picks
        self._candidates = candidates
        self._budget = budget
        self._by_artist: dict[int, list[int]] = defaultdict(list)
        self._by_key: dict[int, list[int]] = defaultdict(list)
        self._cost: dict[int, int] = {}
        for row in candidates:
            artists = picks.credits.of(row)
            self._cost[row] = 1 + len(artists)
            self._by_key[picks.key_of(row)].append(row)
            for artist in artists:
                self._by_artist[artist].append(row)

    def grow(self, goal: int) -> bool:
        """Make room for one more track, the shortest chains first; add what fits."""
        if not any(
            self._picks.try_add(row) or self._bring_in(row, depth)
            for depth in DEPTHS
            for row in self._candidates
        ):
            return False
        self._picks.add_in_order(np.array(self._candidates, np.int64), goal)
        return True

    def _bring_in(self, row: int, depth: int) -> bool:
        """Give a pick's place to `row` if, in the end, one more track fits."""
        for out in self._givers(row):
            self._picks.replace(out, row)
            if self._use_room(out, row, depth):
                return True
            self._picks.replace(row, out)
        return False

    def _use_room(self, out: int, row: int, depth: int) -> bool:
        room = [other for other in self._freed(out, row) if other != out]
        for other in room:
            if not self._budget.spend(self._cost[other]):
                return False
            if self._picks.try_add(other):
                return True
        return depth > 1 and any(self._bring_in(other, depth - 1) for other in room)

    def _givers(self, row: int) -> list[int]:
        """Return the picks of which each alone stands in the way of `row`."""
        picks = self._picks
        holder = picks.holder_of(row)
        if holder == row or not self._budget.spend(self._cost[row]):
            return []
        full = [artist for artist in picks.credits.of(row) if picks.is_full(artist)]
        givers = [holder] if holder is not None else picks.by_artist(full[0])
        return [pick for pick in givers if set(full) <= set(picks.credits.of(pick))]

    def _freed(self, out: int, row: int) -> Iterator[int]:
        """Yield the candidates to which `out` gave room that `row` did not take."""
        picks = self._picks
        kept = set(picks.credits.of(row))
        for artist in picks.credits.of(out):
            if artist not in kept and not picks.is_full(artist):
                yield from self._by_artist[artist]
        if picks.holder_of(out) is None:
            yield from self._by_key[picks.key_of(out)]
