"""How long figures are kept."""

from datetime import datetime, timedelta

from automation import pruning
from automation.models import Run
from automation.runtime import RuntimeSettings
from metrics.models import MetricSnapshot


def delete_old_snapshots(*, run: Run, settings: RuntimeSettings, now: datetime) -> None:
    """Delete figures that are older than the settings say."""
    older_than = now - timedelta(days=settings.metrics_retention_days)
    old = MetricSnapshot.objects.filter(slot__lt=older_than)
    pruning.prune(run, old, older_than=older_than, now=now)
