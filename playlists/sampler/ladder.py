"""The ladder: rules give way one by one, in a stated order, and say so.

Never among them: duplicates, explicit off, held tracks, the current list, hard
ranges. Separation gives way in `sequence`, which cannot make a list short.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from playlists.sampler.attempt import Attempt, Terms
from playlists.sampler.pool import passing
from playlists.sampler.report import RungUse
from playlists.sampler.rest import NEVER
from playlists.sampler.rules import RungName

SHORTEST_REST_DAYS = 1
WIDENINGS = (0.05, 0.1, 0.2)
"""Shares of a column's natural span by which soft ranges grow, step by step."""


def climb(attempt: Attempt) -> list[RungUse]:
    """Let rules give way until the list is full or the ladder ends.

    Rules that have given way stay so for the rungs that follow. Afterwards each is
    put back as far as the list allows: what is reported, and left in force, is what
    the list breaks, no more.
    """
    uses = []
    for name in attempt.rules.rungs:
        drawn, before = len(attempt.picks), _open_size(attempt)
        for terms in _STEPS[name](attempt):
            if attempt.missing:
                attempt.go_on(terms)
        gained, after = len(attempt.picks) - drawn, _open_size(attempt)
        uses.append(RungUse(name, before, after, gained, {}))
    return _settle(attempt, uses)


def _open_size(attempt: Attempt) -> int:
    """Return how many tracks of the stock the cap lets through, picks included."""
    return attempt.stock_size() - len(attempt.capped_in_stock())


def _shorter_cooldowns(attempt: Attempt) -> Iterator[Terms]:
    """Admit what rests already longest, a day at a time, never below one day."""
    rest = attempt.rest
    days = np.unique((rest.today - rest.left_day)[rest.has_left & ~rest.standing])
    kept = (days >= SHORTEST_REST_DAYS) & (days < attempt.terms.cooldown_days)
    for cooldown_days in days[kept][::-1].tolist():
        yield replace(attempt.terms, cooldown_days=cooldown_days)


def _primary_credits(attempt: Attempt) -> Iterator[Terms]:
    """Count the cap over the first artist of each track alone."""
    if not attempt.terms.primary_only:
        yield replace(attempt.terms, primary_only=True)


def _wider_ranges(attempt: Attempt) -> Iterator[Terms]:
    """Widen the soft ranges, step by step."""
    if any(limit.soft for limit in attempt.rules.ranges):
        for share in WIDENINGS:
            yield replace(attempt.terms, widening=share)


def _higher_caps(attempt: Attempt) -> Iterator[Terms]:
    """Raise the artist cap one by one, as long as it keeps anything out."""
    while attempt.missing and len(attempt.capped_in_stock()):
        yield replace(attempt.terms, cap=attempt.terms.cap + 1)


_STEPS: Mapping[RungName, Callable[[Attempt], Iterator[Terms]]] = {
    "cooldown": _shorter_cooldowns,
    "primary_credits": _primary_credits,
    "soft_ranges": _wider_ranges,
    "artist_cap": _higher_caps,
}

_FIELDS: Mapping[str, str] = {
    "cooldown": "cooldown_days",
    "primary_credits": "primary_only",
    "soft_ranges": "widening",
    "artist_cap": "cap",
}


def _settle(attempt: Attempt, uses: Sequence[RungUse]) -> list[RungUse]:
    """Leave in force the strictest terms that the list keeps, and report them."""
    needed = _strictest_terms(attempt)
    attempt.agree(Terms.of(attempt.rules))
    settled = []
    for use in uses:
        field = _FIELDS[use.name]
        asked, given = getattr(attempt.terms, field), getattr(needed, field)
        if asked != given:
            before = attempt.stock_size()
            attempt.agree(replace(attempt.terms, **{field: given}))
            if attempt.stock_size() > before:
                use = replace(use, pool_before=before, pool_after=attempt.stock_size())
            detail = {"from": float(asked), "to": float(given)}
            settled.append(replace(use, detail=detail))
    return settled


def _strictest_terms(attempt: Attempt) -> Terms:
    """Return the strictest terms, between those asked and those taken."""
    asked, taken = Terms.of(attempt.rules), attempt.terms
    library, picks = attempt.library, attempt.picks
    credits = library.credit_table(primary_only=asked.primary_only)
    primary_only = taken.primary_only and picks.most_by_one(credits) > taken.cap
    credits = library.credit_table(primary_only=asked.primary_only or primary_only)
    return Terms(
        cooldown_days=_longest_cooldown(attempt),
        primary_only=asked.primary_only or primary_only,
        widening=_narrowest_widening(attempt),
        cap=max(asked.cap, picks.most_by_one(credits)),
    )


def _longest_cooldown(attempt: Attempt) -> int:
    if attempt.rules.cooldown_days == 0:
        return 0
    left_days = attempt.rest.left_days(np.array(attempt.picks.rows, np.int64))
    rests = attempt.rest.today - left_days[left_days != NEVER]
    return int(rests.min(initial=attempt.rules.cooldown_days))


def _narrowest_widening(attempt: Attempt) -> float:
    library, rules, rows = attempt.library, attempt.rules, attempt.picks.rows
    if attempt.pool.mask[rows].all():
        return 0.0
    return next(s for s in WIDENINGS if passing(library, rules, s)[rows].all())
