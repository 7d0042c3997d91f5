"""Pictures of numbers: over time, as shares, as steps of a funnel."""

from datetime import date, timedelta

import pytest

from vibe_engine import charts
from vibe_engine.charts import scales
from vibe_engine.tests.charts.things import TODAY, days, parse


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


class TestGridValues:
    @pytest.mark.parametrize(
        ("largest", "values"),
        [(0, [1]), (1, [1]), (53, [20, 40]), (212, [50, 100, 150, 200])],
    )
    def test_are_round_and_inside(self, largest: int, values: list[int]) -> None:
        assert list(scales.grid_values(largest)) == values


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


class TestBehind:
    def test_writes_days_as_people_do(self) -> None:
        markup = charts.behind("x", ("Day", "Number"), [(TODAY, 3), (None, 4)])
        assert "22 Nov 2026" in markup
        assert "<td>3</td>" in markup
