"""One draw under way: what may be drawn, what is picked, which rules gave way."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from playlists.sampler.arrays import (
    Flags,
    Int64s,
    contains,
    distinct,
    with_few,
    without_few,
)
from playlists.sampler.bits import DRAW_STREAM, Bits
from playlists.sampler.fixing import Fixed, fix_places
from playlists.sampler.kernels import pick_by_keys, pick_by_rejection
from playlists.sampler.packing import Budget
from playlists.sampler.picks import Caps, Picks, bins_of, sameness_of
from playlists.sampler.pool import Pool, passing
from playlists.sampler.repair import repair
from playlists.sampler.rest import RestTable, Standing
from playlists.sampler.rules import Rules
from playlists.sampler.shares import Share
from playlists.sampler.songs import Version

FITTING = ("cap", "primary_only", "album_cap", "same_song", "shares")
"""Terms that say what fits beside the picks; the others say what may be drawn."""


@dataclass(frozen=True)
class Terms:
    """The rules that may give way, as they are in force at the moment.

    `widening` is the share of a column's span by which soft ranges are wider;
    `own_rest_only` says that the rest of other lists no longer counts, `may_stay` that
    what is to leave the list at a partial refresh may stay.
    """

    cooldown_days: int
    primary_only: bool
    widening: float
    cap: int
    album_cap: int | None = None
    same_song: tuple[Version, ...] = ()
    own_rest_only: bool = False
    shares: tuple[Share, ...] = ()
    may_stay: bool = False

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
            shares=rules.shares,
        )


class Attempt:
    """The state of one draw.

    The stock is what the filters and the rest let through: the rows of `mask` that
    are not `barred`. Looser terms widen it; `_tiers` lists it in the order in which
    it may be drawn, once the fast path has given up. What is `fixed` stands among
    the picks from the beginning and never leaves.
    """

    def __init__(
        self,
        pool: Pool,
        rest: RestTable,
        seed: tuple[int, int, int],
        standing: Sequence[Standing] = (),
    ) -> None:
        self.pool = pool
        self.library = pool.library
        self.rules = pool.rules
        self.rest = rest
        self.picks = Picks(pool.library, pool.rules)
        self.terms = Terms.of(pool.rules)
        self.mask: Flags = pool.mask
        self.fixed = Fixed()
        if pool.rules.pins or pool.rules.shares or standing:
            self.fixed = fix_places(pool, self.picks, standing, rest.today, seed)
        self._barred: Int64s | None = None
        self._tiers: list[Int64s] = []
        self._bits = Bits(seed, DRAW_STREAM)
        self._budget = Budget()

    @property
    def missing(self) -> int:
        """How many places are still empty."""
        return self.rules.size - len(self.picks)

    def draw_under_all_rules(self) -> None:
        """Fill what can be filled with every rule as it was asked."""
        if self.missing:
            leaving = self.fixed.leaving
            pick_by_rejection(
                self.pool, self.rest, self.picks, self._bits, leaving=leaving
            )
        if self.missing:
            self._tiers.append(np.flatnonzero(self.stock()))
            self._fill(self._tiers)

    def go_on(self, terms: Terms) -> None:
        """Fill what looser terms allow, after all that could be drawn before."""
        before = self.terms
        self._tiers.append(self._opened_by(terms))
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
        self._barred = None
        before, self.terms = self.terms, terms
        if _counted(before) != _counted(terms):
            credits = bins_of(
                self.library,
                album_cap=terms.album_cap,
                primary_only=terms.primary_only,
            )
            self.picks.count(credits, Caps(terms.cap, terms.album_cap))
        if before.same_song != terms.same_song:
            same = sameness_of(self.library, self.rules, terms.same_song)
            self.picks.tell_apart(same)
        if _placed(before) != _placed(terms):
            self.picks.reserve(terms.shares)

    @property
    def barred(self) -> Int64s:
        """The rows, ascending, that rest keeps out under the terms in force."""
        if self._barred is None:
            self._barred = self.barred_under(self.terms)
        return self._barred

    def barred_under(self, terms: Terms) -> Int64s:
        """Return, ascending, the rows that rest keeps out, fixed ones never."""
        barred = self.rest.barred(terms.cooldown_days, own_only=terms.own_rest_only)
        if not self.picks.fixed and not len(self.fixed.leaving):
            return barred
        leaving = without_few if terms.may_stay else with_few
        barred = leaving(barred, self.fixed.leaving)
        return without_few(barred, self._fixed_rows())

    def _fixed_rows(self) -> Int64s:
        return np.array(sorted(self.picks.fixed), np.int64)

    def drawn(self) -> Int64s:
        """Return the picks that were drawn: neither pinned nor left where they were."""
        rows = np.array(self.picks.rows, np.int64)
        return rows[
            ~contains(self._fixed_rows(), rows) & ~contains(self.fixed.leaving, rows)
        ]

    def stays(self) -> list[int]:
        """Return the picks that stay where they were, though they were to leave."""
        if not len(self.fixed.leaving):
            return []
        rows = np.array(self.picks.rows, np.int64)
        staying: list[int] = rows[contains(self.fixed.leaving, rows)].tolist()
        return staying

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

    def closed_in_stock(self) -> Int64s:
        """Return what the shares keep out: stock for which they leave no place.

        A full list has no place for anything; nothing is laid on the shares then.
        """
        if self.picks.room is None or not self.missing:
            return self.barred[:0]
        return self.left_in_stock(self.picks.closed_rows())

    def capped_in_stock(self) -> Int64s:
        """Return what the caps alone keep out: stock by artists or albums at theirs."""
        return self._open(self.left_in_stock(self.picks.capped_rows()))

    def capped_by_artists(self) -> Int64s:
        """Return what the artist cap keeps out, whatever the albums say."""
        full = self.picks.full_artists()
        return self._open(self.left_in_stock(self.picks.credits.rows_of(full)))

    def same_in_stock(self) -> Int64s:
        """Return what only a release or version among the picks keeps out."""
        return self._open(self.left_in_stock(self.picks.same_rows()))

    def _open(self, rows: Int64s) -> Int64s:
        """Leave out the rows for which shares leave no place."""
        room = self.picks.room
        if room is None or not self.missing:
            return rows
        return rows[room.open_rows(rows)]

    def _opened_by(self, terms: Terms) -> Int64s:
        """Put terms in force; return, ascending, the rows that came into stock."""
        before, mask = self.terms, self.mask
        if terms == replace(before, cooldown_days=terms.cooldown_days):
            self.agree(terms)
            return self._rested_since(before.cooldown_days)
        barred = self.barred
        self.agree(terms)
        if self.mask is mask:
            opened = barred[~contains(self.barred, barred)]
            return opened[mask[opened]]
        stock = mask.copy()
        stock[barred] = False
        return np.flatnonzero(self.stock() & ~stock)

    def _rested_since(self, cooldown_days: int) -> Int64s:
        """Return what a shorter cooldown than before lets into stock."""
        terms = self.terms
        rows = self.rest.opened(
            cooldown_days, terms.cooldown_days, own_only=terms.own_rest_only
        )
        out = contains(self._fixed_rows(), rows) | contains(self.fixed.leaving, rows)
        return rows[self.mask[rows] & ~out]

    def _fill(self, tiers: list[Int64s]) -> None:
        """Draw from tiers in their order, then repair with all."""
        self._draw_from(tiers)
        if self.missing and self._budget.searches:
            rows = np.concatenate(self._tiers)
            if repair(self.picks, rows, self.rules.size, self._budget):
                self._draw_from(self._tiers)

    def _draw_from(self, tiers: list[Int64s]) -> None:
        tiers = self._promising(tiers)
        while tiers and self.missing:
            rows = tiers[0][self.picks.fitting(tiers[0])]
            weights = self.pool.weights(rows, self.rest)
            pick_by_keys(rows, weights, self.picks, self.rules.size, self._bits)
            tiers = tiers[1:] if len(rows) else self._promising(tiers[1:])

    def _promising(self, tiers: list[Int64s]) -> list[Int64s]:
        """Leave out tiers of which nothing fits, nor will after further picks."""
        if len(tiers) < 2:
            return tiers
        fits = self.picks.fitting(np.concatenate(tiers))
        owner = np.repeat(np.arange(len(tiers)), [len(tier) for tier in tiers])
        return [tiers[number] for number in np.unique(owner[fits]).tolist()]


def _counted(terms: Terms) -> tuple[object, ...]:
    """Return the terms by which caps are counted."""
    return terms.primary_only, terms.cap, terms.album_cap


def _placed(terms: Terms) -> tuple[object, ...]:
    """Return the terms by which places are kept; new caps need them anew."""
    return *_counted(terms), terms.shares
