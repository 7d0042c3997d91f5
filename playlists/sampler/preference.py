"""How welcome a track is: least used, longest rested, and where wanted popular.

All factors are built from operations that every machine rounds alike, and all
measure against the pool's own mean: they neither fade in a large library nor freeze
in a small one.
"""

import numpy as np

from playlists.sampler.arrays import Float64s, Int16s, Int32s, Int64s

FLOOR = 1 / 64
"""No admissible track is less welcome than this, so each can always be drawn."""


def use_weight(use_count: Int32s, mean_count: float) -> Float64s:
    """Weigh by use, from near 1 (little used) over 1/2 (mean) to the floor.

    Distance from the mean counts in units of its square root, the spread that
    uniform choice would cause: uses gather closely around their mean.
    """
    distance = (use_count - mean_count) / np.sqrt(mean_count + 1.0)
    weight = 0.5 - 0.5 * distance / np.sqrt(1.0 + distance * distance)
    floored: Float64s = np.maximum(weight, FLOOR)
    return floored


def rest_weight(last_day: Int64s, today: int, mean_day: float) -> Float64s:
    """Weigh by rest: 1 for never used, 1/2 for mean rest, down to the floor."""
    share = np.maximum(today + 1.0 - last_day, 1.0)
    share /= max(today - mean_day, 0.0) + 1.0
    share *= share
    weight = share / (1.0 + share)
    np.maximum(weight, FLOOR, out=weight)
    weight[last_day < 0] = 1.0
    weights: Float64s = weight
    return weights


def popularity_weight(
    popularity: Int16s, mean_popularity: float, power: int
) -> Float64s:
    """Weigh by popularity, from the floor (0) to 1 (100), to a whole power.

    What has no popularity counts as the mean, so without data all weigh the same.
    """
    known = np.where(popularity < 0, mean_popularity, popularity)
    share = (known + 1.0) / 101.0
    weight = share.copy()
    for _ in range(power - 1):
        weight *= share
    floored: Float64s = np.maximum(weight, FLOOR)
    return floored
