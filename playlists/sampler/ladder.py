"""The ladder: rules give way one by one, in a stated order, and say so.

Never among them: duplicates, explicit off, held and blocked tracks, the current list
unless parts of it stay anyway, hard ranges. Separation gives way in `sequence`, which
cannot make a list short.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from playlists.sampler.arrays import Flags, run_lengths
from playlists.sampler.attempt import Attempt, Terms
from playlists.sampler.binding import fill_up
from playlists.sampler.pool import passing
from playlists.sampler.report import RungUse
from playlists.sampler.rest import NEVER, RestTable
from playlists.sampler.rules import RungName

SHORTEST_REST_DAYS = 1
WIDENINGS = (0.05, 0.1, 0.2)
"""Shares of a column's natural span by which soft ranges grow, step by step."""
CAP_RUNGS = frozenset({"primary_credits", "album_cap", "artist_cap"})
FIT_RUNGS = CAP_RUNGS | {"same_song", "shares"}
"""Rungs about what fits beside the picks; the others let more tracks be drawn."""


def climb(attempt: Attempt) -> list[RungUse]:
    """Let rules give way until the list is full or the ladder ends.

    Rules that have given way stay so for the rungs that follow. Afterwards each is
    put back as far as the list allows: what is reported, and left in force, is what
    the list breaks, no more.
    """
    uses = [_take(attempt, name) for name in attempt.rules.rungs if attempt.missing]
    if attempt.missing:
        attempt.finish()
    return _settle(attempt, uses)


def _take(attempt: Attempt, name: RungName) -> RungUse:
    """Let one rule give way, step by step, until the list is full."""
    drawn, before = len(attempt.picks), _open_size(attempt, name)
    for terms in _STEPS[name](attempt):
        if attempt.missing:
            attempt.go_on(terms)
    gained, after = len(attempt.picks) - drawn, _open_size(attempt, name)
    return RungUse(name, before, after, gained, {})


def _open_size(attempt: Attempt, name: RungName) -> int:
    """Return how many tracks are admissible; for the cap's own rungs, under it too."""
    stock = attempt.stock_size()
    if name == "same_song":
        return stock - len(attempt.same_in_stock())
    if name == "shares":
        return stock - len(attempt.closed_in_stock())
    return stock - len(attempt.capped_in_stock()) if name in CAP_RUNGS else stock


def _longer_stay(attempt: Attempt) -> Iterator[Terms]:
    """Let what a partial refresh was to replace stay on its place."""
    if len(attempt.fixed.leaving):
        yield replace(attempt.terms, may_stay=True)


def _no_shares(attempt: Attempt) -> Iterator[Terms]:
    """Fill the places that collections cannot fill from all tracks."""
    if attempt.terms.shares:
        yield replace(attempt.terms, shares=())


def _shorter_cooldowns(attempt: Attempt) -> Iterator[Terms]:
    """Admit what rests already longest, a day at a time, never below one day."""
    days = attempt.rest.days_away()
    days = days[(days >= SHORTEST_REST_DAYS) & (days < attempt.terms.cooldown_days)]
    for cooldown_days in np.flatnonzero(np.bincount(days))[::-1].tolist():
        yield replace(attempt.terms, cooldown_days=cooldown_days)


def _own_rest(attempt: Attempt) -> Iterator[Terms]:
    """Let only what rests in this very list rest."""
    if attempt.rest.elsewhere is not None:
        yield replace(attempt.terms, own_rest_only=True)


def _primary_credits(attempt: Attempt) -> Iterator[Terms]:
    """Count the cap over the first artist of each track alone."""
    if not attempt.terms.primary_only:
        yield replace(attempt.terms, primary_only=True)


def _wider_ranges(attempt: Attempt) -> Iterator[Terms]:
    """Widen the soft ranges, step by step."""
    if any(one.soft for one in attempt.rules.filters):
        for share in WIDENINGS:
            yield replace(attempt.terms, widening=share)


def _higher_caps(attempt: Attempt) -> Iterator[Terms]:
    """Raise the artist cap, as little as may do, while it keeps anything out."""
    least = _least_cap(attempt)
    while attempt.missing and len(attempt.capped_by_artists()):
        cap = max(attempt.terms.cap + 1, least)
        yield replace(attempt.terms, cap=cap)


def _higher_album_caps(attempt: Attempt) -> Iterator[Terms]:
    """Raise the album cap in growing steps while it keeps anything out."""
    step = 1
    while (
        attempt.missing
        and attempt.terms.album_cap is not None
        and len(attempt.picks.full_albums())
        and len(attempt.capped_in_stock())
        and attempt.terms.album_cap < attempt.rules.size
    ):
        yield replace(attempt.terms, album_cap=attempt.terms.album_cap + step)
        step *= 2


def _other_versions(attempt: Attempt) -> Iterator[Terms]:
    """Let another recording of a song in, though never the same one."""
    if attempt.terms.same_song:
        yield replace(attempt.terms, same_song=())


