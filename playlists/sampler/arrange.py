"""Two ways to a good order: build it greedily, then improve it move by move."""

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from playlists.sampler.arrays import Int64s
from playlists.sampler.flow import UNIT, Costs
from playlists.sampler.moves import move_deltas
from playlists.sampler.separation import (
    Credits,
    forced_level,
    incidence,
    needed_places,
    pairs,
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
    neighbours = np.count_nonzero(shares, axis=1).tolist()
    left = np.count_nonzero(table, axis=0)
    needs = needed_places(left, gap)
    place = costs.place.T
    price = place.copy()
    misses = MISSED_GAP * np.arange(gap - 1, 0, -1)[:, None]
    used = np.zeros(len(credits), np.int64)
    order = [first]
    for position in range(1, len(credits)):
        last = order[-1]
        used[last] = USED
        if neighbours[last]:
            left -= table[last]
            needs = needed_places(left, gap)
            soon = slice(position, position + gap - 1)
            near = np.flatnonzero(shares[last])
            price[soon, near] = place[soon, near] + misses[: len(price) - position]
        now = costs.step[last] + price[position] + used
        level = forced_level(needs, len(credits) - position)
        if level is not None:
            now[~table[:, left >= level].any(axis=1)] += IGNORED_FORCE
        order.append(int(now.argmin()))
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
    first, second = pairs(credits)
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
    deltas = move_deltas(order, costs)
    flat = deltas.reshape(-1)
    for _ in range(BEST_MOVES):
        best = int(flat.argmin())
        if flat[best] >= 0:
            return
        flat[best] = 0
        kind, place = divmod(best, len(order) ** 2)
        yield _moved(order, *divmod(place, len(order)), is_shift=kind == 1)


def _moved(order: Int64s, i: int, j: int, *, is_shift: bool) -> Int64s:
    moved = order.copy()
    if not is_shift:
        moved[i : j + 1] = order[i : j + 1][::-1]
    elif i < j:
        moved[i:j] = order[i + 1 : j + 1]
        moved[j] = order[i]
    else:
        moved[j + 1 : i + 1] = order[j:i]
        moved[j] = order[i]
    return moved


def cheapest_starts(costs: Costs, count: int) -> list[int]:
    """Return the tracks that cost least at the first position."""
    starts: list[int] = np.argsort(costs.place[:, 0], kind="stable")[:count].tolist()
    return starts
