"""Deleting what is older than the settings say: one run a day asks every app."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model, QuerySet

from automation import pruning, registry
from automation.models import Run, RunQuerySet
from automation.runtime import RuntimeSettings

KIND = "automation.apply_retention"
DUE = "retention.due"
"""The event; listeners get `run`, `settings` and `now`, and delete in batches."""
KEEP_ROUTINE = timedelta(days=7)
"""Slots, keys of forms and scheduled runs that ended well are kept for so long.

The engine forgets them by itself, every hour.
"""


@dataclass(frozen=True)
class Kept:
    """One table that grows: what it holds, and which of its rows are too old.

    `setting` is the runtime setting that says how long rows are kept. `older_than`
    returns from when on they are kept (None: for good), `too_old` the rows of
    before.
    """

    model: type[Model]
    label: str
    setting: str
    older_than: Callable[[RuntimeSettings, datetime], datetime | None]
    too_old: Callable[[datetime], QuerySet[Any]]

    @property
    def table(self) -> str:
        """The name of the table, as the lines about what was deleted have it."""
        return self.model._meta.db_table


_kept: dict[str, Kept] = {}


def declare(*tables: Kept) -> None:
    """Let the page of what is kept know tables that retention deletes from."""
    _kept.update({kept.table: kept for kept in tables})


def declared() -> list[Kept]:
    """Return every table that retention deletes from, the lowest app's first."""
    return list(_kept.values())


def apply_retention(
    *, run: Run, settings: RuntimeSettings, now: datetime
) -> dict[str, object]:
    """Have every app delete what is too old; return how many rows, by table."""
    registry.emit(DUE, run=run, settings=settings, now=now)
    lines = run.pruning_set.order_by("table").values_list("table", "rows")
    return {"rows": dict(lines)}


def delete_old_runs(*, run: Run, settings: RuntimeSettings, now: datetime) -> None:
    """Delete runs that ended long ago."""
    older_than = runs_older_than(settings, now)
    if older_than is not None:
        old = ended_runs(before=older_than)
        pruning.prune(run, old, older_than=older_than, now=now)


def runs_older_than(settings: RuntimeSettings, now: datetime) -> datetime | None:
    """Return from when on runs are kept; None: for good."""
    days = settings.runs_retention_days
    return now - timedelta(days=days) if days else None


def ended_runs(*, before: datetime) -> RunQuerySet:
    """Return the runs that ended before a moment and that no open bulk counts."""
    ended = Run.objects.filter(state__in=Run.TERMINAL, finished_at__lt=before)
    return ended.exclude(as_child__bulk__in=Run.objects.active().filter(is_bulk=True))
