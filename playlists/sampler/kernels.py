"""The two kernels of the draw; both follow one law.

The law is conditional successive sampling: at every step one of the rows that still
fit is drawn, with probability proportional to its weight. Rejection from a static
envelope has this law because what is refused leaves no trace; exponential keys
scanned in ascending order have it because the smallest of independent exponentials
falls on each row in proportion to its rate (Efraimidis and Spirakis 2006). Either
may take over from the other at any step. Drawing whole lists until one is valid
would be a different law.
"""

import numpy as np

from playlists.sampler.arrays import Float64s, Int64s, contains
from playlists.sampler.bits import Bits
from playlists.sampler.picks import Picks
from playlists.sampler.pool import Pool
from playlists.sampler.rest import RestTable

ROUNDS = 10
FIRST_SCAN = 512
NONE = np.zeros(0, np.int64)


def pick_by_rejection(
    pool: Pool,
    rest: RestTable,
    picks: Picks,
    bits: Bits,
    *,
    leaving: Int64s = NONE,
    rounds: int = ROUNDS,
    batch: int | None = None,
) -> None:
    """Add picks until the list is full or the rounds are over.

    Candidates come by inverse CDF and are refused when they rest, when the thinning
    says so, when they are `leaving` (rows, ascending) or when they do not fit. The
    cost does not grow with the pool while most candidates are good.
    """
    goal = pool.rules.size
    for _ in range(rounds if len(pool.rows) else 0):
        count = batch or 2 * (goal - len(picks)) + 28
        uniforms = bits.uniforms(2 * count)
        rows = pool.at(uniforms[:count])
        rows = rows[uniforms[count:] < pool.chances(rows, rest)]
        if len(leaving):
            rows = rows[~contains(leaving, rows)]
        picks.add_in_order(rows, goal)
        if len(picks) == goal:
            return


def pick_by_keys(
    rows: Int64s, weights: Float64s, picks: Picks, goal: int, bits: Bits
) -> None:
    """Add picks from `rows` until the list is full or no row fits any more."""
    keys = bits.exponentials(len(rows)) / weights
    scan = FIRST_SCAN
    while len(rows) and len(picks) < goal:
        first = _smallest(keys, scan)
        picks.add_in_order(rows[first], goal)
        left = picks.fitting(rows)
        left[first] = False
        rows, keys = rows[left], keys[left]
        scan *= 8


def _smallest(keys: Float64s, count: int) -> Int64s:
    """Return where the smallest keys stand, in ascending order of key."""
    if count >= len(keys):
        return np.argsort(keys, kind="stable")
    first = np.sort(np.argpartition(keys, count)[:count])
    return first[np.argsort(keys[first], kind="stable")]
