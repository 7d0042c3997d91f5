"""The ladder: rules give way one by one, in a stated order, and say so.

Never among them: duplicates, explicit off, held tracks, the current list, hard
ranges. Separation gives way in `sequence`, which cannot make a list short.
"""

from collections.abc import Callable, Mapping

import numpy as np

from playlists.sampler.attempt import Attempt
from playlists.sampler.pool import passing
from playlists.sampler.report import RungUse
from playlists.sampler.rules import RungName

SHORTEST_REST_DAYS = 1
WIDENINGS = (0.05, 0.1, 0.2)
"""Shares of a column's natural span by which soft ranges grow, step by step."""


def climb(attempt: Attempt) -> None:
    """Let rules give way until the list is full or the ladder ends."""
    for name in attempt.rules.rungs:
        if attempt.missing:
            _RUNGS[name](attempt)


def _shorten_cooldown(attempt: Attempt) -> None:
    """Admit what rests already longest, a day at a time, never below one day."""
    before, drawn = attempt.stock_size(), len(attempt.picks)
    for days in _rest_days(attempt):
        earlier = attempt.barred
        attempt.cooldown_days = days
        attempt.barred = attempt.rest.barred(days)
        attempt.admit(attempt.in_stock(np.setdiff1d(earlier, attempt.barred)))
        if not attempt.missing:
            break
    if attempt.stock_size() > before:
        detail = {"from": attempt.rules.cooldown_days, "to": attempt.cooldown_days}
        after = attempt.stock_size()
        _record(attempt, "cooldown", before, after, drawn, detail)


def _rest_days(attempt: Attempt) -> list[int]:
    """Return the rests to which a cooldown can be shortened, longest first."""
    rest = attempt.rest
    days = np.unique((rest.today - rest.left_day)[rest.has_left & ~rest.standing])
    kept = (days >= SHORTEST_REST_DAYS) & (days < attempt.cooldown_days)
    longest_first: list[int] = days[kept][::-1].tolist()
    return longest_first


def _count_primary_credits(attempt: Attempt) -> None:
    """Count the cap over the first artist of each track alone."""
    if attempt.rules.primary_only:
        return
    before, drawn = _uncapped(attempt), len(attempt.picks)
    attempt.picks.count_on(attempt.library.primary_credits)
    after = _uncapped(attempt)
    attempt.refill()
    if after > before:
        detail = {"cap": attempt.picks.cap}
        _record(attempt, "primary_credits", before, after, drawn, detail)


def _widen_ranges(attempt: Attempt) -> None:
    """Widen the soft ranges, step by step."""
    if not any(limit.soft for limit in attempt.rules.ranges):
        return
    before, drawn = attempt.stock_size(), len(attempt.picks)
    for share in WIDENINGS:
        earlier = attempt.mask
        attempt.mask = passing(attempt.library, attempt.rules, share)
        attempt.admit(attempt.in_stock(np.flatnonzero(attempt.mask & ~earlier)))
        if not attempt.missing:
            break
    if attempt.stock_size() > before:
        after = attempt.stock_size()
        _record(attempt, "soft_ranges", before, after, drawn, {"share": share})


def _raise_cap(attempt: Attempt) -> None:
    """Raise the artist cap one by one, as far as the list needs it."""
    before, drawn, cap = _uncapped(attempt), len(attempt.picks), attempt.picks.cap
    while attempt.missing and len(attempt.capped_in_stock()):
        attempt.picks.cap += 1
        attempt.refill()
    if attempt.picks.cap > cap:
        detail = {"from": cap, "to": attempt.picks.cap}
        _record(attempt, "artist_cap", before, _uncapped(attempt), drawn, detail)


def _uncapped(attempt: Attempt) -> int:
    return attempt.stock_size() - len(attempt.capped_in_stock())


def _record(
    attempt: Attempt,
    name: RungName,
    before: int,
    after: int,
    drawn: int,
    detail: Mapping[str, float],
) -> None:
    gained = len(attempt.picks) - drawn
    attempt.rungs.append(RungUse(name, before, after, gained, dict(detail)))


_RUNGS: dict[RungName, Callable[[Attempt], None]] = {
    "cooldown": _shorten_cooldown,
    "primary_credits": _count_primary_credits,
    "soft_ranges": _widen_ranges,
    "artist_cap": _raise_cap,
}
