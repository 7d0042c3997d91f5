"""Figures written down, once a slot."""

from datetime import UTC, datetime, timedelta

import pytest

from automation import ledger, worker
from automation.ledger import RunSpec
from automation.models import Run
from automation.tests.factories import make_run
from library.models import Track
from library.tests.factories import make_tracks
from metrics.models import MetricSnapshot
from metrics.services import snapshots
from metrics.tests.factories import PLACES, make_fleet
from playlists.models import PlaylistSnapshot

pytestmark = [pytest.mark.django_db, pytest.mark.portable]


class TestSlot:
    def test_is_the_hour_or_the_day_of_utc(self) -> None:
        berlin = datetime.fromisoformat("2026-11-23T00:40:12+01:00")
        assert snapshots.slot_of("hourly", berlin) == datetime(
            2026, 11, 22, 23, tzinfo=UTC
        )
        assert snapshots.slot_of("daily", berlin) == datetime(2026, 11, 22, tzinfo=UTC)


class TestMeasure:
    def test_counts_an_empty_installation(self, noon: datetime) -> None:
        figures = snapshots.measure(now=noon)
        assert (figures.accounts, figures.playlists, figures.tracks) == (0, 0, 0)
        assert figures.coverage is None
        assert figures.mean_rest_days is None

    def test_counts_the_fleet(self, noon: datetime) -> None:
        make_fleet(accounts=2, playlists=3, now=noon)
        Track.objects.filter(pk__in=Track.objects.values("pk")[:5]).update(use_count=1)
        make_tracks(4, is_usable=False, held_reason="explicit")
        figures = snapshots.measure(now=noon)
        assert (figures.accounts, figures.playlists) == (2, 6)
        assert (figures.tracks, figures.usable) == (24, 20)
        assert figures.coverage == pytest.approx(5 / 20)
        assert figures.tracks_per_playlist == PLACES
        assert figures.calls_24h == 6

    def test_counts_the_last_day_alone(self, noon: datetime) -> None:
        for state, hours in (("done", 1), ("failed", 2), ("done", 25), ("failed", 30)):
            run = make_run(kind="playlists.reshuffle")
            ended = noon - timedelta(hours=hours)
            Run.objects.filter(pk=run.pk).update(state=state, finished_at=ended)
        figures = snapshots.measure(now=noon)
        assert (figures.done_24h, figures.failed_24h) == (1, 1)

    def test_takes_the_mean_of_the_rests_in_new_lists(self, noon: datetime) -> None:
        make_fleet(accounts=1, playlists=1, now=noon)
        report = {"seed": [1, 2, 100], "per_track": {"1": [94, 0], "2": [90, 0]}}
        PlaylistSnapshot.objects.current().update(report=report)
        assert snapshots.measure(now=noon).mean_rest_days == pytest.approx(8)
        assert snapshots.measure(now=noon + timedelta(days=2)).mean_rest_days is None


class TestTake:
    def test_writes_a_slot_once(self, noon: datetime) -> None:
        assert snapshots.take(grain="hourly", slot=noon, now=noon)
        make_tracks(3)
        assert not snapshots.take(grain="hourly", slot=noon, now=noon)
        (row,) = MetricSnapshot.objects.all()
        assert row.figures["tracks"] == 0

    def test_keeps_hours_and_days_apart(self, noon: datetime) -> None:
        assert snapshots.take(grain="hourly", slot=noon, now=noon)
        assert snapshots.take(grain="daily", slot=noon, now=noon)


class TestJob:
    def test_writes_the_slot_in_which_it_was_asked_for(self, noon: datetime) -> None:
        run = self.run("daily", noon - timedelta(hours=2))
        assert run.state == Run.State.DONE
        (row,) = MetricSnapshot.objects.all()
        assert (row.grain, row.slot) == ("daily", noon.replace(hour=0))

    def test_refuses_another_grain_for_good(self, noon: datetime) -> None:
        run = self.run("weekly", noon)
        assert run.state == Run.State.FAILED
        assert "hourly or daily" in run.error

    @staticmethod
    def run(grain: str, asked: datetime) -> Run:
        spec = RunSpec(
            "metrics.snapshot", "figures", "Figures", arguments={"grain": grain}
        )
        run = ledger.open_run(spec, now=asked)
        worked = worker.work(run.pk)
        assert worked is not None
        worked.refresh_from_db()
        return worked
