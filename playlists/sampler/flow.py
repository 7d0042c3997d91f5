"""Flow: what a transition costs, and what a track costs at a position.

Costs are whole numbers, so that sums are exact and ties fall alike everywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from playlists.sampler.arrays import Float64s, Int64s
from playlists.sampler.library import Library
from playlists.sampler.rules import Arc

UNIT = 1_000_000
TEMPO_SHARE, KEY_SHARE, ENERGY_SHARE = 0.4, 0.35, 0.25
TEMPO_LIMIT = 0.25
"""A quarter of an octave in tempo counts as a full break."""
FARTHEST_KEY = 6
PLACE_SHARE = 0.3
ENOUGH = 0.75
"""Least share of tracks with tempo and energy for an order by flow."""

ARCS: Mapping[Arc, tuple[tuple[float, float], ...]] = {
    "flat": ((0, 0.5), (1, 0.5)),
    "rise": ((0, 0), (1, 1)),
    "fall": ((0, 1), (1, 0)),
    "wave": ((0, 0.35), (0.3, 0.75), (0.55, 0.3), (0.88, 1), (1, 0.7)),
}
"""Corners of each arc: wanted energy over position, both from 0 to 1. The wave rises,
rests and crests higher before the end."""


@dataclass(frozen=True)
class Costs:
    """Whole-number costs of n tracks: `step[i, j]` to go from i to j (or back),
    `place[i, p]` to stand at position p."""

    step: Int64s
    place: Int64s

    def total(self, order: Sequence[int] | Int64s) -> int:
        """Return what an order costs."""
        tracks = np.asarray(order)
        steps = self.step[tracks[:-1], tracks[1:]].sum()
        return int(steps + self.place[tracks, np.arange(len(tracks))].sum())


def flow_costs(library: Library, rows: Sequence[int], arc: Arc) -> Costs | None:
    """Return the costs of some rows, None where too few have tempo and energy."""
    places = np.array(rows, np.int64)
    tempo = _feature(library, "tempo", places)
    energy = _feature(library, "energy", places)
    known = (tempo > 0) & ~np.isnan(energy)
    if len(rows) < 3 or np.count_nonzero(known) < ENOUGH * len(rows):
        return None
    if not known.all():
        tempo[~known] = np.median(tempo[known])
        energy[~known] = np.median(energy[known])
    share = (
        TEMPO_SHARE * _tempo_distance(tempo)
        + KEY_SHARE * _key_distance(library, places)
        + ENERGY_SHARE * np.abs(energy[:, None] - energy[None, :])
    )
    return Costs(_whole(share), _whole(PLACE_SHARE * _place_distance(energy, arc)))


def random_costs(uniforms: Float64s) -> Costs:
    """Return costs under which the cheapest order is a random one."""
    count = len(uniforms)
    place = np.repeat(_whole(uniforms)[:, None], count, axis=1)
    return Costs(np.zeros((count, count), np.int64), place)


def _feature(library: Library, name: str, rows: Int64s) -> Float64s:
    column = library.features.get(name)
    if column is None:
        return np.full(len(rows), np.nan)
    return column[rows].astype(np.float64)


def _tempo_distance(tempo: Float64s) -> Float64s:
    """Return 0 (same, half or double time) to 1 (a quarter of an octave or more)."""
    octaves = np.log2(tempo)
    apart = np.abs(octaves[:, None] - octaves[None, :])
    folded = np.minimum(apart, np.abs(1.0 - apart))
    distance: Float64s = np.minimum(folded / TEMPO_LIMIT, 1.0)
    return distance


def _key_distance(library: Library, rows: Int64s) -> Float64s:
    """Return the steps between keys on the Camelot wheel, 0 to 1, 1/2 if unknown."""
    key = _feature(library, "key", rows)
    mode = _feature(library, "mode", rows)
    unknown = ~(key >= 0) | np.isnan(mode)
    tonic = np.where(mode == 1, key, key + 3)
    hour = np.where(unknown, 0, 7 * tonic % 12)
    around = np.abs(hour[:, None] - hour[None, :])
    steps = np.minimum(around, 12 - around) + (mode[:, None] != mode[None, :])
    distance: Float64s = np.minimum(steps, FARTHEST_KEY) / FARTHEST_KEY
    distance[unknown] = distance[:, unknown] = 0.5
    return distance


def _place_distance(energy: Float64s, arc: Arc) -> Float64s:
    """Return the squared distance of each energy rank from each position's rank."""
    count = len(energy)
    at, wanted = np.array(ARCS[arc]).T
    curve = np.interp(np.arange(count) / (count - 1), at, wanted)
    target = _ranks(curve) if arc != "flat" else np.full(count, 0.5)
    distance: Float64s = np.square(_ranks(energy)[:, None] - target[None, :])
    return distance


def _ranks(values: Float64s) -> Float64s:
    order = np.argsort(np.round(values, 9), kind="stable")
    ranks = np.empty(len(values))
    ranks[order] = np.arange(len(values)) / (len(values) - 1)
    return ranks


def _whole(costs: npt.NDArray[np.float64]) -> Int64s:
    return np.rint(costs * UNIT).astype(np.int64)
