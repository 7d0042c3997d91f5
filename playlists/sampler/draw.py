"""The draw: from library, rules and rest to the tracks of one list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from playlists.sampler.arrays import contains
from playlists.sampler.attempt import Attempt
from playlists.sampler.binding import binding_rule_of
from playlists.sampler.funnel import funnel_of
from playlists.sampler.ladder import climb
from playlists.sampler.library import Library
from playlists.sampler.pool import Pool, build_pool
from playlists.sampler.report import Reason, Report, RungUse, Source, TrackNote
from playlists.sampler.rest import (
    NEVER,
    Resting,
    RestTable,
    Standing,
    first_day_back,
)
from playlists.sampler.rules import Rules


@dataclass(frozen=True)
class Draw:
    """The drawn rows of the library in drawing order, their track ids, the report.

    `places` are the positions, from 1, that some of the rows have to stand on.
    """

    rows: tuple[int, ...]
    track_ids: tuple[int, ...]
    report: Report
    places: Mapping[int, int] = field(default_factory=dict)


def draw(
    library: Library,
    rules: Rules,
    resting: Resting,
    seed: tuple[int, int, int],
    *,
    pool: Pool | None = None,
) -> Draw:
    """Draw one list; the same arguments always give the same list.

    `seed` is (seed, playlist, batch), none negative. A `pool` built once from the
    same library and rules saves the filtering where many lists are drawn. The list
    may be short: the report says by how much, which rule binds, and which rules gave
    way before. It always ends, with work bounded by counts.

    :raises ValueError: when a word of the seed is negative, or the pool is another's.
    """
    pool = pool or build_pool(library, rules)
    if pool.library is not library or pool.rules != rules:
        raise ValueError("The pool was built from another library or other rules")
    rest = RestTable.of(library, resting)
    attempt = Attempt(pool, rest, seed, resting.standing)
    attempt.draw_under_all_rules()
    rungs = climb(attempt)
    rows = tuple(attempt.picks.rows)
    track_ids = tuple(library.track_ids[list(rows)].tolist())
    report = _report(attempt, rungs, track_ids, seed)
    return Draw(rows, track_ids, report, _places(attempt, resting.standing))


def _places(attempt: Attempt, standing: Sequence[Standing]) -> dict[int, int]:
    """Return the fixed positions; what stays longer than asked keeps its own too."""
    places = dict(attempt.fixed.places)
    stays = attempt.stays()
    if stays:
        taken, position_of = (
            set(places.values()),
            {s.track: s.position for s in standing},
        )
        for row in stays:
            position = position_of[int(attempt.library.track_ids[row])]
            if position not in taken and position <= attempt.rules.size:
                places[row] = position
    return places


def _report(
    attempt: Attempt,
    rungs: list[RungUse],
    track_ids: tuple[int, ...],
    seed: tuple[int, int, int],
) -> Report:
    rules, capped = attempt.rules, attempt.capped_in_stock()
    return Report(
        asked=rules.size,
        drawn=len(track_ids),
        shortfall=attempt.missing,
        funnel=funnel_of(attempt, rungs, capped),
        rungs=tuple(rungs),
        binding_rule=binding_rule_of(attempt, capped),
        per_track=dict(zip(track_ids, _notes(attempt), strict=True)),
        rules=rules,
        rules_hash=rules.rules_hash(),
        seed=seed,
        pins_left_out=dict(attempt.fixed.troubles),
        sources=_sources(attempt),
    )


def _sources(attempt: Attempt) -> tuple[Source, ...]:
    """Say of each share how many places it asks for, and how many tracks came."""
    rows, collections = attempt.picks.rows, attempt.library.collections
    places = attempt.rules.size - len(attempt.picks.pinned)
    return tuple(
        Source(
            share.collection,
            share.places(places),
            len(set(collections.get(share.collection, ())) & set(rows)),
        )
        for share in attempt.rules.shares
    )


def _notes(attempt: Attempt) -> list[TrackNote]:
    """Say for each pick, in drawing order, why it was admissible."""
    rows = np.array(attempt.picks.rows, np.int64)
    days = attempt.rest.left_days(rows).tolist()
    known = contains(attempt.rest.rows, rows).tolist()
    return [
        TrackNote(
            last_day=None if day == NEVER else day,
            reason=_reason(attempt, row, day, was_here=was_here),
        )
        for row, day, was_here in zip(rows.tolist(), days, known, strict=True)
    ]


def _reason(attempt: Attempt, row: int, left_day: int, *, was_here: bool) -> Reason:
    if row in attempt.picks.pinned:
        return "pinned"
    if row in attempt.picks.fixed or row in attempt.fixed.leaving:
        return "kept"
    if not attempt.pool.mask[row]:
        return "range_widened"
    if not was_here:
        if _rests_elsewhere(attempt, row):
            return "rests_elsewhere"
        used = attempt.library.last_used_day[row] != NEVER
        return "not_here_lately" if used else "never_used"
    if attempt.rules.cooldown_days == 0:
        return "rest_off"
    back = first_day_back(left_day, attempt.rules.cooldown_days)
    return "rested" if attempt.rest.today >= back else "cooldown_shortened"


def _rests_elsewhere(attempt: Attempt, row: int) -> bool:
    """Tell whether another list alone would have kept a row out."""
    elsewhere = attempt.rest.elsewhere
    if elsewhere is None or attempt.rules.cooldown_days == 0:
        return False
    barred = elsewhere.barred(attempt.rules.cooldown_days)
    return bool(contains(barred, np.array([row]))[0])
