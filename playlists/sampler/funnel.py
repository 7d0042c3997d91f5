"""The funnel: how many tracks each rule took away, from the library to the list."""

from collections.abc import Sequence

import numpy as np

from playlists.sampler.attempt import Attempt
from playlists.sampler.library import Int64s
from playlists.sampler.report import FunnelStep, RungUse

GIVEN_BACK = {
    "cooldown": "Given back by a shorter rest",
    "soft_ranges": "Given back by wider ranges",
}


def funnel_of(attempt: Attempt, rungs: Sequence[RungUse]) -> tuple[FunnelStep, ...]:
    """Return the steps of a finished draw; what is left always follows from them."""
    steps = list(attempt.pool.steps)
    for key, label, taken in _taken(attempt, rungs):
        steps.append(FunnelStep(key, label, taken, steps[-1].left - taken))
    return tuple(steps)


def _taken(attempt: Attempt, rungs: Sequence[RungUse]) -> list[tuple[str, str, int]]:
    standing, resting = _resting(attempt)
    capped = attempt.capped_in_stock()
    same = _same_in_stock(attempt, capped)
    stock = attempt.stock_size()
    rest_of_stock = stock - len(capped) - same - len(attempt.picks)
    return [
        ("current", "In the list now", standing),
        ("cooldown", "Resting", resting),
        *_given_back(rungs),
        ("artist_cap", "Artist at the cap", len(capped)),
        ("title", "Same recording", same),
        ("drawn", "Drawn", rest_of_stock),
    ]


def _resting(attempt: Attempt) -> tuple[int, int]:
    """Count what stands in the list and what rests, under the rules as asked."""
    rest, mask = attempt.rest, attempt.pool.mask
    barred = rest.barred(attempt.rules.cooldown_days)
    barred = barred[mask[barred]]
    standing = np.count_nonzero(np.isin(barred, rest.rows[rest.standing]))
    return int(standing), len(barred) - int(standing)


def _given_back(rungs: Sequence[RungUse]) -> list[tuple[str, str, int]]:
    return [
        (f"rung_{rung.name}", GIVEN_BACK[rung.name], rung.pool_before - rung.pool_after)
        for rung in rungs
        if rung.name in GIVEN_BACK
    ]


def _same_in_stock(attempt: Attempt, capped: Int64s) -> int:
    """Count the releases that only a recording already in the list keeps out."""
    same = np.setdiff1d(attempt.picks.same_rows(), attempt.picks.rows)
    return len(np.setdiff1d(attempt.in_stock(same), capped))
