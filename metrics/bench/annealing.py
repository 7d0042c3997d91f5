"""What orders of the same picks cost: ours, a random one, a long annealing."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

import numpy as np

from playlists import sampler
from playlists.sampler.arrays import Int64s
from playlists.sampler.flow import Costs, flow_costs
from playlists.sampler.separation import (
    Credits,
    best_gap,
    repeated,
    sharing,
    shortfall_of,
    smallest_gap,
)

STEPS = 200_000
RANDOM_ORDERS = 200
HOT, COLD = 0.5, 0.005
"""Temperatures at the beginning and the end, as shares of a mean transition."""


@dataclass(frozen=True)
class Compared:
    """An order's cost over that of a random and of an annealed one, and its breach."""

    random_ratio: float
    annealing_ratio: float
    is_breach: bool


def compare(
    library: sampler.Library,
    rules: sampler.Rules,
    order: Sequence[int],
    *,
    seed: int,
    steps: int = STEPS,
) -> Compared | None:
    """Compare an order of rows with others of the same rows; None without features.

    All cost what the sampler's own cost function says; a random one keeps no
    separation, an annealed one that of the order.
    """
    costs = flow_costs(library, order, rules.arc)
    if costs is None:
        return None
    table = library.credit_table(primary_only=rules.primary_only)
    credits = repeated([table.of(row) for row in order])
    ours = costs.total(range(len(order)))
    dice = np.random.default_rng(seed)
    at_random = [
        costs.total(dice.permutation(len(order))) for _ in range(RANDOM_ORDERS)
    ]
    gap = _gap(credits, rules)
    achieved = smallest_gap(range(len(order)), credits)
    annealed = anneal(credits, costs, gap, steps=steps, seed=seed)
    return Compared(
        random_ratio=ours / mean(at_random),
        annealing_ratio=ours / annealed,
        is_breach=achieved is not None and achieved < gap,
    )


def _gap(credits: Credits, rules: sampler.Rules) -> int:
    best = best_gap(credits)
    asked = rules.artist_separation
    return max(1, asked if best is None else min(asked, best))


def anneal(credits: Credits, costs: Costs, gap: int, *, steps: int, seed: int) -> int:
    """Return the least cost that simulated annealing finds, from the order 0, 1, 2, ….

    A fixed number of steps: each turns a stretch round or moves one track, and stays
    where it saves, or by chance; an order that misses the gap more is never taken.
    The temperature falls by the same factor at every step.
    """
    dice = np.random.default_rng(seed)
    count, shares = len(credits), np.triu(sharing(credits))
    first, second = np.nonzero(shares)
    now = np.arange(count)
    missed = shortfall_of(np.argsort(now), first, second, gap)
    cost = best = costs.total(now)
    hot = HOT * cost / count
    heats = hot * (COLD / HOT) ** (np.arange(steps) / steps)
    limits = -heats * np.log(1.0 - dice.random(steps))
    places = dice.integers(0, count, (steps, 2)).tolist()
    turns = (dice.random(steps) < 0.5).tolist()
    for limit, (i, j), is_turn in zip(limits.tolist(), places, turns, strict=True):
        moved = _moved(now, i, j, is_turn=is_turn)
        rise = costs.total(moved) - cost
        if rise > limit:
            continue
        still_missed = shortfall_of(np.argsort(moved), first, second, gap)
        if still_missed <= missed:
            now, cost, missed = moved, cost + rise, still_missed
            best = min(best, cost)
    return best


def _moved(order: Int64s, i: int, j: int, *, is_turn: bool) -> Int64s:
    low, high = min(i, j), max(i, j) + 1
    moved = order.copy()
    if is_turn:
        moved[low:high] = order[low:high][::-1]
    elif i < j:
        moved[low : high - 1], moved[high - 1] = order[low + 1 : high], order[low]
    else:
        moved[low + 1 : high], moved[low] = order[low : high - 1], order[high - 1]
    return moved
