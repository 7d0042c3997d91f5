"""The funnel: how many tracks each rule took away, from the library to the list."""

from collections.abc import Sequence

import numpy as np

from playlists.sampler.arrays import Int64s, contains
from playlists.sampler.attempt import Attempt, Terms
from playlists.sampler.report import FunnelStep, RungUse

GIVEN_BACK = {
    "refresh_share": "Given back by a longer stay",
    "cooldown": "Given back by a shorter rest",
    "rest_scope": "Given back by other lists",
    "soft_ranges": "Given back by wider ranges",
}


def funnel_of(
    attempt: Attempt, rungs: Sequence[RungUse], capped: Int64s
) -> tuple[FunnelStep, ...]:
    """Return the steps of a finished draw; what is left always follows from them.

    `capped` are the rows that the cap alone keeps out.
    """
    steps = list(attempt.pool.steps)
    for key, label, taken in _taken(attempt, rungs, capped):
        steps.append(FunnelStep(key, label, taken, steps[-1].left - taken))
    return tuple(steps)


def _taken(
    attempt: Attempt, rungs: Sequence[RungUse], capped: Int64s
) -> list[tuple[str, str, int]]:
    standing, resting = _resting(attempt)
    closed, same = len(attempt.closed_in_stock()), _same_in_stock(attempt, capped)
    by_artist = len(attempt.capped_by_artists())
    by_album = len(capped) - by_artist
    kept_out = closed + len(capped) + same
    rest = attempt.stock_size() - kept_out - len(attempt.picks)
    return [
        ("current", "In the list now", standing),
        ("cooldown", "Resting", resting),
        *_given_back(rungs),
        *([("shares", "Places kept for other collections", closed)] if closed else []),
        ("artist_cap", "Artist at the cap", by_artist),
        *([("album_cap", "Album at the cap", by_album)] if by_album else []),
        ("title", "Same song" if attempt.rules.same_song else "Same recording", same),
        ("drawn", "Drawn", rest),
    ]


def _resting(attempt: Attempt) -> tuple[int, int]:
    """Count what stands in the list and what rests, under the rules as asked."""
    rest = attempt.rest
    barred = attempt.barred_under(Terms.of(attempt.rules))
    barred = barred[attempt.pool.mask[barred]]
    count = int(np.count_nonzero(contains(rest.rows[rest.standing], barred)))
    return count, len(barred) - count


def _given_back(rungs: Sequence[RungUse]) -> list[tuple[str, str, int]]:
    return [
        (f"rung_{rung.name}", GIVEN_BACK[rung.name], rung.pool_before - rung.pool_after)
        for rung in rungs
        if rung.name in GIVEN_BACK
    ]


def _same_in_stock(attempt: Attempt, capped: Int64s) -> int:
    """Count the releases that only a recording already in the list keeps out."""
    same = attempt.same_in_stock()
    return int(np.count_nonzero(~contains(capped, same)))
