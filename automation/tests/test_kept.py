"""The page of what is kept: every table, what would go, what went."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from automation import kept, ledger, retention, runtime, schedules
from automation.ledger import RunSpec
from automation.models import Run, Setting
from automation.tests.factories import make_run
from vibe_engine import clock

pytestmark = [pytest.mark.django_db, pytest.mark.portable]


def make_old_run() -> Run:
    """Save a run that ended longer ago than runs are kept."""
    run = make_run()
    run.state, run.finished_at = Run.State.DONE, clock.now() - timedelta(days=500)
    run.save(update_fields=["state", "finished_at"])
    return run


def row(table: str) -> kept.KeptRow:
    rows = kept.overview(now=clock.now()).rows
    return next(one for one in rows if one.kept.table == table)


class TestOverview:
    def test_names_every_table_that_grows(self) -> None:
        tables = {one.kept.table for one in kept.overview(now=clock.now()).rows}
        assert tables == {
            "runs",
            "notices",
            "notice_deliveries",
            "spotify_usage",
            "playlist_snapshots",
            "playlist_entries_history",
            "metric_snapshots",
        }

    def test_counts_what_would_go_and_deletes_nothing(self) -> None:
        make_old_run()
        make_run()
        found = row("runs")
        assert (found.size, found.going) == ("2", "1")
        assert Run.objects.count() == 2

    def test_keeps_for_good_what_a_setting_says(self) -> None:
        make_old_run()
        Setting.objects.create(
            key="runs_retention_days", value=0, updated_at=clock.now()
        )
        found = row("runs")
        assert (found.older_than, found.going) == (None, "0")

    def test_says_what_went_and_when_it_runs_next(self) -> None:
        now = clock.now()
        schedules.ensure_defaults(now=now)
        make_old_run()
        spec = RunSpec(retention.KIND, "schedule:1", "Retention")
        run = ledger.claim(ledger.open_run(spec, now=now).pk, worker="test")
        assert run is not None
        retention.apply_retention(run=run, settings=runtime.load(), now=now)
        seen = kept.overview(now=now)
        assert [(line.table, line.rows) for line in seen.prunings] == [("runs", 1)]
        assert row("runs").last == seen.prunings[0]
        assert seen.next_at is not None
        assert now < seen.next_at <= now + timedelta(days=1)

    def test_takes_few_queries(self, django_assert_max_num_queries: Any) -> None:
        schedules.ensure_defaults(now=clock.now())
        make_old_run()
        with django_assert_max_num_queries(7):
            kept.overview(now=clock.now())


class TestPage:
    def test_tells_a_viewer_who_may_not_run_it(
        self, viewer: Client, operator: Client
    ) -> None:
        schedules.ensure_defaults(now=clock.now())
        make_old_run()
        page = viewer.get("/automation/retention/").content.decode()
        assert "Ended runs" in page
        assert "400 days" in page
        assert "for 7 days" in page
        assert "Run it now" not in page
        assert "Run it now" in operator.get("/automation/retention/").content.decode()

    def test_says_that_it_is_off(self, viewer: Client) -> None:
        page = viewer.get("/automation/retention/").content.decode()
        assert "nothing is deleted because of its age" in page
