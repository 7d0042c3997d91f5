"""Two ways to a good order: build it greedily, then improve it move by move."""

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

import numpy as np

from playlists.sampler.arrays import Int64s
from playlists.sampler.flow import UNIT, Costs
from playlists.sampler.separation import (
    Credits,
    forced_flags,
    incidence,
    sharing,
    shortfall_of,
)

MISSED_GAP = 1_000_000 * UNIT
"""Cost of each position by which a gap is missed: more than any flow can be worth."""
IGNORED_FORCE = 1_000 * UNIT
USED = 1 << 61
"""More than all missed gaps of a list cost together."""
BEST_MOVES = 12
MOST_EXCHANGES = 32


def build_greedily(credits: Credits, costs: Costs, gap: int, first: int) -> list[int]:
    """Return an order that takes the cheapest next track which keeps the gap.

    An artist whose tracks would no longer fit apart goes first; that keeps the gap
    wherever each track credits one artist and the gap can be kept at all.
    """
    shares, table = sharing(credits), incidence(credits)
    left = np.count_nonzero(table, axis=0)
    ready = np.zeros(len(credits), np.int64)
    order = [first]
    used = np.zeros(len(credits), np.int64)
    for position, place in enumerate(costs.place.T[1:], start=1):
        last = order[-1]
        used[last] = USED
        left -= table[last]
        ready[shares[last]] = position - 1 + gap
        price = costs.step[last] + place + used
        price += MISSED_GAP * np.maximum(ready - position, 0)
        forced = forced_flags(left, gap, len(credits) - position)
        if forced is not None:
            price[~table[:, forced].any(axis=1)] += IGNORED_FORCE
        order.append(int(price.argmin()))
    return order


def mend(
    order: Sequence[int], credits: Credits, gap: int, fixed: Collection[int] = ()
) -> list[int]:
    """Return an order that misses the gap less, by exchanging tracks in pairs.

    Needed where tracks credit several artists, which no construction foresees. Each
    of at most `MOST_EXCHANGES` takes the best of all pairs, and stops at no gain.
    Tracks that are `fixed` stay where they are.
    """
    shares = sharing(credits).astype(np.int64)
    positions = np.argsort(np.array(order, np.int64))
    for _ in range(MOST_EXCHANGES if len(order) > 1 else 0):
        deltas = _exchange_deltas(shares, positions, gap)
        deltas[list(fixed)] = deltas[:, list(fixed)] = 0
        best = np.unravel_index(np.argmin(deltas), deltas.shape)
        if deltas[best] >= 0:
            break
        one, other = best
        positions[[one, other]] = positions[[other, one]]
    return [int(track) for track in np.argsort(positions)]


def _exchange_deltas(shares: Int64s, positions: Int64s, gap: int) -> Int64s:
    """Return, at [i, j], what tracks i and j changing places would add to the misses."""
    away = np.abs(positions[:, None] - positions[None, :])
    missed = np.maximum(gap - away, 0)
    moved = _misses(shares, positions, gap)[:, positions]
    stayed = np.diagonal(moved)
    between = 2 * shares * (gap - missed)
    deltas: Int64s = moved + moved.T - stayed[:, None] - stayed[None, :] - between
    return deltas


def _misses(shares: Int64s, positions: Int64s, gap: int) -> Int64s:
    """Return, at [i, p], by how much track i at position p would miss the gap in sum.

    Each track it shares an artist with counts the less the farther it stands: two
    running sums over stretches as long as the gap weigh them all at once.
    """
    count = len(positions)
    sums = np.zeros((count, count + 2 * gap + 1), np.int64)
    sums[:, gap + 1 : gap + 1 + count] = shares[:, np.argsort(positions)]
    for _ in range(2):
        np.cumsum(sums, axis=1, out=sums)
        sums[:, gap:] -= sums[:, :-gap].copy()
    return sums[:, 2 * gap : 2 * gap + count]


def improve(
    order: Sequence[int], credits: Credits, costs: Costs, gap: int, steps: int
) -> list[int]:
    """Return a cheaper order, after at most `steps` moves, that misses no gap more.

    Each step makes the best of all reversals of a stretch (2-opt) and all moves of
    one track (or-opt) that does not hurt the separation.
    """
    now = np.array(order, np.int64)
    first, second = np.nonzero(np.triu(sharing(credits)))
    missed = shortfall_of(np.argsort(now), first, second, gap)
    for _ in range(steps if len(now) > 2 else 0):
        for moved in _best_moves(now, costs):
            still_missed = shortfall_of(np.argsort(moved), first, second, gap)
            if still_missed <= missed:
                now, missed = moved, still_missed
                break
        else:
            break
    return [int(track) for track in now]


