"""One draw under way: what may be drawn, what is picked, which rules gave way."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from playlists.sampler.bits import DRAW_STREAM, Bits
from playlists.sampler.kernels import pick_by_keys, pick_by_rejection
from playlists.sampler.library import Flags, Int64s, Library
from playlists.sampler.picks import Picks
from playlists.sampler.pool import Pool, passing
from playlists.sampler.repair import Budget, repair
from playlists.sampler.rest import Resting, RestTable, contains
from playlists.sampler.rules import Rules


@dataclass(frozen=True)
class Terms:
    """The rules that may give way, as they are in force at the moment.

    `widening` is the share of a column's span by which soft ranges are wider.
    """

    cooldown_days: int
    primary_only: bool
    widening: float
    cap: int

    @classmethod
    def of(cls, rules: Rules) -> Self:
        """Return the terms as the operator asked for them."""
        return cls(rules.cooldown_days, rules.primary_only, 0.0, rules.artist_cap)


class Attempt:
    """The state of one draw.

    The stock is what the filters and the rest let through: the rows of `mask` that
    are not `barred`. Looser terms widen it; `_tiers` lists it in the order in which
    it may be drawn, once the fast path has given up.
    """

    def __init__(
        self, pool: Pool, resting: Resting, seed: tuple[int, int, int]
    ) -> None:
        self.pool = pool
        self.rules = pool.rules
        self.rest = RestTable.of(pool.library, resting)
        self.picks = Picks(pool.library, pool.rules)
        self.terms = Terms.of(pool.rules)
        self.mask: Flags = pool.mask
        self.barred: Int64s = self.rest.barred(self.terms.cooldown_days)
        self._tiers: list[Int64s] = []
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
        """Fill what can be filled with every rule as it was asked."""
        pick_by_rejection(self.pool, self.rest, self.barred, self.picks, self._bits)
        if self.missing:
            self._tiers.append(self.in_stock(self.pool.rows))
            self._refill()

    def go_on(self, terms: Terms) -> None:
        """Fill what looser terms allow, after all that could be drawn before."""
        mask, barred = self.mask, self.barred
        self.agree(terms)
        opened = np.flatnonzero(self.mask & ~mask)
        released = np.setdiff1d(barred, self.barred)
        self._tiers.append(self.in_stock(np.union1d(opened, released)))
        self._refill()

    def agree(self, terms: Terms) -> None:
        """Put terms in force; the picks stay as they are."""
        widened = terms.widening > 0
        filtered = (
            passing(self.library, self.rules, terms.widening) if widened else None
        )
        self.mask = self.pool.mask if filtered is None else filtered
        self.barred = self.rest.barred(terms.cooldown_days)
        credits = self.library.credit_table(primary_only=terms.primary_only)
        self.picks.count(credits, terms.cap)
        self.terms = terms

    def _refill(self) -> None:
        """Draw from the tiers in their order, then repair, until nothing fits."""
        for tier in self._tiers:
            if not self.missing:
                return
            rows = tier[self.picks.fitting(tier)]
            weights = self.pool.weights(rows, self.rest)
            pick_by_keys(rows, weights, self.picks, self.rules.size, self._bits)
        if self.missing:
            repair(
                self.picks, np.concatenate(self._tiers), self.rules.size, self._budget
            )

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
