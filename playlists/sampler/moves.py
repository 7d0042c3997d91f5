"""What each move of an order would add to its cost, all moves at once.

Step costs are laid out by position, with a free border track at either end, so that
every sum is one of slices of the same table.
"""

from functools import lru_cache

import numpy as np

from playlists.sampler.arrays import Flags, Int64s
from playlists.sampler.flow import Costs


def move_deltas(order: Int64s, costs: Costs) -> Int64s:
    """Return what reversals (at 0) and moves of one track (at 1) would add.

    At [0, i, j] with i < j stands the reversal of positions i..j, at [1, i, j] the
    move of the track at i to position j; what is no move adds 0.
    """
    count = len(order)
    step, at = _by_position(order, costs), costs.place.take(order, axis=0)
    link = step.diagonal(1)
    deltas = np.zeros((2, count, count), np.int64)
    upper = _upper(count)
    np.copyto(deltas[0], _reversal_deltas(step, link, at), where=upper)
    later, earlier = _shift_deltas(step, link, at)
    np.copyto(deltas[1], later, where=upper)
    np.copyto(deltas[1], earlier, where=upper.T)
    return deltas


@lru_cache(maxsize=128)
def _upper(count: int) -> Flags:
    return np.triu(np.ones((count, count), np.bool_), 1)


def _by_position(order: Int64s, costs: Costs) -> Int64s:
    """Return, at [i, j], the step from position i - 1 to position j - 1, 0 outside."""
    count = len(order)
    step = np.zeros((count + 2, count + 2), np.int64)
    step[1:-1, 1:-1] = costs.step.take(order, axis=0).take(order, axis=1)
    return step


def _reversal_deltas(step: Int64s, link: Int64s, at: Int64s) -> Int64s:
    """Return, at [i, j] with i < j, what reversing positions i..j would add."""
    deltas: Int64s = step[:-2, 1:-1] + step[1:-1, 2:]
    deltas -= link[:-1, None]
    deltas -= link[1:]
    deltas += _crossed_sums(at - at.diagonal())
    return deltas


def _crossed_sums(values: Int64s) -> Int64s:
    """Return, at [i, j], the sum of `values[i + j - p, p]` over p from i to j.

    Running sums along the lines on which i + j stays the same. Line s begins at
    s * width, so p stands at s * width + p + 1, and both ends of every stretch are
    seen through views of the sums.
    """
    count, width = len(values), len(values) + 1
    sums = np.zeros((2 * count - 1) * width, np.int64)
    item, square = sums.itemsize, (count, count)
    steps = item * width, item * (width + 1)
    ends = np.ndarray(square, np.int64, sums, item, steps)
    starts = np.ndarray(square, np.int64, sums, 0, steps[::-1])
    ends[...] = values
    sums.cumsum(out=sums)
    between: Int64s = ends - starts
    return between


def _shift_deltas(step: Int64s, link: Int64s, at: Int64s) -> tuple[Int64s, Int64s]:
    """Return, at [i, j], what moving the track at i to position j would add.

    The first counts where j is later than i, the second where it is earlier: the
    tracks between move one position the other way.
    """
    own = at.diagonal()
    down, up = np.zeros((2, len(at)), np.int64)
    (at.diagonal(-1) - own[1:]).cumsum(out=down[1:])
    (at.diagonal(1) - own[:-1]).cumsum(out=up[1:])
    taken = step.diagonal(2) - link[:-1] - link[1:] - own
    set_in = step[1:-1, :-1] + step[1:-1, 1:] - link
    later = set_in[:, 1:] + at + down + (taken - down)[:, None]
    earlier = set_in[:, :-1] + at - up + (taken + up)[:, None]
    return later, earlier
