"""Pictures: valid, escaped, without styles, and sensible with little data."""

import xml.parsers.expat
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from vibe_engine import charts
from vibe_engine.charts import keys, scales

NOW = datetime(2026, 11, 22, 11, 18, tzinfo=UTC)
TODAY = NOW.date()
HOSTILE = "\"><script>alert('x')</script>&amp;"


def parse(markup: str) -> tuple[set[str], set[str]]:
    """Return the names of elements and attributes; fails where it is not XML."""
    elements: set[str] = set()
    attributes: set[str] = set()

    def start(name: str, found: dict[str, str]) -> None:
        elements.add(name)
        attributes.update(found)

    parser = xml.parsers.expat.ParserCreate()
    parser.StartElementHandler = start
    parser.Parse(f"<root>{markup}")
    parser.Parse("</root>", bool(elements))
    return elements, attributes


def days(count: int, **values: int) -> list[charts.Day]:
    """Return `count` days that end today."""
    return [
        charts.Day(TODAY - timedelta(days=count - 1 - i), **values)
        for i in range(count)
    ]


def track(
    title: str = "Song", energy: float | None = 0.7, **values: object
) -> charts.PrintTrack:
    """Return a track with all features, unless told otherwise."""
    known: dict[str, object] = {
        "artists": ("Queen",),
        "valence": 0.4,
        "tempo": 120.0,
        "key": 9,
        "mode": 0,
        "year": 1975,
    }
    return charts.PrintTrack(title, energy=energy, **(known | values))  # type: ignore[arg-type]


def mark(state: str = "done", label: str = "One", minutes: int = 0) -> charts.Mark:
    """Return a mark an hour ago."""
    at = NOW - timedelta(hours=1, minutes=minutes)
    return charts.Mark(at, state, label, 0.7)  # type: ignore[arg-type]


def lane(*marks: charts.Mark, name: str = "Late Shift") -> charts.Lane:
    """Return a lane with these marks."""
    return charts.Lane(name, "/accounts/1/", "", marks, len(marks), 9)


def board(*spines: charts.Spine, name: str = "Late Shift") -> charts.Board:
    """Return a board of the shelf."""
    return charts.Board(name, "/accounts/1/", spines)


