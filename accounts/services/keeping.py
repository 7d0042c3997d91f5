"""How long the counts of calls are kept."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.models import Usage
from accounts.services import erasing
from automation import pruning
from automation.models import Run
from automation.runtime import RuntimeSettings

QUOTA_LOOKS_BACK = timedelta(days=2)
"""The rolling budgets read the last 24 hours, by whole hours."""


def delete_old_usage(*, run: Run, settings: RuntimeSettings, now: datetime) -> None:
    """Delete counts of calls as old as the metrics that were made of them."""
    before = usage_older_than(settings, now)
    pruning.prune(run, old_usage(before), older_than=before, now=now)


def usage_older_than(settings: RuntimeSettings, now: datetime) -> datetime:
    """Return from when on counts of calls are kept."""
    days = timedelta(days=settings.metrics_retention_days)
    return now - max(days, QUOTA_LOOKS_BACK)


def old_usage(before: datetime) -> QuerySet[Usage]:
    """Return the counts of the hours before a moment."""
    return Usage.objects.filter(hour__lt=before)


def finish_erasures(*, run: Run, settings: RuntimeSettings, now: datetime) -> None:
    """See to it that no erasure stands still."""
    erasing.go_on(now=now)
