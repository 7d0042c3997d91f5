"""Every picture: valid, escaped, without styles, and sensible without data."""

from collections.abc import Callable
from datetime import date

import pytest

from vibe_engine import charts
from vibe_engine.tests.charts.things import (
    NOW,
    TODAY,
    board,
    days,
    lane,
    mark,
    parse,
    track,
)

HOSTILE = "\"><script>alert('x')</script>&amp;"
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