FULL: dict[str, Callable[[str], str]] = {
    "spark": lambda name: charts.spark([1, 5, 3], name),
    "spark_bars": lambda name: charts.spark_bars([1, 0, 3], name, failed={1}),
    "step_line": lambda name: charts.step_line(
        [charts.Point(date(2026, 1, 5), 3, name), charts.Point(TODAY, 9)],
        name,
        table=True,
    ),
    "bars_by_day": lambda name: charts.bars_by_day(
        days(9, done=3, waiting=1, failed=1, planned=2), name, TODAY, table=True
    ),
    "calendar": lambda name: charts.calendar(
        days(30, done=3, failed=1), name, TODAY, table=True
    ),
    "rest_histogram": lambda name: charts.rest_histogram(
        [0, 3, 1200], name, rule_days=1, table=True
    ),
    "ring": lambda name: charts.ring(
        [charts.Part(0.4, "energy-2"), charts.Part(0.6, "track")],
        name,
        centre=name,
        below=name,
    ),
    "consent_ring": lambda name: charts.consent_ring(90),
    "meter": lambda name: charts.meter(3, 9, name, paint="energy-3"),
    "energy_meter": lambda name: charts.energy_meter(0.7),
    "ladder": lambda name: charts.ladder(48, 200, name),
    "fader": lambda name: charts.fader(48, 200),
    "quota_bars": lambda name: charts.quota_bars([3, 0, 9], name, closed=True),
    "mini": lambda name: charts.mini([0.1, None, 0.9], name),
    "feature_ticks": lambda name: charts.feature_ticks({"danceability": 0.5}),
    "musical_key": lambda name: charts.musical_key(9, 0),
    "legend": lambda name: charts.legend("done waiting failed planned now"),
    "vibe_print": lambda name: charts.vibe_print(
        [track(name, artists=(name,)), track(), track(artists=(name,))]
    ),
    "squares": lambda name: charts.squares([charts.Square(name, "failed")], name),
    "lanes": lambda name: charts.lanes(
        [lane(mark(label=name), mark("failed", name, 90), name=name)], NOW
    ),
    "day_strip": lambda name: charts.day_strip([NOW], NOW, name),
    "shelf": lambda name: charts.shelf(
        [board(charts.Spine(name, "/playlists/1/", 0.7, "due"), name=name)]
    ),
    "timeline": lambda name: charts.timeline(
        [charts.SnapshotMark(TODAY, 50, 3, "now", name)], name
    ),
    "funnel": lambda name: charts.funnel(
        [
            charts.FunnelStep(name, 90),
            charts.FunnelStep(name, 80, name),
            charts.FunnelStep(name, 50),
        ]
    ),
    "trend": lambda name: charts.trend([1, None, 3, 4], name, first=name, last=name),
    "behind": lambda name: charts.behind(name, (name, name), [(name, TODAY)]),
}
EMPTY: dict[str, Callable[[], str]] = {
    "spark": lambda: charts.spark([], "x"),
    "spark_bars": lambda: charts.spark_bars([], "x"),
    "step_line": lambda: charts.step_line([], "x", table=True),
    "bars_by_day": lambda: charts.bars_by_day([], "x", TODAY, table=True),
    "calendar": lambda: charts.calendar([], "x", TODAY, table=True),
    "rest_histogram": lambda: charts.rest_histogram([], "x", table=True),
    "ring": lambda: charts.ring([], "x"),
    "trend": lambda: charts.trend([None, 3], "x"),
    "consent_ring": lambda: charts.consent_ring(None),
    "meter": lambda: charts.meter(0, 0, "x"),
    "energy_meter": lambda: charts.energy_meter(None),
    "ladder": lambda: charts.ladder(0, 0, "x"),
    "fader": lambda: charts.fader(0, 0),
    "quota_bars": lambda: charts.quota_bars([], "x"),
    "mini": lambda: charts.mini([], "x"),
    "feature_ticks": lambda: charts.feature_ticks({}),
    "musical_key": lambda: charts.musical_key(None, None),
    "vibe_print": lambda: charts.vibe_print([]),
    "squares": lambda: charts.squares([], "x"),
    "lanes": lambda: charts.lanes([], NOW),
    "day_strip": lambda: charts.day_strip([], NOW, "x"),
    "shelf": lambda: charts.shelf([]),
    "timeline": lambda: charts.timeline([], "x"),
    "funnel": lambda: charts.funnel([]),
}


class TestEveryChart:
    @pytest.mark.parametrize("name", FULL)
    def test_escapes_what_people_typed(self, name: str) -> None:
        markup = FULL[name](HOSTILE)
        assert "<script" not in markup
        assert "script" not in parse(markup)[0]

    @pytest.mark.parametrize("name", FULL)
    def test_has_neither_style_nor_handler(self, name: str) -> None:
        _, attributes = parse(FULL[name]("A name"))
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]

    @pytest.mark.parametrize("name", FULL)
    def test_holds_only_numbers_that_can_be_drawn(self, name: str) -> None:
        markup = FULL[name]("A name")
        assert "nan" not in markup
        assert "inf" not in markup
        assert '="-' not in markup.replace('stroke-dashoffset="-', "").replace(
            'tabindex="-1', ""
        )

    @pytest.mark.parametrize("name", sorted({*FULL} - {"legend", "funnel", "behind"}))
    def test_says_its_name_aloud(self, name: str) -> None:
        markup = FULL[name]("A name")
        assert "title" in markup

    @pytest.mark.parametrize("name", EMPTY)
    def test_stands_without_data(self, name: str) -> None:
        parse(EMPTY[name]())


class TestSpark:
    def test_is_left_out_for_a_single_value(self) -> None:
        assert charts.spark([3], "x") == ""

    def test_stays_inside_when_nothing_changes(self) -> None:
        assert 'cy="26"' in charts.spark([5, 5, 5], "x")


class TestSparkBars:
    def test_paints_the_last_in_ink_and_failures_red(self) -> None:
        markup = charts.spark_bars([1, 2, 3], "x", failed={0})
        assert markup.count("fill-bad") == 1
        assert markup.count("fill-ink") == 1


