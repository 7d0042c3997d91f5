"""One draw under way: what may be drawn, what is picked, which rules gave way."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from playlists.sampler.arrays import Flags, Int64s, contains, distinct
from playlists.sampler.bits import DRAW_STREAM, Bits
from playlists.sampler.kernels import pick_by_keys, pick_by_rejection
from playlists.sampler.picks import Caps, Picks, bins_of, sameness_of
from playlists.sampler.pool import Pool, passing
from playlists.sampler.repair import Budget, repair
from playlists.sampler.rest import RestTable
from playlists.sampler.rules import Rules
from playlists.sampler.songs import Version

FITTING = ("cap", "primary_only", "album_cap", "same_song")
"""Terms that say what fits beside the picks; the others say what may be drawn."""


@dataclass(frozen=True)
class Terms:
    """The rules that may give way, as they are in force at the moment.

    `widening` is the share of a column's span by which soft ranges are wider;
    `own_rest_only` says that the rest of other lists no longer counts.
    """

    cooldown_days: int
    primary_only: bool
    widening: float
    cap: int
    album_cap: int | None = None
    same_song: tuple[Version, ...] = ()
    own_rest_only: bool = False

    @classmethod
    def of(cls, rules: Rules) -> Self:
        """Return the terms as the operator asked for them."""
        return cls(
            cooldown_days=rules.cooldown_days,
            primary_only=rules.primary_only,
            widening=0.0,
            cap=rules.artist_cap,
            album_cap=rules.album_cap,
            same_song=rules.same_song,
        )


class Attempt:
    """The state of one draw.

    The stock is what the filters and the rest let through: the rows of `mask` that
    are not `barred`. Looser terms widen it; `_tiers` lists it in the order in which
    it may be drawn, once the fast path has given up.
    """

    def __init__(self, pool: Pool, rest: RestTable, seed: tuple[int, int, int]) -> None:
        self.pool = pool
        self.library = pool.library
        self.rules = pool.rules
        self.rest = rest
        self.picks = Picks(pool.library, pool.rules)
        self.terms = Terms.of(pool.rules)
        self.mask: Flags = pool.mask
        self.barred: Int64s = self.rest.barred(self.terms.cooldown_days)
        self._tiers: list[Int64s] = []
        self._bits = Bits(seed, DRAW_STREAM)
        self._budget = Budget()

    @property
    def missing(self) -> int:
        """How many places are still empty."""
        return self.rules.size - len(self.picks)

    def draw_under_all_rules(self) -> None:
        """Fill what can be filled with every rule as it was asked."""
        pick_by_rejection(self.pool, self.rest, self.barred, self.picks, self._bits)
        if self.missing:
            self._tiers.append(np.flatnonzero(self.stock()))
            self._fill(self._tiers)

    def go_on(self, terms: Terms) -> None:
        """Fill what looser terms allow, after all that could be drawn before."""
        before, mask, barred = self.terms, self.mask, self.barred
        self.agree(terms)
        self._tiers.append(self._opened_since(mask, barred))
        is_fit_looser = any(
            getattr(terms, name) != getattr(before, name) for name in FITTING
        )
        self._fill(self._tiers if is_fit_looser else self._tiers[-1:])

    def finish(self) -> None:
        """Fill what exchanges may have opened anywhere."""
        self._draw_from(self._tiers)

    def agree(self, terms: Terms) -> None:
        """Put terms in force; the picks stay as they are."""
        if terms.widening:
            self.mask = passing(self.library, self.rules, terms.widening)
        else:
            self.mask = self.pool.mask
        self.barred = self.rest.barred(
            terms.cooldown_days, own_only=terms.own_rest_only
        )
        credits = bins_of(
            self.library, album_cap=terms.album_cap, primary_only=terms.primary_only
        )
        self.picks.count(credits, Caps(terms.cap, terms.album_cap))
        self.picks.tell_apart(sameness_of(self.library, self.rules, terms.same_song))
        self.terms = terms

    def stock(self) -> Flags:
        """Mark what the filters and the rest let through, picks included."""
        stock = self.mask.copy()
        stock[self.barred] = False
        return stock

    def stock_size(self) -> int:
        """Return how many rows the filters and the rest let through."""
        if self.mask is self.pool.mask:
            passing_count = len(self.pool.rows)
        else:
            passing_count = int(np.count_nonzero(self.mask))
        return passing_count - int(np.count_nonzero(self.mask[self.barred]))

    def left_in_stock(self, rows: Int64s) -> Int64s:
        """Return, ascending and each once, those of some rows in stock but the picks."""
        rows = distinct(rows, len(self.library))
        out = contains(self.barred, rows) | contains(self.picks.ascending(), rows)
        return rows[self.mask[rows] & ~out]

    def capped_in_stock(self) -> Int64s:
        """Return what the caps alone keep out: stock by artists or albums at theirs."""
        return self.left_in_stock(self.picks.capped_rows())

    def capped_by_artists(self) -> Int64s:
        """Return what the artist cap keeps out, whatever the albums say."""
        full = self.picks.full_artists()
        return self.left_in_stock(self.picks.credits.rows_of(full))

    def _opened_since(self, mask: Flags, barred: Int64s) -> Int64s:
        """Return the rows in stock that an earlier mask and rest kept out."""
        if self.mask is mask:
            opened = barred[~contains(self.barred, barred)]
            return opened[mask[opened]]
        stock = mask.copy()
        stock[barred] = False
        return np.flatnonzero(self.stock() & ~stock)

    def _fill(self, tiers: list[Int64s]) -> None:
        """Draw from tiers in their order, then repair with all."""
        self._draw_from(tiers)
        if self.missing:
            rows = np.concatenate(self._tiers)
            if repair(self.picks, rows, self.rules.size, self._budget):
                self._draw_from(self._tiers)

    def _draw_from(self, tiers: list[Int64s]) -> None:
        for tier in tiers:
            if self.missing:
                rows = tier[self.picks.fitting(tier)]
                weights = self.pool.weights(rows, self.rest)
                pick_by_keys(rows, weights, self.picks, self.rules.size, self._bits)
