"""How long the counts of calls are kept."""

from datetime import datetime, timedelta

from accounts.models import Usage
from accounts.services import erasing
from automation import pruning
from automation.models import Run
from automation.runtime import RuntimeSettings

QUOTA_LOOKS_BACK = timedelta(days=2)
"""The rolling budgets read the last 24 hours, by whole hours."""


def delete_old_usage(*, run: Run, settings: RuntimeSettings, now: datetime) -> None:
    """Delete counts of calls as old as the metrics that were made of them."""
    age = max(timedelta(days=settings.metrics_retention_days), QUOTA_LOOKS_BACK)
    old = Usage.objects.filter(hour__lt=now - age)
    pruning.prune(run, old, older_than=now - age, now=now)


def finish_erasures(*, run: Run, settings: RuntimeSettings, now: datetime) -> None:
    """See to it that no erasure stands still."""
    erasing.go_on(now=now)
