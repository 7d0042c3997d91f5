"""The binding rule: which one keeps a short list short, and what giving way brings."""

from dataclasses import replace

import numpy as np

from playlists.sampler.arrays import Int64s, marked
from playlists.sampler.attempt import Attempt
from playlists.sampler.picks import Picks
from playlists.sampler.pool import passing
from playlists.sampler.report import BindingRule
from playlists.sampler.rules import Rules

MOST_ARTISTS = 20
FILL_SCAN = 256
LIBRARY = "library"
"""Named as binding where no single rule's absence would help: there is no more."""


def binding_rule_of(attempt: Attempt, capped: Int64s) -> BindingRule | None:
    """Return what binds a short list, None for a full one.

    `capped` are the rows that the cap alone keeps out.
    """
    if not attempt.missing:
        return None
    gains = _gains(attempt, capped)
    rule = max(gains, key=lambda name: gains[name])
    artists = _full_artists(attempt, capped)
    return BindingRule(
        rule=rule if gains[rule] else _tightest(attempt, capped),
        artist_ids=artists[:MOST_ARTISTS],
        artist_count=len(artists),
        gains={name: gain for name, gain in gains.items() if gain},
    )


def _gains(attempt: Attempt, capped: Int64s) -> dict[str, int]:
    """Return for each rule how many places it alone keeps empty."""
    rules, picks, goal = attempt.rules, attempt.picks, attempt.rules.size
    uncapped = picks.copy()
    uncapped.count(picks.credits, goal)
    resting = attempt.barred[attempt.mask[attempt.barred]]
    any_value = _outside(attempt, replace(rules, ranges=()))
    any_words = _outside(attempt, replace(rules, explicit="allow"))
    return {
        "artist_cap": _fill(uncapped, capped, goal),
        "cooldown": _fill(picks.copy(), resting, goal),
        "ranges": _fill(picks.copy(), any_value, goal),
        "explicit": _fill(picks.copy(), any_words, goal),
    }


def _outside(attempt: Attempt, looser: Rules) -> Int64s:
    """Return the rows that looser filters would let through and that do not rest."""
    if looser == attempt.rules:
        return np.zeros(0, np.int64)
    passes = passing(attempt.library, looser) & ~attempt.mask
    passes[attempt.barred] = False
    return np.flatnonzero(passes)


def _fill(picks: Picks, rows: Int64s, goal: int) -> int:
    """Return how many of `rows` still fit, up to the goal, first come first served."""
    before = len(picks)
    while len(picks) < goal:
        rows = rows[picks.fitting(rows)]
        if not len(rows):
            break
        picks.add_in_order(rows[:FILL_SCAN], goal)
    return len(picks) - before


def _tightest(attempt: Attempt, capped: Int64s) -> str:
    """Name the rule to blame where only two together would have helped."""
    if len(capped):
        return "artist_cap"
    return "cooldown" if attempt.mask[attempt.barred].any() else LIBRARY


def _full_artists(attempt: Attempt, capped: Int64s) -> tuple[int, ...]:
    """Return the artists whose cap keeps tracks out, those that keep out most first."""
    kept_out: dict[int, int] = {}
    is_capped = marked(capped, len(attempt.library))
    for artist in np.sort(attempt.picks.full_artists()).tolist():
        rows = attempt.picks.credits.rows_of(np.array([artist]))
        count = int(np.count_nonzero(is_capped[rows]))
        if count:
            kept_out[artist] = count
    return tuple(sorted(kept_out, key=lambda artist: -kept_out[artist]))
