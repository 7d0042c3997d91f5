"""The binding rule: which one keeps a short list short, and what giving way brings."""

from dataclasses import replace

import numpy as np

from playlists.sampler.attempt import Attempt
from playlists.sampler.library import Int64s
from playlists.sampler.picks import Picks
from playlists.sampler.pool import passing
from playlists.sampler.report import BindingRule
from playlists.sampler.rest import contains

MOST_ARTISTS = 20
LIBRARY = "library"
"""Named as binding where no single rule's absence would help: there is no more."""


def binding_rule_of(attempt: Attempt) -> BindingRule | None:
    """Return what binds a short list, None for a full one."""
    if not attempt.missing:
        return None
    gains = {
        "artist_cap": _gain_without_cap(attempt),
        "cooldown": _gain_of(attempt, attempt.barred[attempt.mask[attempt.barred]]),
        "ranges": _gain_without_filter(attempt, "ranges"),
        "explicit": _gain_without_filter(attempt, "explicit"),
    }
    rule = max(gains, key=lambda name: gains[name])
    artists = _full_artists(attempt)
    return BindingRule(
        rule=rule if gains[rule] else _tightest(attempt),
        artist_ids=artists[:MOST_ARTISTS],
        artist_count=len(artists),
        gains={name: gain for name, gain in gains.items() if gain},
    )


def _gain_without_cap(attempt: Attempt) -> int:
    picks = attempt.picks.copy()
    picks.cap = attempt.rules.size
    return _fill(picks, attempt.capped_in_stock(), attempt.rules.size)


def _gain_without_filter(attempt: Attempt, name: str) -> int:
    rules = attempt.rules
    looser = (
        replace(rules, ranges=())
        if name == "ranges"
        else replace(rules, explicit="allow")
    )
    if looser == rules:
        return 0
    rows = np.flatnonzero(passing(attempt.library, looser) & ~attempt.mask)
    return _gain_of(attempt, rows[~contains(attempt.barred, rows)])


def _gain_of(attempt: Attempt, rows: Int64s) -> int:
    return _fill(attempt.picks.copy(), rows, attempt.rules.size)


def _fill(picks: Picks, rows: Int64s, goal: int) -> int:
    """Return how many of `rows` still fit, up to the goal, first come first served."""
    before = len(picks)
    while len(picks) < goal:
        rows = rows[picks.fitting(rows)]
        if not len(rows):
            break
        for row in rows[:256].tolist():
            if len(picks) < goal:
                picks.try_add(row)
    return len(picks) - before


def _tightest(attempt: Attempt) -> str:
    """Name the rule to blame where only two together would have helped."""
    if len(attempt.capped_in_stock()):
        return "artist_cap"
    return "cooldown" if attempt.mask[attempt.barred].any() else LIBRARY


def _full_artists(attempt: Attempt) -> tuple[int, ...]:
    """Return the artists whose cap keeps tracks out, those that keep out most first."""
    kept_out: dict[int, int] = {}
    full = np.sort(attempt.picks.full_artists())
    for artist in full.tolist():
        rows = attempt.picks.credits.rows_of(np.array([artist]))
        rows = np.setdiff1d(attempt.in_stock(np.unique(rows)), attempt.picks.rows)
        if len(rows):
            kept_out[artist] = len(rows)
    return tuple(sorted(kept_out, key=lambda artist: -kept_out[artist]))
