"""The order of a list of which some tracks have their place already."""

from collections.abc import Mapping, Sequence

import numpy as np

from playlists.sampler.arrange import IGNORED_FORCE, MISSED_GAP, mend
from playlists.sampler.arrays import Int64s
from playlists.sampler.bits import SEQUENCE_STREAM, Bits
from playlists.sampler.flow import Costs, flow_costs, random_costs
from playlists.sampler.library import Library
from playlists.sampler.report import SequenceReport
from playlists.sampler.rules import Rules
from playlists.sampler.separation import (
    Credits,
    best_gap,
    forced_level,
    incidence,
    needed_places,
    repeated,
    sharing,
    smallest_gap,
)

TRIES = 4


def sequence_around(
    library: Library,
    rows: Sequence[int],
    rules: Rules,
    seed: tuple[int, int, int],
    places: Mapping[int, int],
) -> tuple[list[int], SequenceReport]:
    """Put drawn rows in order, those of `places` at their positions from 1.

    In a list that came out short, fixed tracks move up as far as they must and keep
    their order. The others stand as far from the artists they share as a bounded
    search finds; where audio features exist the smoothest of what it finds counts.
    """
    table = library.credit_table(primary_only=rules.primary_only)
    credits = repeated([table.of(row) for row in rows])
    fixed = _positions(rows, places)
    flow = flow_costs(library, rows, rules.arc)
    bits = Bits(seed, SEQUENCE_STREAM)
    order = _widest(credits, fixed, flow, bits, rules.artist_separation)
    achieved = smallest_gap(order, credits)
    return [rows[track] for track in order], SequenceReport(
        asked=rules.artist_separation,
        optimum=best_gap(credits),
        achieved=achieved,
        reduced=achieved is not None and achieved < rules.artist_separation,
        has_flow=flow is not None,
        arc=rules.arc,
    )


def _positions(rows: Sequence[int], places: Mapping[int, int]) -> dict[int, int]:
    """Return where fixed tracks stand, from 0, by their number in `rows`."""
    wanted = [(places[row], track) for track, row in enumerate(rows) if row in places]
    positions: dict[int, int] = {}
    free = len(rows)
    for position, track in sorted(wanted, reverse=True):
        free = min(position, free)
        positions[track] = free - 1
        free -= 1
    return positions


def _widest(
    credits: Credits,
    fixed: Mapping[int, int],
    flow: Costs | None,
    bits: Bits,
    asked: int,
) -> list[int]:
    """Return an order with the widest gap found, up to what was asked, by bisection."""
    costs = [flow] if flow else []
    while len(costs) < TRIES:
        costs.append(random_costs(bits.uniforms(len(credits))))
    gap = max(1, min(asked, best_gap(credits) or asked, _gap_of(credits, fixed)))
    order, kept = _best_of(credits, fixed, costs, gap)
    too_wide = gap
    while (gap := (kept + too_wide) // 2) > kept:
        found, reached = _best_of(credits, fixed, costs, gap)
        if reached >= gap:
            order, kept = found, gap
        else:
            too_wide = gap
    return order


def _gap_of(credits: Credits, fixed: Mapping[int, int]) -> int:
    """Return the smallest gap between fixed tracks; as many as tracks without one."""
    in_order = sorted(fixed, key=lambda track: fixed[track])
    last: dict[int, int] = {}
    gap = len(credits)
    for track in in_order:
        for artist in credits[track]:
            if artist in last:
                gap = min(gap, fixed[track] - last[artist])
            last[artist] = fixed[track]
    return gap


def _best_of(
    credits: Credits, fixed: Mapping[int, int], costs: Sequence[Costs], gap: int
) -> tuple[list[int], int]:
    """Return the first of several orders that keeps a gap, and how wide its gap is.

    Where none keeps it, the one that comes nearest.
    """
    best: tuple[list[int], int] = ([], -1)
    for one in costs:
        order = mend(_build(credits, fixed, one, gap), credits, gap, fixed)
        smallest = smallest_gap(order, credits)
        reached = gap if smallest is None else smallest
        if reached > best[1]:
            best = order, reached
        if reached >= gap:
            break
    return best


def _build(
    credits: Credits, fixed: Mapping[int, int], costs: Costs, gap: int
) -> list[int]:
    """Return an order that takes the cheapest next track for each free place."""
    shares, table, count = sharing(credits), incidence(credits), len(credits)
    missed = _missed(shares.astype(np.int64), fixed, gap)
    at = {position: track for track, position in fixed.items()}
    ready = np.zeros(count, np.int64)
    used = np.zeros(count, np.bool_)
    used[list(fixed)] = True
    left = np.count_nonzero(table[~used], axis=0)
    order: list[int] = []
    for position in range(count):
        if position in at:
            order.append(at[position])
            continue
        price = costs.place[:, position] + MISSED_GAP * missed[:, position]
        if order:
            price = price + costs.step[order[-1]]
        price = price + MISSED_GAP * np.maximum(ready - position, 0)
        free = count - position - sum(p > position for p in at)
        level = forced_level(needed_places(left, gap), free)
        if level is not None:
            price[~table[:, left >= level].any(axis=1)] += IGNORED_FORCE
        price[used] = np.iinfo(np.int64).max
        track = int(np.argmin(price))
        order.append(track)
        used[track] = True
        left -= table[track]
        ready[shares[track]] = position + gap
    return order


def _missed(shares: Int64s, fixed: Mapping[int, int], gap: int) -> Int64s:
    """Return, at [track, position], by how much the gaps to fixed tracks are missed."""
    everywhere = np.arange(len(shares))
    missed = np.zeros((len(shares), len(shares)), np.int64)
    for track, position in fixed.items():
        near = np.maximum(gap - np.abs(everywhere - position), 0)
        missed += shares[track][:, None] * near[None, :]
    return missed
