"""The order of a list: artists apart, transitions smooth, energy along an arc."""

from collections.abc import Sequence

import numpy as np

from playlists.sampler.arrange import build_greedily, cheapest_starts, improve, mend
from playlists.sampler.bits import SEQUENCE_STREAM, Bits
from playlists.sampler.flow import Costs, flow_costs, random_costs
from playlists.sampler.library import Library
from playlists.sampler.report import SequenceReport
from playlists.sampler.rules import Rules
from playlists.sampler.separation import (
    Credits,
    best_gap,
    repeated,
    smallest_gap,
    spread,
)

STARTS = 2


def sequence(
    library: Library,
    rows: Sequence[int],
    rules: Rules,
    seed: tuple[int, int, int],
    *,
    steps: int = 8,
) -> tuple[list[int], SequenceReport]:
    """Put drawn rows in order; the same arguments always give the same order.

    Hard: tracks that share an artist stand `rules.artist_separation` positions apart,
    or as far as these tracks allow. Soft, where enough tracks have audio features:
    smooth transitions and energy along `rules.arc`; without them the artists are
    spread as widely as possible. `steps` bounds the improvement (8, in bulk 4).
    """
    table = library.credit_table(primary_only=rules.primary_only)
    credits = repeated(list(table.each(np.array(rows, np.int64))))
    flow = flow_costs(library, rows, rules.arc)
    bits = Bits(seed, SEQUENCE_STREAM)
    order = _order(credits, flow, bits, rules.artist_separation, steps)
    optimum, achieved = best_gap(credits), smallest_gap(order, credits)
    return [rows[track] for track in order], SequenceReport(
        asked=rules.artist_separation,
        optimum=optimum,
        achieved=achieved,
        reduced=achieved is not None and achieved < rules.artist_separation,
        has_flow=flow is not None,
        arc=rules.arc,
    )


def _order(
    credits: Credits, flow: Costs | None, bits: Bits, asked: int, steps: int
) -> list[int]:
    """Return an order with the widest gap found, up to what was asked."""
    best = best_gap(credits)
    widest = max(1, asked if best is None else min(asked, best))
    spread_out = spread(credits, bits.permutation(len(credits)).tolist())
    if flow is None and _keeps(spread_out, credits, widest):
        return spread_out
    costs = flow or random_costs(bits.uniforms(len(credits)))
    order, gap = _widest(credits, costs, spread_out, widest)
    return improve(order, credits, costs, gap, steps) if flow else order


def _widest(
    credits: Credits, costs: Costs, spread_out: list[int], widest: int
) -> tuple[list[int], int]:
    """Return the cheapest order found for the widest gap, by bisection, and the gap."""
    order, kept = spread_out, 0
    gap, too_wide = widest, widest + 1
    while gap > kept:
        proposals = [*_built(credits, costs, gap), spread_out]
        keeping = [order for order in proposals if _keeps(order, credits, gap)]
        found = min(keeping or [mend(proposals[0], credits, gap)], key=costs.total)
        if _keeps(found, credits, gap):
            order, kept = found, gap
        else:
            too_wide = gap
        gap = (kept + too_wide) // 2
    return order, kept


def _built(credits: Credits, costs: Costs, gap: int) -> list[list[int]]:
    return [
        build_greedily(credits, costs, gap, first)
        for first in cheapest_starts(costs, STARTS)
    ]


def _keeps(order: Sequence[int], credits: Credits, gap: int) -> bool:
    smallest = smallest_gap(order, credits)
    return smallest is None or smallest >= gap
