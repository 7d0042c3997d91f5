"""What holds for every library, every rule set and every history."""

import json
import os
from collections import Counter
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playlists.sampler import (
    Library,
    Report,
    Resting,
    Rules,
    describe,
    draw,
    first_day_back,
    sequence,
)
from playlists.tests.sampler.libraries import make_library
from playlists.tests.sampler.strategies import histories, library_columns, rules

SEED = (11, 12, 13)

everything = given(columns=library_columns(), asked=rules(), resting=histories())
STORM = os.environ.get("VIBE_STORM") == "1"
many = settings(
    max_examples=5_000 if STORM else 150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def detail(report: Report, name: str, key: str) -> float | None:
    """Return one detail of a rung, None where the rung was not used."""
    return next((r.detail[key] for r in report.rungs if r.name == name), None)


def rules_in_force(report: Report) -> tuple[int, int, bool]:
    """Return cooldown, cap and "primary credits alone" as the ladder left them."""
    asked = report.rules
    cooldown = detail(report, "cooldown", "to")
    cap = detail(report, "artist_cap", "to")
    primary = asked.primary_only or detail(report, "primary_credits", "to") is not None
    return (
        asked.cooldown_days if cooldown is None else int(cooldown),
        asked.artist_cap if cap is None else int(cap),
        primary,
    )


def may_stand(library: Library, row: int, report: Report, resting: Resting) -> bool:
    """Tell whether filters and rest, as the ladder left them, admit a row."""
    asked, (cooldown, _, _) = report.rules, rules_in_force(report)
    recording = int(library.recording_ids[row])
    if asked.cooldown_days > 0:
        if recording in resting.current:
            return False
        left = resting.left.get(recording)
        if left is not None and first_day_back(left, cooldown) > resting.today:
            return False
    explicit = {"allow": (-1, 0, 1), "only": (1,), "exclude": (0,)}[asked.explicit]
    return library.explicit[row] in explicit and passes_ranges(library, row, report)


def passes_ranges(library: Library, row: int, report: Report) -> bool:
    share = detail(report, "soft_ranges", "to") or 0.0
    for limit in report.rules.ranges:
        is_year = limit.column == "year"
        value = library.year[row] if is_year else library.features["energy"][row]
        missing = value == 0 if is_year else np.isnan(value)
        low, high = limit.widened(share)
        if limit.missing_fails if missing else not low <= value <= high:
            return False
    return True


def fits_beside(
    library: Library, rows: tuple[int, ...], row: int, report: Report
) -> bool:
    """Tell whether cap and title separation let a row join others."""
    _, cap, primary = rules_in_force(report)
    table = library.primary_credits if primary else library.credits
    counts = Counter(artist for other in rows for artist in table.of(other))
    recordings = library.recording_ids
    if report.rules.title_separation and recordings[row] in recordings[list(rows)]:
        return False
    return row not in rows and all(counts[a] < cap for a in table.of(row))


class TestEveryDraw:
    @many
    @everything
    def test_holds_the_rules_that_are_in_force(
        self, columns: dict[str, Any], asked: Rules, resting: Resting
    ) -> None:
        library = make_library(**columns)
        drawn = draw(library, asked, resting, SEED)
        for place, row in enumerate(drawn.rows):
            others = drawn.rows[:place] + drawn.rows[place + 1 :]
            assert may_stand(library, row, drawn.report, resting)
            assert fits_beside(library, others, row, drawn.report)

    @many
    @everything
    def test_is_short_only_where_nothing_more_fits(
        self, columns: dict[str, Any], asked: Rules, resting: Resting
    ) -> None:
        library = make_library(**columns)
        drawn = draw(library, asked, resting, SEED)
        if not drawn.report.shortfall:
            return
        for row in range(len(library)):
            assert not (
                may_stand(library, row, drawn.report, resting)
                and fits_beside(library, drawn.rows, row, drawn.report)
            )

    @many
    @everything
    def test_names_every_early_return(
        self, columns: dict[str, Any], asked: Rules, resting: Resting
    ) -> None:
        library = make_library(**columns)
        drawn = draw(library, asked, resting, SEED)
        early = {
            track
            for track, row in zip(drawn.track_ids, drawn.rows, strict=True)
            if is_early(int(library.recording_ids[row]), asked, resting)
        }
        notes = drawn.report.per_track.items()
        named = {t for t, note in notes if note.reason == "cooldown_shortened"}
        unnamed = early - named
        assert named <= early
        assert all(drawn.report.per_track[t].reason == "range_widened" for t in unnamed)
        assert not early or detail(drawn.report, "cooldown", "to") is not None

    @many
    @everything
    def test_reports_what_adds_up_and_survives_json(
        self, columns: dict[str, Any], asked: Rules, resting: Resting
    ) -> None:
        report = draw(make_library(**columns), asked, resting, SEED).report
        assert report.drawn + report.shortfall == report.asked == asked.size
        assert len(report.per_track) == report.drawn
        assert report.funnel[-1].left == report.drawn
        for before, step in zip(report.funnel, report.funnel[1:], strict=False):
            assert step.left == before.left - step.taken
            assert step.left >= 0
        assert (report.binding_rule is None) == (report.shortfall == 0)
        assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report
        assert all(sentence.endswith(".") for sentence in describe(report))

    @many
    @given(
        columns=library_columns(),
        asked=rules(),
        resting=histories(),
        shuffle=st.randoms(use_true_random=False),
    )
    def test_does_not_ask_in_which_order_rows_came(
        self, columns: dict[str, Any], asked: Rules, resting: Resting, shuffle: Random
    ) -> None:
        count = len(columns["credits"])
        order = list(range(count))
        shuffle.shuffle(order)
        shuffled = reorder(columns | {"track_ids": list(range(count))}, order)
        straight = make_library(**columns, track_ids=list(range(count)))
        expected = draw(straight, asked, resting, SEED)
        assert draw(make_library(**shuffled), asked, resting, SEED) == expected


def is_early(recording: int, asked: Rules, resting: Resting) -> bool:
    left = resting.left.get(recording)
    if left is None or asked.cooldown_days == 0:
        return False
    return first_day_back(left, asked.cooldown_days) > resting.today


def reorder(columns: dict[str, Any], order: list[int]) -> dict[str, Any]:
    """Return the columns with their rows in another order."""

    def moved(values: Any) -> Any:
        return [values[i] for i in order] if isinstance(values, list) else values

    energy = moved(columns["features"]["energy"])
    return {k: moved(v) for k, v in columns.items()} | {"features": {"energy": energy}}


class TestEverySequence:
    @many
    @everything
    def test_is_an_order_of_the_drawn_rows_that_tells_its_gap(
        self, columns: dict[str, Any], asked: Rules, resting: Resting
    ) -> None:
        library = make_library(**columns)
        drawn = draw(library, asked, resting, SEED)
        order, report = sequence(library, drawn.rows, asked, SEED)
        table = library.primary_credits if asked.primary_only else library.credits
        gaps = [
            second - first
            for first, row in enumerate(order)
            for second in range(first + 1, len(order))
            if set(table.of(row)) & set(table.of(order[second]))
        ]
        assert sorted(order) == sorted(drawn.rows)
        assert report.achieved == min(gaps, default=None)
        assert report.reduced == (min(gaps, default=99) < asked.artist_separation)
        assert (order, report) == sequence(library, drawn.rows, asked, SEED)


class TestEverySeed:
    def test_is_refused_when_negative(self) -> None:
        library = make_library([[1], [2]])
        with pytest.raises(ValueError, match="non-negative"):
            draw(library, Rules(), Resting(1), (-1, 0, 0))
        with pytest.raises(ValueError, match="non-negative"):
            sequence(library, (0, 1), Rules(), (0, -1, 0))
