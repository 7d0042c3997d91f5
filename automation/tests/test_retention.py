"""What is older than the settings say goes, and a line about it stays."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from automation import ledger, registry, retention
from automation.ledger import RunSpec, open_bulk
from automation.models import Pruning, Run
from automation.runtime import RuntimeSettings
from automation.tests.factories import make_run

pytestmark = [pytest.mark.django_db, pytest.mark.portable]
NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
KEEP_30 = RuntimeSettings(runs_retention_days=30)


def ended(days_ago: int, **fields: Any) -> Run:
    """Save a run that ended well so many days ago."""
    run = make_run(**fields)
    run.state, run.finished_at = Run.State.DONE, NOW - timedelta(days=days_ago)
    run.save(update_fields=["state", "finished_at"])
    return run


def retain(settings: RuntimeSettings) -> Run:
    """Carry the retention out and return its run."""
    spec = RunSpec(retention.KIND, "schedule:1", "Retention")
    run = ledger.claim(ledger.open_run(spec, now=NOW).pk, worker="test")
    assert run is not None
    ledger.finish(run, retention.apply_retention(run=run, settings=settings, now=NOW))
    return run


class TestRuns:
    def test_go_when_they_ended_long_ago(self) -> None:
        old, recent = ended(31), ended(29)
        run = retain(KEEP_30)
        assert set(Run.objects.all()) == {recent, run}
        line = Pruning.objects.get(table="runs")
        assert (line.rows, line.run) == (1, run)
        assert line.older_than == NOW - timedelta(days=30)
        assert run.result["rows"]["runs"] == 1
        assert old != recent

    def test_stay_for_good_where_the_setting_is_0(self) -> None:
        ended(5_000)
        retain(RuntimeSettings(runs_retention_days=0))
        assert Run.objects.count() == 2
        assert not Pruning.objects.exists()

    def test_stay_while_they_have_not_ended(self) -> None:
        waiting = make_run(now=NOW - timedelta(days=900))
        retain(KEEP_30)
        assert Run.objects.filter(pk=waiting.pk).exists()

    def test_stay_while_an_open_bulk_counts_them(self) -> None:
        children = [RunSpec("test.kind", f"playlist:{n}", "Child") for n in (1, 2)]
        bulk = open_bulk(kind="test.bulk", title="Bulk", children=children, now=NOW)
        first = bulk.children.order_by("pk")[0]
        Run.objects.filter(pk=first.pk).update(
            state=Run.State.DONE, finished_at=NOW - timedelta(days=40)
        )
        retain(KEEP_30)
        assert bulk.children.count() == 2

    def test_are_deleted_in_one_line_however_many_batches(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("automation.pruning.BATCH", 2)
        for _ in range(5):
            ended(31)
        retain(KEEP_30)
        assert Pruning.objects.get(table="runs").rows == 5


class TestListeners:
    def test_stand_for_every_table_that_grows(self) -> None:
        listeners = registry._listeners[retention.DUE]
        names = {f"{one.__module__}.{one.__name__}" for one in listeners}
        assert names == {
            "automation.retention.delete_old_runs",
            "automation.notices.keeping.delete_old_notices",
            "accounts.services.keeping.delete_old_usage",
            "accounts.services.keeping.finish_erasures",
            "playlists.jobs.retention_due",
            "metrics.services.keeping.delete_old_snapshots",
        }