def _best_moves(order: Int64s, costs: Costs) -> Iterator[Int64s]:
    """Yield the orders after the moves that save most, best first."""
    count = len(order)
    deltas = np.concatenate(
        (_reversal_deltas(order, costs).ravel(), _shift_deltas(order, costs).ravel())
    )
    ranked = deltas * len(deltas) + np.arange(len(deltas))
    best = np.argpartition(ranked, BEST_MOVES)[:BEST_MOVES]
    for index in best[np.argsort(ranked[best])]:
        if deltas[index] < 0:
            kind, place = divmod(int(index), count * count)
            yield _moved(order, *divmod(place, count), is_shift=kind == 1)


def _moved(order: Int64s, i: int, j: int, *, is_shift: bool) -> Int64s:
    moved = order.copy()
    low, high = min(i, j), max(i, j) + 1
    if is_shift:
        moved[low:high] = np.roll(moved[low:high], -1 if i < j else 1)
    else:
        moved[low:high] = moved[low:high][::-1]
    return moved


def _reversal_deltas(order: Int64s, costs: Costs) -> Int64s:
    """Return, at [i, j] with i < j, what reversing positions i..j would add."""
    count = len(order)
    i, j = _pairs(count)
    step, left, right = _bordered(order, costs)
    delta = (
        step[left[i], order[j]]
        + step[order[i], right[j]]
        - step[left[i], order[i]]
        - step[order[j], right[j]]
    )
    at = costs.place[order]
    straight = np.concatenate(([0], np.cumsum(np.diagonal(at))))
    crossed = _diagonal_sums(at)
    delta += crossed[i + j, j + 1] - crossed[i + j, i] - straight[j + 1] + straight[i]
    deltas = np.zeros((count, count), np.int64)
    deltas[i, j] = delta
    return deltas


@lru_cache(maxsize=128)
def _pairs(count: int) -> tuple[Int64s, Int64s]:
    """Return all pairs of positions, the lower one of each first."""
    lower, upper = np.triu_indices(count, 1)
    return lower, upper


def _diagonal_sums(at: Int64s) -> Int64s:
    """Return at [s, k] the sum of `at[s - p, p]` over the positions p below k."""
    count = len(at)
    position = np.arange(count)
    sums = np.zeros((2 * count - 1, count + 1), np.int64)
    sums[position[:, None] + position, position + 1] = at
    np.cumsum(sums, axis=1, out=sums)
    return sums


def _shift_deltas(order: Int64s, costs: Costs) -> Int64s:
    """Return, at [i, j], what moving the track at i to position j would add."""
    count = len(order)
    step, left, right = _bordered(order, costs)
    i, j = np.arange(count)[:, None], np.arange(count)[None, :]
    before = np.where(j > i, order[j], left[j])
    after = np.where(j > i, right[j], order[j])
    track = order[:, None]
    delta = step[before, track] + step[track, after] - step[before, after]
    delta -= (step[left, order] + step[order, right] - step[left, right])[:, None]
    delta += _shift_places(costs.place[order])
    delta[i == j] = 0
    return delta


def _shift_places(at: Int64s) -> Int64s:
    """Return what the positions add when the track at i moves to position j."""
    count = len(at)
    here = np.diagonal(at)
    zero = np.zeros(1, np.int64)
    earlier = np.concatenate((zero, np.cumsum(np.diagonal(at, -1) - here[1:])))
    later = np.concatenate((zero, np.cumsum(np.diagonal(at, 1) - here[:-1])))
    i, j = np.arange(count)[:, None], np.arange(count)[None, :]
    others = np.where(j > i, earlier[j] - earlier[i], later[i] - later[j])
    moved: Int64s = at - here[:, None] + others
    return moved


def _bordered(order: Int64s, costs: Costs) -> tuple[Int64s, Int64s, Int64s]:
    """Return step costs with a free border track, and each position's neighbours."""
    border = len(order)
    step = np.zeros((border + 1, border + 1), np.int64)
    step[:border, :border] = costs.step
    ends = np.array([border])
    return (
        step,
        np.concatenate((ends, order[:-1])),
        np.concatenate((order[1:], ends)),
    )


def cheapest_starts(costs: Costs, count: int) -> list[int]:
    """Return the tracks that cost least at the first position."""
    starts: list[int] = np.argsort(costs.place[:, 0], kind="stable")[:count].tolist()
    return starts
