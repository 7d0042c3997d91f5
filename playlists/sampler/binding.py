"""The binding rule: which one keeps a short list short, and what giving way brings."""

from dataclasses import replace

import numpy as np

from playlists.sampler.arrays import Int64s, contains, distinct, marked
from playlists.sampler.attempt import Attempt
from playlists.sampler.picks import Picks, sameness_of
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
    by_artist = attempt.capped_by_artists()
    return BindingRule(
        rule=rule if gains[rule] else _tightest(attempt, capped),
        artist_ids=artists[:MOST_ARTISTS],
        artist_count=len(artists),
        gains={name: gain for name, gain in gains.items() if gain},
        by_guests=_by_guests(attempt, by_artist),
    )


def _by_guests(attempt: Attempt, capped: Int64s) -> int:
    """Count the tracks whose first artist has room: a featured one keeps them out."""
    first = attempt.library.primary_credits.rows_of(attempt.picks.full_artists())
    first = distinct(first, len(attempt.library))
    return int(np.count_nonzero(~contains(first, capped)))


def _gains(attempt: Attempt, capped: Int64s) -> dict[str, int]:
    """Return for each rule how many places it alone keeps empty."""
    rules, picks, goal = attempt.rules, attempt.picks, attempt.rules.size
    resting = attempt.barred[attempt.mask[attempt.barred]]
    any_value = _outside(attempt, replace(rules, ranges=()))
    any_name = _outside(attempt, replace(rules, choices=()))
    any_words = _outside(attempt, replace(rules, explicit="allow"))
    any_artist, any_album, any_version = picks.copy(), picks.copy(), picks.copy()
    any_artist.count(picks.credits, replace(picks.caps, artist=goal))
    if picks.caps.album is not None:
        any_album.count(picks.credits, replace(picks.caps, album=goal))
    if attempt.terms.same_song:
        any_version.tell_apart(sameness_of(attempt.library, rules, ()))
    any_source = picks.copy()
    any_source.reserve(())
    leaving = attempt.fixed.leaving
    return {
        "refresh_share": fill_up(picks.copy(), leaving, goal),
        "shares": fill_up(any_source, attempt.closed_in_stock(), goal),
        "artist_cap": fill_up(any_artist, capped, goal),
        "album_cap": fill_up(any_album, capped, goal),
        "same_song": fill_up(any_version, attempt.same_in_stock(), goal),
        "cooldown": fill_up(picks.copy(), resting, goal),
        "ranges": fill_up(picks.copy(), any_value, goal),
        "choices": fill_up(picks.copy(), any_name, goal),
        "explicit": fill_up(picks.copy(), any_words, goal),
    }


def _outside(attempt: Attempt, looser: Rules) -> Int64s:
    """Return the rows that looser filters would let through and that do not rest."""
    if looser == attempt.rules:
        return np.zeros(0, np.int64)
    passes = passing(attempt.library, looser) & ~attempt.mask
    passes[attempt.barred] = False
    return np.flatnonzero(passes)


def fill_up(picks: Picks, rows: Int64s, goal: int) -> int:
    """Pick what still fits of `rows`, first come first served; return how many."""
    before = len(picks)
    while len(picks) < goal:
        rows = rows[picks.fitting(rows)]
        if not len(rows):
            break
        picks.add_in_order(rows[:FILL_SCAN], goal)
    return len(picks) - before


def _tightest(attempt: Attempt, capped: Int64s) -> str:
    """Name the rule to blame where only two together would have helped."""
    if len(attempt.closed_in_stock()):
        return "shares"
    if len(capped):
        return "artist_cap" if len(attempt.capped_by_artists()) else "album_cap"
    return "cooldown" if attempt.mask[attempt.barred].any() else LIBRARY


def _full_artists(attempt: Attempt, capped: Int64s) -> tuple[int, ...]:
    """Return the artists whose cap keeps tracks out, those that keep out most first."""
    artists = attempt.picks.full_artists()
    counts = _kept_out(attempt, artists, capped)
    worst = np.argsort(-counts, kind="stable")
    return tuple(artists[worst[: np.count_nonzero(counts)]].tolist())


def _kept_out(attempt: Attempt, artists: Int64s, capped: Int64s) -> Int64s:
    """Count for each artist the credits on rows that the cap keeps out."""
    credits = attempt.picks.credits
    starts, stops = credits.spans_of(artists)
    is_capped = marked(capped, len(attempt.library))[credits.rows_of(artists)]
    sums = np.concatenate((np.zeros(1, np.int64), np.cumsum(is_capped)))
    ends = np.cumsum(stops - starts)
    counts: Int64s = sums[ends] - sums[ends - (stops - starts)]
    return counts
