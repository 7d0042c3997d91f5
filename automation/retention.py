"""Deleting what is older than the settings say: one run a day asks every app."""

from datetime import datetime, timedelta

from automation import pruning, registry
from automation.models import Run, RunQuerySet
from automation.runtime import RuntimeSettings

KIND = "automation.apply_retention"
DUE = "retention.due"
"""The event; listeners get `run`, `settings` and `now`, and delete in batches."""


def apply_retention(
    *, run: Run, settings: RuntimeSettings, now: datetime
) -> dict[str, object]:
    """Have every app delete what is too old; return how many rows, by table."""
    registry.emit(DUE, run=run, settings=settings, now=now)
    lines = run.pruning_set.order_by("table").values_list("table", "rows")
    return {"rows": dict(lines)}


def delete_old_runs(*, run: Run, settings: RuntimeSettings, now: datetime) -> None:
    """Delete runs that ended long ago."""
    if not settings.runs_retention_days:
        return
    older_than = now - timedelta(days=settings.runs_retention_days)
    pruning.prune(run, ended_runs(before=older_than), older_than=older_than, now=now)


def ended_runs(*, before: datetime) -> RunQuerySet:
    """Return the runs that ended before a moment and that no open bulk counts."""
    ended = Run.objects.filter(state__in=Run.TERMINAL, finished_at__lt=before)
    return ended.exclude(as_child__bulk__in=Run.objects.active().filter(is_bulk=True))
