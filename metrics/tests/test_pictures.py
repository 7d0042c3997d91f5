"""What the charts are drawn from."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account
from accounts.tests.factories import make_account
from automation.models import Run
from automation.runtime import RuntimeSettings
from automation.tests.factories import make_run
from library.tests.factories import make_tracks
from metrics.models import MetricSnapshot
from metrics.pictures import agenda, day_lanes, days, growth, rotation, trends
from metrics.services import standing
from metrics.services.standing import BAND_EDGES
from playlists.models import Playlist
from playlists.tests.factories import make_playlist, make_snapshot
from vibe_engine import clock
from vibe_engine.charts.scales import energy_step

SETTINGS = RuntimeSettings(reshuffle_hours=0)
pytestmark = [pytest.mark.django_db, pytest.mark.portable]


class TestAgenda:
    def test_repeats_a_turn_until_the_week_is_over(self, noon: datetime) -> None:
        make_playlist(interval_days=2, next_reshuffle_at=noon + timedelta(hours=1))
        make_playlist(next_reshuffle_at=noon + timedelta(hours=2))
        turns = agenda.agenda(settings=SETTINGS, now=noon)
        hours = sorted((turn.at - noon) // timedelta(hours=1) for turn in turns)
        assert hours == [1, 2, 49, 97, 122, 145]

    def test_counts_a_late_turn_once_at_its_time(self, noon: datetime) -> None:
        late = noon - timedelta(days=3)
        make_playlist(interval_days=1, next_reshuffle_at=late)
        turns = agenda.agenda(settings=SETTINGS, now=noon)
        assert [turn.at for turn in turns if turn.at <= noon] == [late]
        assert turns[1].at == noon + timedelta(days=1)

    def test_keeps_to_a_weekday_and_an_hour(self, noon: datetime) -> None:
        weekday = (noon.weekday() - 1) % 7
        make_playlist(
            interval_days=3,
            reshuffle_weekday=weekday,
            reshuffle_hour=6,
            next_reshuffle_at=noon - timedelta(days=6),
        )
        late, turn = agenda.agenda(settings=SETTINGS, now=noon)
        assert late.at < noon
        assert (turn.at.weekday(), turn.at.hour) == (weekday, 6)

    def test_marks_what_waits_for_its_account(self, noon: datetime) -> None:
        account = make_account(status=Account.Status.NEEDS_REAUTH)
        make_playlist(account=account)
        (turn,) = agenda.agenda(settings=SETTINGS, now=noon)
        assert turn.waits

    def test_leaves_out_what_is_paused(self, noon: datetime) -> None:
        make_playlist(status=Playlist.Status.PAUSED)
        assert agenda.agenda(settings=SETTINGS, now=noon) == []


class TestLanes:
    def test_shows_done_failed_waiting_and_planned(self, noon: datetime) -> None:
        playlist = make_playlist(next_reshuffle_at=noon + timedelta(hours=3))
        make_playlist(
            account=playlist.account, next_reshuffle_at=noon - timedelta(hours=1)
        )
        tracks = make_tracks(4, energy=0.5)
        make_snapshot(playlist, tracks, confirmed_at=noon - timedelta(hours=2))
        run = make_run(kind="playlists.reshuffle", lane=playlist.account.lane)
        Run.objects.filter(pk=run.pk).update(
            state=Run.State.FAILED, finished_at=noon - timedelta(hours=4)
        )
        turns = agenda.agenda(settings=SETTINGS, now=noon)
        lanes = day_lanes.lanes(accounts=[playlist.account], turns=turns, now=noon)
        (row,) = lanes.rows
        (done,) = (mark for mark in row.marks if mark.state == "done")
        assert done.energy == pytest.approx(0.5)
        assert (row.done_today, row.planned_today) == (1, 3)
        assert lanes.table[0][1:4] == (1, 1, 1)

    def test_counts_no_turn_beyond_what_it_shows(self, noon: datetime) -> None:
        account = make_account()
        for hours in (3, 20, 30, 80):
            at = noon + timedelta(hours=hours)
            make_playlist(account=account, next_reshuffle_at=at)
        turns = agenda.agenda(settings=SETTINGS, now=noon)
        lanes = day_lanes.lanes(accounts=[account], turns=turns, now=noon)
        assert lanes.table[0][1:] == (0, 0, 0, 2)

    def test_hides_the_emptiest_accounts_of_many(self, noon: datetime) -> None:
        accounts = [Account(pk=n, playlists_count=n) for n in range(1, 36)]
        lanes = day_lanes.lanes(accounts=accounts, turns=[], now=noon)
        assert len(lanes.rows) == day_lanes.MOST_LANES
        assert lanes.hidden == 5
        assert lanes.rows[0].url == accounts[-1].get_absolute_url()


class TestDays:
    def test_begin_on_a_monday_and_end_with_next_week(self, noon: datetime) -> None:
        shown = days.days(turns=[], now=noon)
        assert shown.calendar[0].date.weekday() == 0
        assert shown.calendar[-1].date == noon.date() + timedelta(days=6)
        assert len(shown.calendar) <= 7 * (days.FEWEST_WEEKS + 2)

    def test_reach_back_to_the_first_list(self, noon: datetime) -> None:
        playlist = make_playlist()
        at = noon - timedelta(weeks=14)
        make_snapshot(playlist, confirmed_at=at, replaced_at=noon)
        shown = days.days(turns=[], now=noon)
        assert shown.calendar[0].date <= at.date()
        assert sum(day.done for day in shown.calendar) == 1
        assert sum(day.done for day in shown.bars) == 0

    def test_counts_failures_of_playlists_alone(self, noon: datetime) -> None:
        for kind in ("playlists.reshuffle", "library.ingest_album"):
            run = make_run(kind=kind)
            Run.objects.filter(pk=run.pk).update(
                state=Run.State.FAILED, finished_at=noon
            )
        shown = days.days(turns=[], now=noon)
        assert sum(day.failed for day in shown.bars) == 1


def counted_use() -> standing.Use:
    return standing.count(now=clock.now())


class TestCoverage:
    @pytest.mark.parametrize("energy", [0.0, 0.44, 0.45, 0.6, 0.85, 1.0])
    def test_paints_energies_as_the_charts_do(self, energy: float) -> None:
        make_snapshot(make_playlist(), make_tracks(1, energy=energy))
        parts = rotation.coverage(counted_use(), places_a_day=1).parts
        (lit,) = (part.paint for part in parts if part.share)
        assert lit == f"energy-{energy_step(energy)}"

    def test_edges_are_those_of_the_charts(self) -> None:
        for step, edge in enumerate(BAND_EDGES):
            assert energy_step(edge - 0.005) == step
            assert energy_step(edge + 0.005) == step + 1

    def test_says_how_long_a_round_takes(self) -> None:
        make_tracks(100)
        coverage = rotation.coverage(counted_use(), places_a_day=10)
        assert "once in about 10 days" in coverage.meaning
        assert coverage.heard == "0.0%"

    def test_leaves_out_held_tracks(self) -> None:
        make_tracks(3, is_usable=False, held_reason="Live")
        assert rotation.coverage(counted_use(), places_a_day=1).usable == 0


class TestExposure:
    def test_counts_places_of_present_lists(self, noon: datetime) -> None:
        tracks = make_tracks(4, artists=2)
        for _ in range(2):
            make_snapshot(make_playlist(), tracks[:3])
        make_snapshot(make_playlist(), tracks, replaced_at=noon + timedelta(days=1))
        exposure = rotation.exposure(counted_use())
        assert (exposure.places, exposure.lists, exposure.most) == (6, 2, 4)
        assert exposure.artists[0].name == tracks[0].artist_line


class TestRests:
    def test_reads_them_off_the_reports(self) -> None:
        notes = {"1": [995, "rested"], "2": [990, "rested"], "3": [None, "never_used"]}
        report = {"per_track": notes, "seed": [1, 1, 1_000]}
        make_snapshot(make_playlist(), report=report)
        rests = rotation.rests(rule_days=5)
        assert rests.counts == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
        assert "none came back early" in rests.meaning

    def test_leaves_out_playlists_with_a_rest_of_their_own(self) -> None:
        report = {"per_track": {"1": [999, "rested"]}, "seed": [1, 1, 1_000]}
        make_snapshot(make_playlist(cooldown_days=0), report=report)
        assert rotation.rests(rule_days=5).counts == []

    @pytest.mark.parametrize(
        "report",
        [
            {},
            {"per_track": None, "seed": None},
            {"per_track": {"1": [995, "rested"]}},
            {"per_track": {}, "seed": [1, 1, 1_000]},
        ],
    )
    def test_bears_lists_without_a_whole_report(self, report: dict[str, Any]) -> None:
        make_snapshot(make_playlist(), report=report)
        assert rotation.rests(rule_days=5).counts == []

    def test_reads_no_report_into_the_page(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        notes = {str(pk): [1_000 - pk, "rested"] for pk in range(1, 51)}
        report = {"per_track": notes, "seed": [1, 1, 1_000]}
        for _ in range(2):
            make_snapshot(make_playlist(), report=report)
        with django_assert_num_queries(1) as asked:
            rests = rotation.rests(rule_days=5)
        assert "GROUP BY" in asked.captured_queries[0]["sql"]
        assert (rests.counts[1], rests.counts[30], len(rests.counts)) == (2, 42, 31)


class TestGrowth:
    def test_goes_up_and_down(self, noon: datetime) -> None:
        account = make_account(display_name="Kiosk", created_at=noon)
        before = noon - timedelta(days=40)
        make_playlist(account=account, created_at=before)
        make_playlist(
            account=account,
            created_at=before,
            removed_at=noon - timedelta(days=1),
            status=Playlist.Status.REMOVED,
        )
        shown = growth.growth(accounts=[account], now=noon)
        values = [(point.date, point.value, point.note) for point in shown.points]
        yesterday = noon.date() - timedelta(days=1)
        assert values == [
            (before.date(), 2, ""),
            (yesterday, 1, ""),
            (noon.date(), 1, "Kiosk joins"),
        ]
        assert shown.meaning == "1 fewer than 30 days ago."

    def test_is_empty_without_playlists(self, noon: datetime) -> None:
        assert growth.growth(accounts=[], now=noon).points == []


class TestRenewedADay:
    def test_averages_the_last_seven_days_and_counts_a_playlist_once_a_day(
        self, noon: datetime
    ) -> None:
        playlist = make_playlist()
        for days_ago in (0, 3, 6, 7):
            for minutes in (10, 20):
                at = noon - timedelta(days=days_ago, minutes=minutes)
                make_snapshot(playlist, confirmed_at=at, replaced_at=noon)
        assert days.renewed_a_day(now=noon) == pytest.approx(3 / 7)


class TestTrends:
    def test_leave_a_gap_where_nobody_looked(self, noon: datetime) -> None:
        for back in (0, 1, 4):
            make_figures("hourly", noon - timedelta(hours=back), playlists=back)
        shown = trends.trends("24h", now=noon)
        (playlists,) = (t for t in shown.trends if t.measure.key == "playlists")
        assert playlists.values[-5:] == [4, None, None, 1, 0]
        assert shown.gaps == 22
        assert playlists.newest == "0"
        assert playlists.change == "down from 4"
        assert len(shown.rows) == 3

    def test_count_no_gap_for_an_hour_that_is_not_over(self, noon: datetime) -> None:
        make_figures("hourly", noon - timedelta(hours=1))
        assert len(trends.trends("24h", now=noon).slots) == 24

    def test_take_thirty_days_unless_a_span_is_named(self, noon: datetime) -> None:
        assert trends.trends("fortnight", now=noon).span.key == "30d"
        assert trends.trends("year", now=noon).span.count == 366

    def test_ask_once(
        self,
        noon: datetime,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        with django_assert_num_queries(1):
            trends.trends("year", now=noon)


def make_figures(grain: str, slot: datetime, **figures: float) -> None:
    """Save what a snapshot of a slot holds."""
    MetricSnapshot.objects.create(
        grain=grain, slot=slot, taken_at=slot, figures=figures
    )
