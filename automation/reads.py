"""What the pages of the engine room show, in few queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypedDict, cast

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django_celery_beat.models import CrontabSchedule

from automation import schedules
from automation.models import EngineLease, Hold, Run, Schedule, ScheduleSlot, Setting

LIVE_MOST = 20
PAGE = 50


@dataclass(frozen=True)
class ScheduleRow:
    """One schedule as the page shows it."""

    schedule: Schedule
    last: ScheduleSlot | None
    next_slots: Sequence[datetime]
    cadence: str


def live_runs() -> list[Run]:
    """Return the runs that are going or wait, without a bulk's children."""
    runs = Run.objects.active().top_level().for_table()
    return list(runs[:LIVE_MOST])


def filtered_runs(*, state: str = "", kind: str = "", query: str = "") -> QuerySet[Run]:
    """Return the runs that a person or a schedule asked for, newest first."""
    runs = Run.objects.top_level().for_table()
    if state == "active":
        runs = runs.filter(state__in=Run.ACTIVE)
    elif state:
        runs = runs.filter(state=state)
    if kind:
        runs = runs.filter(kind=kind)
    if query:
        runs = runs.filter(title__icontains=query)
    return runs


@dataclass(frozen=True)
class Held:
    """What holds the whole fleet's writing back: since when, by whom, and why."""

    began_at: datetime
    began_by: str
    reason: str = ""

    @property
    def began_by_words(self) -> str:
        """Who began it: a person's name, or the product itself."""
        return self.began_by or Hold.NOBODY


@dataclass(frozen=True)
class Pulse:
    """The engine's last sign of life, how many single runs go on, and what holds."""

    heartbeat_at: datetime | None
    broker_ok: bool
    working: int
    waiting: int
    blocked: int
    failed: int
    stop: Held | None = None
    shadow: Held | None = None


def pulse(*, since: datetime) -> Pulse:
    """Return the engine's pulse with one query; `failed` counts from `since` on."""
    single = Run.objects.filter(is_bulk=False).order_by()
    figures = {
        "working": _count(single.filter(state=Run.State.WORKING)),
        "waiting": _count(single.filter(state=Run.State.PLANNED)),
        "blocked": _count(single.filter(state=Run.State.BLOCKED)),
        "failed": _count(single.filter(state=Run.State.FAILED, finished_at__gte=since)),
    }
    held = _held_columns()
    rows = EngineLease.objects.filter(pk=1).annotate(**figures, **held)
    row = rows.values("heartbeat_at", "broker_ok", *figures, *held).first()
    if row is None:
        return _pulse_without_engine(since)
    stop, shadow = (_held(row, kind) for kind in Hold.Kind.values)
    counted = {name: row[name] for name in ("heartbeat_at", "broker_ok", *figures)}
    return Pulse(**counted, stop=stop, shadow=shadow)


HELD = {"at": "began_at", "by": "began_by__username", "why": "reason"}


def _held_columns() -> dict[str, Subquery]:
    """Return what is told of each hold of the whole fleet, as columns."""
    fleet = Hold.objects.filter(ended_at=None, lane="")
    return {
        f"{kind}_{name}": Subquery(fleet.filter(kind=kind).values(column)[:1])
        for kind in Hold.Kind.values
        for name, column in HELD.items()
    }


def _held(row: Mapping[str, Any], kind: str) -> Held | None:
    began_at = row[f"{kind}_at"]
    if began_at is None:
        return None
    return Held(began_at, row[f"{kind}_by"] or "", row[f"{kind}_why"])


class Counts(TypedDict):
    """Single runs that go on."""

    working: int
    waiting: int
    blocked: int


def _pulse_without_engine(since: datetime) -> Pulse:
    """Return the figures where no engine has ever run."""
    held = {
        hold.kind: Held(hold.began_at, hold.began_by_words, hold.reason)
        for hold in Hold.objects.filter(ended_at=None, lane="").select_related(
            "began_by"
        )
    }
    return Pulse(
        None,
        broker_ok=False,
        **counts(),
        failed=failed_since(since),
        stop=held.get(Hold.Kind.STOP),
        shadow=held.get(Hold.Kind.SHADOW),
    )


def _count(runs: QuerySet[Run]) -> Coalesce:
    """Return a subquery that counts `runs`."""
    counted = runs.annotate(every=Value(1)).values("every").annotate(n=Count("pk"))
    return Coalesce(Subquery(counted.values("n")), 0)


def counts() -> Counts:
    """Return how many single runs work, wait and need a person."""
    found = Run.objects.filter(is_bulk=False, state__in=Run.ACTIVE).aggregate(
        working=Count("pk", filter=Q(state=Run.State.WORKING)),
        waiting=Count("pk", filter=Q(state=Run.State.PLANNED)),
        blocked=Count("pk", filter=Q(state=Run.State.BLOCKED)),
    )
    return cast("Counts", found)


def failed_since(moment: datetime) -> int:
    """Return how many single runs have failed since a moment."""
    return Run.objects.filter(
        state=Run.State.FAILED, is_bulk=False, finished_at__gte=moment
    ).count()


def schedule_rows(*, now: datetime) -> list[ScheduleRow]:
    """Return every schedule with its last run and the next five, with two queries."""
    opened = ScheduleSlot.objects.filter(schedule=OuterRef("pk")).exclude(run=None)
    rows = (
        Schedule.objects.select_related("task__crontab", "task__interval")
        .annotate(last_opened=Subquery(opened.order_by("-slot").values("pk")[:1]))
        .order_by("owner", "task__name")
    )
    last = ScheduleSlot.objects.select_related("run").in_bulk(
        [row.last_opened for row in rows if row.last_opened]
    )
    return [
        ScheduleRow(
            schedule=row,
            last=last.get(row.last_opened),
            next_slots=schedules.next_slots(row, now=now) if row.task.enabled else (),
            cadence=_cadence(row),
        )
        for row in rows
    ]


def _cadence(schedule: Schedule) -> str:
    interval = schedule.task.interval
    if interval is None:
        return _crontab_words(schedule.task.crontab)
    every = timedelta(**{interval.period: interval.every})
    minutes, seconds = divmod(int(every.total_seconds()), 60)
    if seconds:
        return f"every {int(every.total_seconds())} seconds"
    if minutes == 1:
        return "every minute"
    if minutes % 1440 == 0:
        return f"every {minutes // 1440} days" if minutes > 1440 else "every day"
    return f"every {minutes} minutes"


def latest_changes() -> list[Setting]:
    """Return the settings that were changed last, with who changed them."""
    return list(
        Setting.objects.select_related("updated_by").order_by("-updated_at")[:8]
    )


def _crontab_words(row: CrontabSchedule) -> str:
    """Say the usual crontabs in words, others as they are written."""
    zone, minute, hour = str(row.timezone), row.minute, row.hour
    is_daily = (row.day_of_month, row.month_of_year, row.day_of_week) == ("*", "*", "*")
    if is_daily and minute.isdigit() and hour == "*":
        return f"every hour at :{int(minute):02}"
    if is_daily and minute.isdigit() and hour.isdigit():
        return f"every day at {int(hour):02}:{int(minute):02} {zone}"
    fields = (row.day_of_month, row.month_of_year, row.day_of_week)
    return f"{minute} {hour} {' '.join(fields)} {zone}"
