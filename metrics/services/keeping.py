"""How long figures are kept."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from automation import pruning
from automation.models import Run
from automation.runtime import RuntimeSettings
from metrics.models import MetricSnapshot


def delete_old_snapshots(*, run: Run, settings: RuntimeSettings, now: datetime) -> None:
    """Delete figures that are older than the settings say."""
    before = figures_older_than(settings, now)
    pruning.prune(run, old_figures(before), older_than=before, now=now)


def figures_older_than(settings: RuntimeSettings, now: datetime) -> datetime:
    """Return from when on figures are kept."""
    return now - timedelta(days=settings.metrics_retention_days)


def old_figures(before: datetime) -> QuerySet[MetricSnapshot]:
    """Return the figures of before a moment."""
    return MetricSnapshot.objects.filter(slot__lt=before)
