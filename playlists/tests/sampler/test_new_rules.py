"""What holds for every library under choices, album caps, songs and wider rest."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from playlists.sampler import (
    Choice,
    Draw,
    Library,
    Report,
    Resting,
    Rules,
    describe,
    draw,
    first_day_back,
    why_not,
)
from playlists.sampler.filters import Filter
from playlists.sampler.rules import RungName
from playlists.sampler.songs import VERSIONS, version_bits
from playlists.tests.sampler.libraries import TODAY, make_library
from playlists.tests.sampler.strategies import (
    RECORDINGS,
    histories,
    library_columns,
    rules,
)
from playlists.tests.sampler.test_properties import detail, many

SEED = (21, 22, 23)
KINDS = st.sampled_from(VERSIONS)


@st.composite
def libraries(draw_from: st.DrawFn) -> Library:
    columns: dict[str, Any] = draw_from(library_columns())
    count = len(columns["credits"])

    def column(values: st.SearchStrategy[int]) -> list[int]:
        return draw_from(st.lists(values, min_size=count, max_size=count))

    bits = st.lists(KINDS, max_size=2).map(version_bits)
    return make_library(
        **columns,
        album_ids=column(st.integers(1, 8)),
        song_ids=column(st.integers(0, 15)),
        song_bits=column(bits),
    )


def choices() -> st.SearchStrategy[tuple[Choice, ...]]:
    keys = st.lists(st.integers(1, 20), min_size=1, max_size=12).map(tuple)
    of = st.sampled_from(["artist", "album", "track", "recording"])
    one = st.builds(Choice, of, keys, out=st.booleans())
    soft = st.builds(Choice, of, keys, out=st.booleans(), soft=st.sampled_from([True]))
    return st.lists(one | soft, max_size=2).map(tuple)


@st.composite
def wide_rules(draw_from: st.DrawFn) -> Rules:
    rungs: list[RungName] = [
        "cooldown",
        "rest_scope",
        "album_cap",
        "same_song",
        "soft_ranges",
    ]
    ladder = draw_from(st.permutations(rungs))[: draw_from(st.integers(0, 5))]
    return replace(
        draw_from(rules()),
        choices=draw_from(choices()),
        album_cap=draw_from(st.none() | st.integers(1, 4)),
        same_song=tuple(draw_from(st.lists(KINDS, unique=True, max_size=3))),
        rest_scope=draw_from(st.sampled_from(["playlist", "account", "fleet"])),
        ladder=tuple(ladder),
    )


@st.composite
def wide_histories(draw_from: st.DrawFn) -> Resting:
    days = st.integers(TODAY - 16, TODAY)
    elsewhere = draw_from(st.dictionaries(RECORDINGS, days, max_size=20))
    return replace(draw_from(histories()), elsewhere=elsewhere)


everything = given(library=libraries(), asked=wide_rules(), resting=wide_histories())


def breaks(found: Draw, library: Library, resting: Resting) -> list[str]:
    """Name every rule that a list breaks and no rung of its report owns up to."""
    report, rows = found.report, list(found.rows)
    asked, broken = report.rules, []
    widened = detail(report, "soft_ranges", "to") or 0.0
    if len(set(rows)) < len(rows):
        broken.append("duplicates")
    for one in asked.filters:
        if not _passes(one, library, widened)[rows].all():
            broken.append(one.key)
    broken += _caps_broken(report, library, rows)
    broken += _songs_broken(report, library, rows)
    return broken + _rest_broken(report, library, rows, resting)


def _passes(one: Filter, library: Library, widened: float) -> Any:
    return one.passes(library, widened)


def _caps_broken(report: Report, library: Library, rows: list[int]) -> list[str]:
    cap = detail(report, "album_cap", "to") or report.rules.album_cap
    most = max(Counter(library.album_ids[rows].tolist()).values(), default=0)
    return ["album_cap"] if cap is not None and most > cap else []


def _songs_broken(report: Report, library: Library, rows: list[int]) -> list[str]:
    asked = report.rules
    if not asked.same_song and not asked.title_separation:
        return []
    is_open = detail(report, "same_song", "to") is not None
    keys = library.sameness(() if is_open else asked.same_song).keys[rows]
    if is_open and not asked.title_separation:
        return []
    return ["same_song"] if len(np.unique(keys)) < len(rows) else []


def _rest_broken(
    report: Report, library: Library, rows: list[int], resting: Resting
) -> list[str]:
    asked = report.rules
    if asked.cooldown_days == 0:
        return []
    cooldown = int(detail(report, "cooldown", "to") or asked.cooldown_days)
    away = [resting.left]
    if detail(report, "rest_scope", "to") is None:
        away.append(resting.elsewhere)
    recordings = library.recording_ids[rows].tolist()
    early = any(
        recording in left and first_day_back(left[recording], cooldown) > TODAY
        for recording in recordings
        for left in away
    )
    here = not set(recordings).isdisjoint(resting.current)
    return ["cooldown"] * early + ["current"] * here


class TestEveryDraw:
    @many
    @everything
    def test_breaks_no_rule_that_its_report_does_not_name(
        self, library: Library, asked: Rules, resting: Resting
    ) -> None:
        found = draw(library, asked, resting, SEED)
        assert breaks(found, library, resting) == []
        assert {rung.name for rung in found.report.rungs} <= set(asked.rungs)

    @many
    @everything
    def test_is_short_only_where_something_speaks_against_every_other_track(
        self, library: Library, asked: Rules, resting: Resting
    ) -> None:
        hard = replace(asked, ladder=(), allow_cap_relaxation=False)
        found = draw(library, hard, resting, SEED)
        if found.report.shortfall:
            for row in range(len(library)):
                assert why_not(library, hard, resting, found.rows, row)

    @many
    @everything
    def test_reports_what_adds_up_and_survives_json(
        self, library: Library, asked: Rules, resting: Resting
    ) -> None:
        report = draw(library, asked, resting, SEED).report
        assert report.funnel[-1].left == report.drawn
        assert all(step.left >= 0 for step in report.funnel)
        assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report
        assert all(sentence.endswith(".") for sentence in describe(report))
