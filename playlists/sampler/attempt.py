"""One draw under way: what may be drawn, what is picked, which rules gave way."""

import numpy as np

from playlists.sampler.bits import DRAW_STREAM, Bits
from playlists.sampler.kernels import pick_by_keys, pick_by_rejection
from playlists.sampler.library import Flags, Int64s, Library
from playlists.sampler.picks import Picks
from playlists.sampler.pool import Pool
from playlists.sampler.repair import Budget, repair
from playlists.sampler.report import RungUse
from playlists.sampler.rest import Resting, RestTable, contains


class Attempt:
    """The state of one draw.

    The stock is what the filters and the rest let through: the rows of `mask` that
    are not `barred`. The ladder widens both; `tiers` lists the stock in the order in
    which it may be drawn, once the fast path has given up.
    """

    def __init__(
        self, pool: Pool, resting: Resting, seed: tuple[int, int, int]
    ) -> None:
        self.pool = pool
        self.rules = pool.rules
        self.rest = RestTable.of(pool.library, resting)
        self.mask: Flags = pool.mask
        self.cooldown_days = pool.rules.cooldown_days
        self.barred: Int64s = self.rest.barred(self.cooldown_days)
        self.picks = Picks(pool.library, pool.rules)
        self.rungs: list[RungUse] = []
        self.tiers: list[Int64s] = []
        self._bits = Bits(seed, DRAW_STREAM)
        self._budget = Budget()

    @property
    def library(self) -> Library:
        """The library drawn from."""
        return self.pool.library

    @property
    def missing(self) -> int:
        """How many places are still empty."""
        return self.rules.size - len(self.picks)

    def draw_under_all_rules(self) -> None:
        """Fill what can be filled with every rule in force."""
        pick_by_rejection(self.pool, self.rest, self.barred, self.picks, self._bits)
        if self.missing:
            self.admit(self.in_stock(self.pool.rows))

    def admit(self, rows: Int64s) -> None:
        """Let more rows be drawn, after all that could be drawn before them."""
        if len(rows):
            self.tiers.append(rows)
            self.refill()

    def refill(self) -> None:
        """Draw from the tiers in their order, then repair, until nothing fits."""
        for tier in self.tiers:
            if not self.missing:
                return
            rows = tier[self.picks.fitting(tier)]
            weights = self.pool.weights(rows, self.rest)
            pick_by_keys(rows, weights, self.picks, self.rules.size, self._bits)
        if self.missing and self.tiers:
            rows = np.concatenate(self.tiers)
            repair(self.picks, rows, self.rules.size, self._budget)

    def in_stock(self, rows: Int64s) -> Int64s:
        """Return those of `rows` that the filters and the rest let through."""
        rows = rows[self.mask[rows]]
        return rows[~contains(self.barred, rows)]

    def stock_size(self) -> int:
        """Return how many tracks the filters and the rest let through."""
        barred = np.count_nonzero(self.mask[self.barred])
        return int(np.count_nonzero(self.mask) - barred)

    def capped_in_stock(self) -> Int64s:
        """Return what the cap alone keeps out: stock by artists that are full."""
        rows = np.unique(self.picks.capped_rows())
        return self.in_stock(np.setdiff1d(rows, self.picks.rows, assume_unique=True))