def _least_cap(attempt: Attempt) -> int:
    """Return a cap below which no list is as long as one without a cap can be.

    Each track has one first artist at most, so the tracks of each, up to the cap,
    and those that credit nobody bound the list from above. And what is not by the
    artist of most tracks is all that can be beside theirs.
    """
    credits, stock = attempt.library.primary_credits, attempt.stock()
    rows = np.repeat(np.arange(len(stock)), credits.lengths)
    nobody = np.count_nonzero(stock & (credits.lengths == 0))
    counts = run_lengths(credits.artist_ids[stock[rows]])
    counts = np.concatenate((counts, np.ones(nobody, np.int64)))
    goal = _length_without_cap(attempt, stock)
    by_all = attempt.library.credit_table(primary_only=attempt.terms.primary_only)
    stock_size = int(np.count_nonzero(stock))
    least = max(1, goal - (stock_size - by_all.most_of_one(stock)))
    caps = range(least, attempt.rules.size + 1)
    enough = (cap for cap in caps if np.minimum(counts, cap).sum() >= goal)
    return next(enough, attempt.rules.size)


def _length_without_cap(attempt: Attempt, stock: Flags) -> int:
    """Return how long a list that any artist may fill becomes from the picks."""
    picks, size = attempt.picks.copy(), attempt.rules.size
    picks.count(picks.credits, replace(picks.caps, artist=size))
    fill_up(picks, np.flatnonzero(stock), size)
    return len(picks)


_STEPS: Mapping[RungName, Callable[[Attempt], Iterator[Terms]]] = {
    "refresh_share": _longer_stay,
    "shares": _no_shares,
    "cooldown": _shorter_cooldowns,
    "rest_scope": _own_rest,
    "primary_credits": _primary_credits,
    "album_cap": _higher_album_caps,
    "same_song": _other_versions,
    "soft_ranges": _wider_ranges,
    "artist_cap": _higher_caps,
}

_FIELDS: Mapping[RungName, str] = {
    "refresh_share": "may_stay",
    "shares": "shares",
    "cooldown": "cooldown_days",
    "rest_scope": "own_rest_only",
    "primary_credits": "primary_only",
    "album_cap": "album_cap",
    "same_song": "same_song",
    "soft_ranges": "widening",
    "artist_cap": "cap",
}


def _settle(attempt: Attempt, uses: Sequence[RungUse]) -> list[RungUse]:
    """Leave in force the strictest terms that the list keeps, and report them."""
    if not uses:
        return []
    needed = _strictest_terms(attempt)
    attempt.agree(Terms.of(attempt.rules))
    settled = [_settle_one(attempt, use, needed) for use in uses]
    return [use for use in settled if use is not None]


def _settle_one(attempt: Attempt, use: RungUse, needed: Terms) -> RungUse | None:
    field = _FIELDS[use.name]
    asked, given = getattr(attempt.terms, field), getattr(needed, field)
    if asked == given:
        return None
    before = _open_size(attempt, use.name)
    attempt.agree(replace(attempt.terms, **{field: given}))
    asked, given = _in_numbers(attempt, use.name, asked, given)
    detail = {"from": float(asked), "to": float(given)}
    if use.name in FIT_RUNGS:
        return replace(use, detail=detail)
    after = _open_size(attempt, use.name)
    return replace(use, pool_before=before, pool_after=after, detail=detail)


def _in_numbers(
    attempt: Attempt, name: RungName, asked: Any, given: Any
) -> tuple[float, float]:
    """Return what was asked and what the list needed, as the report says them."""
    match name:
        case "same_song":
            return len(asked), len(given)
        case "shares":
            return attempt.picks.share_places(asked)
        case "refresh_share":
            changes = attempt.rules.changes
            return changes, changes - len(attempt.stays())
    return asked, given


def _strictest_terms(attempt: Attempt) -> Terms:
    """Return the strictest terms, between those asked and those taken."""
    asked, taken = Terms.of(attempt.rules), attempt.terms
    library, picks = attempt.library, attempt.picks
    credits = library.credit_table(primary_only=asked.primary_only)
    primary_only = taken.primary_only and picks.most_by_one(credits) > taken.cap
    credits = library.credit_table(primary_only=asked.primary_only or primary_only)
    cooldown_days, own_rest_only = _longest_rest(attempt)
    return Terms(
        cooldown_days=cooldown_days,
        own_rest_only=own_rest_only,
        primary_only=asked.primary_only or primary_only,
        widening=_narrowest_widening(attempt),
        cap=max(asked.cap, picks.most_by_one(credits)),
        album_cap=asked.album_cap and max(asked.album_cap, picks.most_of_one_album()),
        same_song=asked.same_song if picks.keeps_apart(asked.same_song) else (),
        shares=asked.shares if picks.keeps_shares(asked.shares) else (),
        may_stay=bool(attempt.stays()),
    )


def _longest_rest(attempt: Attempt) -> tuple[int, bool]:
    """Return the longest cooldown that the picks keep, and whether here alone."""
    own = _longest_cooldown(attempt, attempt.rest)
    if attempt.rest.elsewhere is None:
        return own, False
    everywhere = min(own, _longest_cooldown(attempt, attempt.rest.elsewhere))
    if attempt.terms.own_rest_only and everywhere < attempt.terms.cooldown_days:
        return own, True
    return everywhere, False


def _longest_cooldown(attempt: Attempt, rest: RestTable) -> int:
    if attempt.rules.cooldown_days == 0:
        return 0
    left_days = rest.left_days(attempt.drawn())
    rests = rest.today - left_days[left_days != NEVER]
    return int(rests.min(initial=attempt.rules.cooldown_days))


def _narrowest_widening(attempt: Attempt) -> float:
    library, rules, rows = attempt.library, attempt.rules, attempt.picks.rows
    if attempt.pool.mask[rows].all():
        return 0.0
    return next(s for s in WIDENINGS if passing(library, rules, s)[rows].all())
