"""How much is kept, for how long, and what goes next: one look at every table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from automation import retention, runtime, schedules
from automation.models import Pruning, Schedule
from automation.retention import Kept
from automation.runtime import RuntimeSettings
from vibe_engine.words import grouped

EXACT_UP_TO = 10_000
"""Nobody waits for the last digit of a larger number."""
LATEST = 30


@dataclass(frozen=True)
class KeptRow:
    """One table: how much it holds, since when, and how much is too old now.

    `older_than` is None where rows are kept for good; `size` and `going` are words.
    """

    kept: Kept
    setting: runtime.InForce
    older_than: datetime | None
    size: str
    going: str
    last: Pruning | None


@dataclass(frozen=True)
class Overview:
    """Everything that the page of what is kept shows."""

    rows: Sequence[KeptRow]
    prunings: Sequence[Pruning]
    schedule: Schedule | None
    next_at: datetime | None
    routine_days: int = retention.KEEP_ROUTINE.days


def overview(*, now: datetime) -> Overview:
    """Return what is kept and what goes next, with at most six queries."""
    settings = runtime.load()
    prunings = list(Pruning.objects.select_related("run")[:LATEST])
    schedule = (
        Schedule.objects.select_related("task__crontab", "task__interval")
        .filter(kind=retention.KIND)
        .first()
    )
    next_at = None
    if schedule is not None and schedule.task.enabled and not schedule.paused_reason:
        next_at = next(iter(schedules.next_slots(schedule, now=now, count=1)), None)
    rows = _rows(settings, prunings, now=now)
    return Overview(rows, prunings, schedule, next_at)


def _rows(
    settings: RuntimeSettings, prunings: Sequence[Pruning], *, now: datetime
) -> list[KeptRow]:
    tables = retention.declared()
    known = {kept.older_than for kept in tables}
    found = {older_than: older_than(settings, now) for older_than in known}
    bounds = [found[kept.older_than] for kept in tables]
    old = [
        kept.model._default_manager.none() if bound is None else kept.too_old(bound)
        for kept, bound in zip(tables, bounds, strict=True)
    ]
    in_force = {one.spec.key: one for one in runtime.describe()}
    last = {line.table: line for line in reversed(prunings)}
    sizes, going = _sizes(tables), count_each(old)
    return [
        KeptRow(
            kept,
            in_force[kept.setting],
            bound,
            sizes[kept.table],
            _capped(number),
            last.get(kept.table),
        )
        for kept, bound, number in zip(tables, bounds, going, strict=True)
    ]


def count_each(queries: Sequence[QuerySet[Any]]) -> list[int]:
    """Count the rows of several lists in one query, each as far as `EXACT_UP_TO`."""
    some = [rows for rows in queries if not rows.query.is_empty()]
    found: list[int] = []
    if some:
        parts: list[str] = []
        parameters: list[Any] = []
        for rows in some:
            limited = rows.order_by().values("pk")[: EXACT_UP_TO + 1]
            sql, given = limited.query.sql_with_params()
            parts.append(f"(SELECT COUNT(*) FROM ({sql}) AS counted)")  # noqa: S608
            parameters += given
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(parts)}", parameters)
            found = list(cursor.fetchone())
    numbers = iter(found)
    return [0 if rows.query.is_empty() else next(numbers) for rows in queries]


def _sizes(tables: Sequence[Kept]) -> dict[str, str]:
    """Return how large each table is, in words: as PostgreSQL guesses, else counted."""
    guesses: dict[str, int] = {}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname, reltuples::bigint FROM pg_class WHERE oid = ANY("
                "SELECT to_regclass(name) FROM unnest(%s::text[]) AS name)",
                [[kept.table for kept in tables]],
            )
            guesses = {name: rows for name, rows in cursor if rows > EXACT_UP_TO}
    small = [kept for kept in tables if kept.table not in guesses]
    counted = count_each([kept.model._default_manager.all() for kept in small])
    return {name: f"about {grouped(rows)}" for name, rows in guesses.items()} | {
        kept.table: _capped(rows) for kept, rows in zip(small, counted, strict=True)
    }


def _capped(number: int) -> str:
    if number > EXACT_UP_TO:
        return f"more than {grouped(EXACT_UP_TO)}"
    return grouped(number)
