"""Why not this track: what speaks against one row beside a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from playlists.sampler.library import Library
from playlists.sampler.picks import Picks
from playlists.sampler.pool import explicit_passes
from playlists.sampler.rest import NEVER, Resting, RestTable, first_day_back
from playlists.sampler.rules import Rules

AbsenceKind = Literal[
    "listed",
    "explicit",
    "filter",
    "standing",
    "resting",
    "resting_elsewhere",
    "same",
    "artist_cap",
    "album_cap",
    "shares",
]


@dataclass(frozen=True)
class Absence:
    """One thing that keeps a track out of a list.

    `text` is the filter's label. `day` is the first day (days since 1970-01-01 UTC) on
    which rest would let it back. `row` is the track of the list that is the same.
    `artist` is who has reached the cap, as first artist or `is_guest`.
    """

    kind: AbsenceKind
    text: str = ""
    day: int | None = None
    row: int | None = None
    artist: int | None = None
    is_guest: bool = False


def why_not(
    library: Library, rules: Rules, resting: Resting, listed: Sequence[int], row: int
) -> list[Absence]:
    """Return all that speaks against a row beside the rows of a list; or nothing.

    Nothing means that it could have come, and chance chose others.
    """
    if row in listed:
        return [Absence("listed")]
    found = _filtered(library, rules, row) + _rested(library, rules, resting, row)
    return found + _beside(library, rules, listed, row)


def _filtered(library: Library, rules: Rules, row: int) -> list[Absence]:
    found = [
        Absence("filter", text=one.label)
        for one in rules.filters
        if not one.passes(library, 0.0)[row]
    ]
    if not explicit_passes(library, rules)[row]:
        found.append(Absence("explicit"))
    return found


def _rested(
    library: Library, rules: Rules, resting: Resting, row: int
) -> list[Absence]:
    if rules.cooldown_days == 0:
        return []
    table = RestTable.of(library, resting)
    place = np.flatnonzero(table.rows == row)
    if len(place) and table.standing[place[0]]:
        return [Absence("standing")]
    found = _still_away(table, rules.cooldown_days, row, "resting")
    if table.elsewhere is not None:
        away = table.elsewhere
        found += _still_away(away, rules.cooldown_days, row, "resting_elsewhere")
    return found


def _still_away(
    table: RestTable, cooldown_days: int, row: int, kind: AbsenceKind
) -> list[Absence]:
    left = int(table.left_days(np.array([row]))[0])
    back = first_day_back(left, cooldown_days)
    if left == NEVER or back <= table.today:
        return []
    return [Absence(kind, day=back)]


def _beside(
    library: Library, rules: Rules, listed: Sequence[int], row: int
) -> list[Absence]:
    picks = Picks(library, rules)
    picks.become(listed)
    found = _left_out_by_shares(library, rules, listed, row)
    found += [
        Absence("same", row=other)
        for other in listed
        if picks.key_of(other) == picks.key_of(row)
    ]
    for place, key in enumerate(picks.credits.of(row)):
        if picks.is_full(key):
            found.append(
                Absence("artist_cap", artist=key, is_guest=place > 0)
                if key >= 0
                else Absence("album_cap")
            )
    return found


def _left_out_by_shares(
    library: Library, rules: Rules, listed: Sequence[int], row: int
) -> list[Absence]:
    """Look at the places that a short list has left, or at those of an empty one."""
    picks = Picks(library, rules)
    if len(listed) < rules.size:
        picks.become(listed)
    picks.reserve(rules.shares)
    if picks.room is None or picks.room.is_open(row):
        return []
    return [Absence("shares")]
