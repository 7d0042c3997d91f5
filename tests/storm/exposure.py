"""How evenly a library comes round, and how close calls stand: pure arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Days = npt.NDArray[np.int64]
Tracks = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Exposure:
    """What tracks of a library got of many lists.

    `coverage`: the share that was used at all, 0 to 1. `gini`: 0 all alike, 1 all
    uses on one. `mean_rest_days`: between two uses of a track, in any list.
    """

    coverage: float
    gini: float
    mean_rest_days: float
    fewest: int
    most: int

    def __str__(self) -> str:
        return (
            f"coverage {self.coverage:.1%}, Gini {self.gini:.3f}, mean rest "
            f"{self.mean_rest_days:.1f} days, {self.fewest} to {self.most} uses"
        )


def exposure_of(tracks: Tracks, days: Days, *, library: int) -> Exposure:
    """Return the exposure of a library of so many tracks.

    `tracks` are numbers from 0 on and `days` the days of their uses, a row a use.
    """
    uses = np.bincount(tracks, minlength=library)
    order = np.lexsort((days, tracks))
    same = np.diff(tracks[order]) == 0
    rests = np.diff(days[order])[same]
    return Exposure(
        coverage=float(np.count_nonzero(uses) / library),
        gini=gini(uses),
        mean_rest_days=float(rests.mean()) if len(rests) else 0.0,
        fewest=int(uses.min()),
        most=int(uses.max()),
    )


def gini(counts: npt.NDArray[np.int64]) -> float:
    """Return the Gini coefficient: 0 all alike, 1 everything on one."""
    total = int(counts.sum())
    if not total:
        return 0.0
    weights = 2 * np.arange(1, len(counts) + 1) - len(counts) - 1
    return float(weights @ np.sort(counts) / (len(counts) * total))


def uniform_lists(
    days_of_lists: Sequence[int], *, size: int, library: int, seed: int
) -> tuple[Tracks, Days]:
    """Return what lists on these days would hold, drawn uniformly, without rules."""
    rng = np.random.default_rng(seed)
    drawn = [rng.choice(library, size, replace=False) for _ in days_of_lists]
    return np.concatenate(drawn), np.repeat(np.asarray(days_of_lists), size)


def busiest(moments_s: Sequence[float], *, window_s: float) -> int:
    """Return how many moments fall at most into a window of so many seconds."""
    ordered = np.sort(np.asarray(moments_s, dtype=float))
    if not len(ordered):
        return 0
    first = np.searchsorted(ordered, ordered - window_s, side="right")
    return int((np.arange(len(ordered)) - first + 1).max())


def fair_shares(sizes: Sequence[int], *, count: int) -> list[int]:
    """Return how many of the first `count` each gets where all take turns in order."""
    shares = [0] * len(sizes)
    while count > 0 and shares != list(sizes):
        for place, size in enumerate(sizes):
            if count > 0 and shares[place] < size:
                shares[place] += 1
                count -= 1
    return shares
