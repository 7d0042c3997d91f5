"""What holds for every library under pins, partial refresh and shares."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from playlists.sampler import (
    Draw,
    Library,
    Pin,
    Report,
    Resting,
    Rules,
    Share,
    Standing,
    describe,
    draw,
    sequence_around,
    why_not,
)
from playlists.sampler.rules import RungName
from playlists.tests.sampler.libraries import TODAY, make_library
from playlists.tests.sampler.strategies import histories, library_columns, rules
from playlists.tests.sampler.test_properties import STORM, detail, many, may_stand

SEED = (31, 32, 33)


@st.composite
def libraries(draw_from: st.DrawFn) -> Library:
    columns: dict[str, Any] = draw_from(library_columns())
    count = len(columns["credits"])
    rows = st.lists(st.integers(0, max(count - 1, 0)), unique=True, max_size=count)
    collections = {
        number: np.array(sorted(draw_from(rows)) if count else [], np.int64)
        for number in (1, 2, 3)
    }
    return make_library(**columns, collections=collections)


@st.composite
def all_pins(draw_from: st.DrawFn) -> tuple[Pin, ...]:
    tracks = draw_from(st.lists(st.integers(1, 50), unique=True, max_size=6))
    places = draw_from(st.lists(st.integers(1, 30), unique=True, max_size=3))
    days = st.none() | st.integers(TODAY - 3, TODAY)
    later = st.none() | st.integers(TODAY, TODAY + 3)
    return tuple(
        Pin(track, place, draw_from(days), draw_from(later))
        for track, place in zip(tracks, [*places, *[None] * len(tracks)], strict=False)
    )


@st.composite
def all_shares(draw_from: st.DrawFn) -> tuple[Share, ...]:
    numbers = draw_from(st.lists(st.integers(1, 4), unique=True, max_size=3))
    percents = draw_from(
        st.lists(
            st.integers(1, 100 // max(len(numbers), 1)),
            min_size=len(numbers),
            max_size=len(numbers),
        )
    )
    return tuple(map(Share, numbers, percents))


@st.composite
def full_rules(draw_from: st.DrawFn) -> Rules:
    rungs: list[RungName] = ["refresh_share", "shares", "cooldown", "soft_ranges"]
    ladder = draw_from(st.permutations(rungs))[: draw_from(st.integers(0, 4))]
    return replace(
        draw_from(rules()),
        pins=draw_from(all_pins()),
        shares=draw_from(all_shares()),
        refresh_share=draw_from(st.sampled_from([1, 10, 30, 50, 99, 100])),
        ladder=tuple(ladder),
    )


@st.composite
def scenes(draw_from: st.DrawFn) -> tuple[Library, Rules, Resting]:
    """A library, its rules, and a history whose present list is one of its own."""
    library, asked = draw_from(libraries()), draw_from(full_rules())
    tracks = st.integers(1, max(len(library), 1))
    listed = draw_from(st.lists(tracks, unique=True, max_size=35))
    standing = tuple(
        Standing(track, place, draw_from(st.integers(1, 5)))
        for place, track in enumerate(listed, start=1)
    )
    here = [t - 1 for t in listed if t <= len(library)]
    current = set(library.recording_ids[here].tolist()) if len(library) else set()
    history = draw_from(histories())
    return library, asked, replace(history, current=current, standing=standing)


everything = given(scene=scenes())
some = settings(many, max_examples=5_000 if STORM else 40)


def fixed_tracks(found: Draw, reason: str) -> set[int]:
    notes = found.report.per_track.items()
    return {track for track, note in notes if note.reason == reason}


def shares_broken(found: Draw, library: Library) -> bool:
    """Look for a place of its own for every track that is not pinned, one by one."""
    asked = found.report.rules
    pinned = fixed_tracks(found, "pinned")
    size = asked.size - len(pinned)
    kept = [c for s in asked.shares for c in [s.collection] * (size * s.percent // 100)]
    places: list[int | None] = [*kept, *[None] * (size - len(kept))]
    holder: dict[int, int] = {}

    def find(row: int, seen: set[int]) -> bool:
        for place, collection in enumerate(places):
            meant = collection is None or row in library.collections.get(collection, ())
            if meant and place not in seen:
                seen.add(place)
                if place not in holder or find(holder[place], seen):
                    holder[place] = row
                    return True
        return False

    rows = [
        row
        for row, track in zip(found.rows, found.track_ids, strict=True)
        if track not in pinned
    ]
    return not all(find(row, set()) for row in rows)


class TestEveryDraw:
    @some
    @everything
    def test_keeps_filters_caps_and_songs_for_pinned_and_kept_tracks_too(
        self, scene: tuple[Library, Rules, Resting]
    ) -> None:
        library, asked, resting = scene
        found = draw(library, asked, resting, SEED)
        no_rest = replace(resting, current=(), left={})
        credits = library.credit_table(primary_only=asked.primary_only)
        counts = Counter(a for row in found.rows for a in credits.of(row))
        cap = detail(found.report, "artist_cap", "to") or asked.artist_cap
        assert max(counts.values(), default=0) <= cap
        assert all(may_stand(library, r, found.report, no_rest) for r in found.rows)
        assert len(set(found.rows)) == len(found.rows) <= asked.size
        if asked.title_separation:
            recordings = library.recording_ids[list(found.rows)].tolist()
            assert len(set(recordings)) == len(recordings)

    @some
    @everything
    def test_lets_rest_give_way_for_pinned_and_kept_tracks_alone(
        self, scene: tuple[Library, Rules, Resting]
    ) -> None:
        library, asked, resting = scene
        found = draw(library, asked, resting, SEED)
        exempt = fixed_tracks(found, "pinned") | fixed_tracks(found, "kept")
        for row, track in zip(found.rows, found.track_ids, strict=True):
            if track not in exempt:
                assert may_stand(library, row, found.report, resting)

    @some
    @everything
    def test_has_every_pin_or_says_why_not(
        self, scene: tuple[Library, Rules, Resting]
    ) -> None:
        library, asked, resting = scene
        found = draw(library, asked, resting, SEED)
        pinned = {pin.track for pin in asked.pins if pin.holds_on(TODAY)}
        came = fixed_tracks(found, "pinned")
        assert came | set(found.report.pins_left_out) == pinned
        assert came <= set(found.track_ids)

    @some
    @everything
    def test_changes_no_more_places_than_asked_and_leaves_the_others(
        self, scene: tuple[Library, Rules, Resting]
    ) -> None:
        library, asked, resting = scene
        found = draw(library, asked, resting, SEED)
        kept = fixed_tracks(found, "kept")
        stood = {place.track: place.position for place in resting.standing}
        assert kept <= set(stood)
        longer = detail(found.report, "refresh_share", "from") is not None
        if not longer:
            assert len(kept) <= asked.size - asked.changes
        if asked.refresh_share == 100:
            assert not kept
        order, _ = sequence_around(library, found.rows, asked, SEED, found.places)
        assert sorted(order) == sorted(found.rows)
        if found.report.shortfall:
            return
        for row, place in found.places.items():
            assert order[place - 1] == row
            track = int(library.track_ids[row])
            assert track not in kept or stood[track] == place

    @some
    @everything
    def test_breaks_shares_only_with_their_rung_in_the_report(
        self, scene: tuple[Library, Rules, Resting]
    ) -> None:
        library, asked, resting = scene
        found = draw(library, asked, resting, SEED)
        gave_way = detail(found.report, "shares", "from") is not None
        assert shares_broken(found, library) == gave_way
        assert {rung.name for rung in found.report.rungs} <= set(asked.rungs)

    @some
    @everything
    def test_is_short_only_where_something_speaks_against_every_other_track(
        self, scene: tuple[Library, Rules, Resting]
    ) -> None:
        library, asked, resting = scene
        hard = replace(asked, ladder=(), allow_cap_relaxation=False, pins=())
        found = draw(library, hard, resting, SEED)
        leaving = {place.track for place in resting.standing}
        if found.report.shortfall:
            for row in range(len(library)):
                is_leaving = hard.refresh_share < 100 and row + 1 in leaving
                assert is_leaving or why_not(library, hard, resting, found.rows, row)

    @some
    @everything
    def test_reports_what_adds_up_and_survives_json(
        self, scene: tuple[Library, Rules, Resting]
    ) -> None:
        report = draw(*scene, SEED).report
        assert report.funnel[-1].left == report.drawn
        assert all(step.left >= 0 for step in report.funnel)
        assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report
        assert all(sentence.endswith(".") for sentence in describe(report))
        assert draw(*scene, SEED).report == report
