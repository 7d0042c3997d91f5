"""A pool: the rows of a library that pass a rule set's filters, ready to draw from."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from playlists.sampler.arrays import (
    PART,
    Flags,
    Float64s,
    Int16s,
    Int32s,
    Int64s,
    contains,
)
from playlists.sampler.library import Library
from playlists.sampler.preference import popularity_weight, rest_weight, use_weight
from playlists.sampler.report import FunnelStep
from playlists.sampler.rest import RestTable
from playlists.sampler.rules import Rules

MOST_BUCKETS = 1 << 20


@dataclass(frozen=True)
class Pool:
    """A library seen through one rule set; serves any number of draws.

    `mask` marks the rows that pass, `rows` lists them; `prefix` are the running sums
    of their envelope weights (how little they were used, and where wanted how popular
    they are), from which the fast path draws. `guide` says for each of 2**k equal
    parts of [0, 1) at which place of `prefix` it begins, so that a look-up costs the
    same in every pool (Chen and Asau 1974); `strides` halve the widest part down to
    one place. `steps` is the part of the funnel that the filters fill.
    """

    library: Library
    rules: Rules
    mask: Flags
    rows: Int32s
    prefix: Float64s
    guide: Int32s
    strides: tuple[int, ...]
    mean_use: float
    mean_day: float
    mean_popularity: float
    steps: tuple[FunnelStep, ...]

    def at(self, uniforms: Float64s) -> Int64s:
        """Return the rows that uniform numbers point at, by inverse CDF.

        What rounding lifts to the sum of all weights points at the last row.
        """
        wanted = uniforms * self.prefix[-1]
        parts = (uniforms * len(self.guide)).astype(np.int64)
        before = np.subtract(self.guide[parts], 1, dtype=np.int64)
        for stride in self.strides:
            ahead = before + stride
            is_below = self.prefix.take(ahead, mode="clip") <= wanted
            np.copyto(before, ahead, where=is_below)
        before += 1
        if len(self.rows) == len(self.library):
            return np.minimum(before, len(self.rows) - 1, out=before)
        return self.rows.take(before, mode="clip").astype(np.int64)

    def envelope(self, rows: Int64s | Int32s) -> Float64s:
        """Return the static weights, those the prefix sums are made of."""
        return _envelope(
            self.library, self.rules, rows, self.mean_use, self.mean_popularity
        )

    def thinning(self, rows: Int64s | Int32s, rest: RestTable) -> Float64s:
        """Return the chance, in (0, 1], that a candidate is kept: longer rest, higher."""
        days = np.maximum(self.library.last_used_day[rows], rest.left_days(rows))
        return self._weights_of(days, rest.today)

    def chances(self, rows: Int64s, rest: RestTable) -> Float64s:
        """Return `thinning` under all rules: 0 of what rests.

        Few rows of a large library have ever stood in one list, and nothing is asked
        of the others but when they were used.
        """
        days, cooldown_days = self.library.last_used_day[rows], self.rules.cooldown_days
        met, own = rest.meet(rows)
        if len(met):
            days[met] = np.maximum(days[met], rest.left_day[own])
        chances = self._weights_of(days, rest.today)
        if len(met):
            chances[met[rest.bars(own, cooldown_days)]] = 0.0
        if rest.elsewhere is not None:
            chances[contains(rest.elsewhere.barred(cooldown_days), rows)] = 0.0
        return chances

    def _weights_of(self, days: Int64s | Int32s, today: int) -> Float64s:
        """Return the weight of days of last use, from -1 (never) on.

        Read from a table of all days up to today; what is used later weighs the same.
        """
        table = self._by_day.get(today)
        if table is None:
            table = rest_weight(np.arange(-1, today + 1), today, self.mean_day)
            self._by_day.clear()
            self._by_day[today] = table
        return table.take(days + 1, mode="clip")

    @cached_property
    def _by_day(self) -> dict[int, Float64s]:
        return {}

    def weights(self, rows: Int64s, rest: RestTable) -> Float64s:
        """Return the weights that a draw is proportional to."""
        return self.envelope(rows) * self.thinning(rows, rest)


def build_pool(library: Library, rules: Rules) -> Pool:
    """Compile a library and a rule set into a pool, in time linear in the library."""
    mask, steps = _filter(library, rules)
    rows = np.flatnonzero(mask).astype(np.int32)
    days, popularity = library.last_used_day[rows], library.popularity[rows]
    mean_use = _mean(library.use_count[rows])
    mean_popularity = _mean(popularity[popularity >= 0])
    prefix = np.empty(len(rows))
    for start in range(0, len(rows), PART):
        part = slice(start, start + PART)
        prefix[part] = _envelope(library, rules, rows[part], mean_use, mean_popularity)
    np.cumsum(prefix, out=prefix)
    guide = _guide(prefix)
    return Pool(
        library=library,
        rules=rules,
        mask=mask,
        rows=rows,
        prefix=prefix,
        guide=guide,
        strides=_strides(guide, len(rows)),
        mean_use=mean_use,
        mean_day=_mean(days[days >= 0]),
        mean_popularity=mean_popularity,
        steps=tuple(steps),
    )


def _envelope(
    library: Library,
    rules: Rules,
    rows: Int64s | Int32s,
    mean_use: float,
    mean_popularity: float,
) -> Float64s:
    weights = use_weight(library.use_count[rows], mean_use)
    if rules.popularity_weight:
        popularity = library.popularity[rows]
        weights *= popularity_weight(
            popularity, mean_popularity, rules.popularity_weight
        )
    return weights


def _guide(prefix: Float64s) -> Int32s:
    """Return the look-up table of a pool; its length is a power of two.

    Where a part begins, rounding errs in the same direction as for the numbers that
    fall into it, so no look-up begins behind its place.
    """
    count = 1
    while count < min(len(prefix), MOST_BUCKETS):
        count *= 2
    starts = np.arange(count) / count * (prefix[-1] if len(prefix) else 0.0)
    places = np.searchsorted(prefix, starts, side="right")
    return np.minimum(places, max(len(prefix) - 1, 0)).astype(np.int32)


def _strides(guide: Int32s, count: int) -> tuple[int, ...]:
    """Return powers of two, the largest first, that reach over any part of a guide."""
    widest = int(np.diff(guide, append=max(count - 1, 0)).max())
    return tuple(1 << power for power in reversed(range(widest.bit_length())))


def passing(library: Library, rules: Rules, widening: float = 0.0) -> Flags:
    """Mark the rows that pass the filters, soft ranges widened by a share of a span."""
    mask = explicit_passes(library, rules)
    for one in rules.filters:
        mask &= one.passes(library, widening)
    return mask


def filter_steps(library: Library, rules: Rules) -> tuple[FunnelStep, ...]:
    """Return the part of the funnel that the filters fill, without a pool."""
    return tuple(_filter(library, rules)[1])


def _filter(library: Library, rules: Rules) -> tuple[Flags, list[FunnelStep]]:
    steps = _steps_before(library)
    mask = np.ones(len(library), np.bool_)
    tests = [("explicit", "Explicit or not", explicit_passes(library, rules))]
    tests += [(one.key, one.label, one.passes(library, 0.0)) for one in rules.filters]
    for key, label, passes in tests:
        mask &= passes
        left = int(np.count_nonzero(mask))
        if key != "explicit" or rules.explicit != "allow":
            steps.append(FunnelStep(key, label, steps[-1].left - left, left))
    return mask, steps


def _steps_before(library: Library) -> list[FunnelStep]:
    """Return the funnel's steps down to what the library's columns hold."""
    usable = len(library)
    total = usable + library.held_tracks + library.blocked_tracks
    total = max(library.total_tracks, total)
    elsewhere = total - library.held_tracks - library.blocked_tracks - usable
    steps = [FunnelStep("library", "In the library", 0, total)]
    if library.held_tracks:
        left = total - library.held_tracks
        steps.append(FunnelStep("held", "Held back", library.held_tracks, left))
    if library.blocked_tracks:
        left = steps[-1].left - library.blocked_tracks
        label = "Blocked for every playlist"
        steps.append(FunnelStep("blocked", label, library.blocked_tracks, left))
    if elsewhere:
        label = "Not in the playlist's collections"
        steps.append(FunnelStep("elsewhere", label, elsewhere, usable))
    return steps


def explicit_passes(library: Library, rules: Rules) -> Flags:
    """Mark the rows that pass the rule about explicit tracks."""
    if rules.explicit == "allow":
        return np.ones(len(library), np.bool_)
    wanted = 1 if rules.explicit == "only" else 0
    passes: Flags = library.explicit == wanted
    return passes


def _mean(counts: Int32s | Int16s) -> float:
    return int(counts.sum(dtype=np.int64)) / len(counts) if len(counts) else 0.0