class TestStepLine:
    def test_names_the_last_value_and_the_months(self) -> None:
        points = [
            charts.Point(date(2026, 1, 10), 5),
            charts.Point(date(2026, 4, 2), 1200),
        ]
        markup = charts.step_line(points, "x")
        assert ">1,200<" in markup
        assert [name for name in ("Jan", "Feb", "Mar", "Apr") if f">{name}<" in markup]

    def test_survives_days_that_are_the_same(self) -> None:
        parse(charts.step_line([charts.Point(TODAY, 1), charts.Point(TODAY, 2)], "x"))

    def test_survives_nothing_but_zeros(self) -> None:
        points = [charts.Point(TODAY - timedelta(days=9), 0), charts.Point(TODAY, 0)]
        parse(charts.step_line(points, "x"))


class TestBarsByDay:
    def test_draws_the_four_marks(self) -> None:
        day = charts.Day(TODAY, done=5, waiting=2, failed=1, planned=3)
        markup = charts.bars_by_day([day], "x", TODAY)
        for css in ("fill-ink", "hatch", "fill-bad", "outline"):
            assert f'class="{css}"' in markup

    def test_says_what_stands_behind_a_bar(self) -> None:
        markup = charts.bars_by_day([charts.Day(TODAY, done=5, failed=1)], "x", TODAY)
        assert "<title>22 Nov: 5 done, 1 failed</title>" in markup

    def test_explains_days_without_anything(self) -> None:
        assert "No reshuffles yet" in charts.bars_by_day(days(9), "x", TODAY)

    def test_leaves_empty_days_out_of_the_table(self) -> None:
        some = [*days(3), charts.Day(TODAY + timedelta(days=1), planned=2)]
        markup = charts.bars_by_day(some, "x", TODAY, table=True)
        assert markup.count('scope="row"') == 1


class TestCalendar:
    def test_writes_the_number_into_its_square(self) -> None:
        markup = charts.calendar(days(7, done=41), "x", TODAY)
        assert ">41</text>" in markup

    def test_marks_a_failure_and_today(self) -> None:
        markup = charts.calendar([charts.Day(TODAY, done=1, failed=1)], "x", TODAY)
        assert "fill-bad" in markup
        assert "outline-now" in markup

    def test_dashes_what_is_to_come(self) -> None:
        tomorrow = charts.Day(TODAY + timedelta(days=1), planned=7)
        markup = charts.calendar([tomorrow], "x", TODAY)
        assert "dashed" in markup
        assert ">7</text>" in markup

    def test_leaves_the_numbers_out_of_a_crowded_year(self) -> None:
        assert ">41</text>" not in charts.calendar(days(365, done=41), "x", TODAY)


class TestRestHistogram:
    def test_draws_the_rule_where_it_stands(self) -> None:
        markup = charts.rest_histogram([0] * 5 + [9] * 25, "x", rule_days=5)
        assert "may return from day 5 on" in markup

    def test_is_silent_about_a_rule_beyond_the_picture(self) -> None:
        markup = charts.rest_histogram([3, 1], "x", rule_days=90)
        assert "may return" not in markup


class TestRing:
    def test_draws_no_arc_for_an_empty_share(self) -> None:
        parts = [charts.Part(1, "ink"), charts.Part(0, "bad")]
        assert "stroke-bad" not in charts.ring(parts, "x")


class TestConsentRing:
    @pytest.mark.parametrize(
        ("left", "paint"), [(151, "ink"), (29, "warn"), (0, "track"), (-3, "track")]
    )
    def test_changes_its_colour_as_the_end_comes_near(
        self, left: int, paint: str
    ) -> None:
        assert f"stroke-{paint}" in charts.consent_ring(left)

    def test_never_shows_less_than_nothing(self) -> None:
        assert "0 of 180 days of consent left" in charts.consent_ring(-3)


