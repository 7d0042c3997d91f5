"""How long figures, and the counts of calls that they are made of, are kept."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Usage
from accounts.services import keeping as usage_keeping
from accounts.tests.factories import make_developer
from automation.models import Pruning
from automation.runtime import RuntimeSettings
from automation.tests.factories import make_working_run
from metrics.models import MetricSnapshot
from metrics.services import keeping

pytestmark = [pytest.mark.django_db, pytest.mark.portable]
NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)


class TestDeleteOldSnapshots:
    def test_deletes_by_the_slot(self) -> None:
        for days in (401, 399):
            slot = NOW - timedelta(days=days)
            MetricSnapshot.objects.create(grain="daily", slot=slot, taken_at=NOW)
        run = make_working_run()
        keeping.delete_old_snapshots(run=run, settings=RuntimeSettings(), now=NOW)
        assert MetricSnapshot.objects.get().slot == NOW - timedelta(days=399)
        line = Pruning.objects.get()
        assert (line.table, line.rows, line.run) == ("metric_snapshots", 1, run)


class TestDeleteOldUsage:
    def usage(self, *ages: timedelta) -> None:
        developer = make_developer()
        for age in ages:
            Usage.objects.create(
                developer=developer, hour=NOW - age, group="catalogue", calls=7
            )

    def test_deletes_what_is_as_old_as_figures_may_be(self) -> None:
        self.usage(timedelta(days=401), timedelta(days=399))
        usage_keeping.delete_old_usage(
            run=make_working_run(), settings=RuntimeSettings(), now=NOW
        )
        assert Usage.objects.get().hour == NOW - timedelta(days=399)

    def test_never_deletes_what_a_budget_still_counts(self) -> None:
        self.usage(timedelta(hours=25))
        usage_keeping.delete_old_usage(
            run=make_working_run(),
            settings=RuntimeSettings(metrics_retention_days=1),
            now=NOW,
        )
        assert Usage.objects.exists()