class TestLadder:
    @pytest.mark.parametrize(
        ("value", "lit"), [(0, 0), (1, 1), (100, 20), (200, 40), (900, 40)]
    )
    def test_lights_as_many_rungs_as_are_taken(self, value: int, lit: int) -> None:
        assert charts.ladder(value, 200, "x").count("fill-ink") == lit


class TestMeter:
    def test_never_leaves_its_track(self) -> None:
        assert 'width="56" height="8" class="fill-ink"' in charts.meter(9, 3, "x")


class TestMini:
    def test_needs_at_most_seven_paths_for_a_hundred_tracks(self) -> None:
        energies = [None, *(i / 99 for i in range(99))]
        assert charts.mini(energies, "x").count("<path") == 7

    def test_says_nothing_about_an_empty_list(self) -> None:
        assert charts.mini([], "x") == ""


class TestEnergyStep:
    @pytest.mark.parametrize(
        ("energy", "step"), [(0, 0), (0.44, 0), (0.46, 1), (0.76, 4), (0.86, 5), (1, 5)]
    )
    def test_runs_from_calm_to_driving(self, energy: float, step: int) -> None:
        assert scales.energy_step(energy) == step


class TestGridValues:
    @pytest.mark.parametrize(
        ("largest", "values"),
        [(0, [1]), (1, [1]), (53, [20, 40]), (212, [50, 100, 150, 200])],
    )
    def test_are_round_and_inside(self, largest: int, values: list[int]) -> None:
        assert list(scales.grid_values(largest)) == values


class TestCamelot:
    def test_uses_each_place_of_the_wheel_once(self) -> None:
        for mode in (0, 1):
            places = {keys.camelot(key, mode) for key in range(12)}
            assert len(places) == 12

    def test_puts_relative_keys_on_the_same_number(self) -> None:
        for key in range(12):
            major, minor = keys.camelot(key, 1), keys.camelot((key + 9) % 12, 0)
            assert major is not None
            assert minor is not None
            assert major[0] == minor[0]

    @pytest.mark.parametrize(("key", "mode"), [(None, 1), (-1, 1), (12, 0), (3, None)])
    def test_knows_no_place_for_an_unknown_key(
        self, key: int | None, mode: int | None
    ) -> None:
        assert keys.camelot(key, mode) is None
        assert charts.musical_key(key, mode) == ""


class TestFeatureTicks:
    def test_reads_objects_as_well(self) -> None:
        class Track:
            danceability = 0.5
            liveness = None

        assert "<title>dance 0.50</title>" in charts.feature_ticks(Track())


class TestVibePrint:
    def test_shows_every_row(self) -> None:
        markup = charts.vibe_print([track(), track(year=2020)])
        for word in ("Artists", "Energy", "Valence", "Tempo", "Key", "Year"):
            assert f"<b>{word}</b>" in markup

    def test_names_the_rows_it_has_no_features_for(self) -> None:
        bare = charts.PrintTrack("Song", ("Queen",), year=1975)
        markup = charts.vibe_print([bare])
        assert "<b>Energy</b>" not in markup
        assert "Energy, valence, tempo and key are left out" in markup

    def test_leaves_out_only_what_is_missing(self) -> None:
        markup = charts.vibe_print([track(tempo=None)])
        assert "Tempo is left out" in markup
        assert "<b>Energy</b>" in markup

    def test_draws_an_arc_between_two_songs_of_one_artist(self) -> None:
        others = [track(artists=(str(i),)) for i in range(8)]
        markup = charts.vibe_print([track(), *others, track()])
        assert markup.count('class="arc"') == 1
        assert "closest pair 9 apart" in markup

    def test_counts_every_credited_artist(self) -> None:
        one, two = track(artists=("A", "B")), track(artists=("C", "B"))
        assert "B: 1 apart" in charts.vibe_print([one, two])

    def test_survives_one_track_without_anything(self) -> None:
        parse(charts.vibe_print([charts.PrintTrack("")]))

    def test_survives_a_hundred(self) -> None:
        parse(charts.vibe_print([track(str(i)) for i in range(100)]))


class TestSquares:
    def test_draws_one_for_each(self) -> None:
        items = [charts.Square(f"No {i}", "done", 0.5) for i in range(57)]
        assert charts.squares(items, "x").count("<title>No") == 57

    def test_merges_thousands_by_colour(self) -> None:
        items = [charts.Square(str(i), "done", 0.5) for i in range(5000)]
        markup = charts.squares(items, "x")
        assert markup.count("<path") == 1
        assert markup.count("M") == 5000


class TestLanes:
    def test_leaves_out_what_lies_outside_the_window(self) -> None:
        early = charts.Mark(NOW - timedelta(days=3), "done", "Early")
        late = charts.Mark(NOW + timedelta(days=3), "planned", "Late")
        markup = charts.lanes([lane(early, late, mark())], NOW)
        assert "Early" not in markup
        assert "Late," not in markup
        assert "One, 10:18: done" in markup

    def test_stacks_what_happened_together(self) -> None:
        markup = charts.lanes([lane(mark(label="A"), mark(label="B"))], NOW)
        assert "A, 10:18" in markup
        assert "B, 10:18" in markup

    def test_counts_a_crowd_in_shares(self) -> None:
        crowd = [*(mark() for _ in range(30)), *(mark("failed") for _ in range(3))]
        assert "<title>30 done, 3 failed</title>" in charts.lanes([lane(*crowd)], NOW)

    def test_crosses_out_a_failure(self) -> None:
        markup = charts.lanes([lane(mark("failed"))], NOW)
        assert "outline-bad" in markup
        assert "×" in markup


class TestDayStrip:
    def test_tells_past_from_future_within_today(self) -> None:
        moments = [NOW + timedelta(hours=hours) for hours in (-30, -1, 1, 30)]
        markup = charts.day_strip(moments, NOW, "x")
        assert markup.count("fill-ink-2") == 1
        assert markup.count("fill-mute") == 1


class TestShelf:
    def test_gives_every_playlist_a_spine(self) -> None:
        spines = [charts.Spine(f"No {i}", "/p/", 0.5) for i in range(62)]
        assert charts.shelf([board(*spines)]).count("<title>No") == 62

    def test_draws_what_stands_still_hollow(self) -> None:
        markup = charts.shelf([board(charts.Spine("One", "/p/", 0.5, "off"))])
        assert 'class="outline"' in markup

    def test_keeps_spines_out_of_the_way_of_the_keyboard(self) -> None:
        markup = charts.shelf([board(charts.Spine("One", "/p/", 0.5))])
        assert 'aria-hidden="true"' in markup
        assert 'href="/p/" tabindex="-1"' in markup
        assert "1 fresh" in markup


class TestTimeline:
    def test_says_what_came_and_went(self) -> None:
        markup = charts.timeline([charts.SnapshotMark(TODAY, 47, 45)], "x")
        assert "22 Nov: 47 in, 45 out" in markup

    def test_is_silent_about_nothing_gone(self) -> None:
        assert "−" not in charts.timeline([charts.SnapshotMark(TODAY, 50, 0)], "x")


class TestFunnel:
    def test_shows_what_each_rule_took(self) -> None:
        steps = [
            charts.FunnelStep("In the library", 3432),
            charts.FunnelStep("Held back", 3402),
            charts.FunnelStep("Resting", 3402),
            charts.FunnelStep("Drawn", 50),
        ]
        markup = charts.funnel(steps)
        for shown in (">3,432<", ">−30<", ">0<", ">50<"):
            assert shown in markup


class TestBehind:
    def test_writes_days_as_people_do(self) -> None:
        markup = charts.behind("x", ("Day", "Number"), [(TODAY, 3), (None, 4)])
        assert "22 Nov 2026" in markup
        assert "<td>3</td>" in markup


class TestTrend:
    def test_does_not_bridge_a_gap(self) -> None:
        drawn = charts.trend([1, 2, None, None, 4, 3], "x")
        assert drawn.count('class="curve"') == 2
        assert drawn.count('class="hatch"') == 1

    def test_dots_a_value_between_gaps(self) -> None:
        drawn = charts.trend([None, 1, None, 2, 2], "x")
        assert drawn.count("<circle") == 2

    def test_draws_what_never_changes(self) -> None:
        parse(charts.trend([7, 7, 7], "x"))
