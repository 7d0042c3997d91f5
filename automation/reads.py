"""What the pages of the engine room show, in few queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, cast

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from automation import cadence, schedules, staffing
from automation.models import EngineLease, Hold, Run, Schedule, ScheduleSlot, Setting
from automation.typedforms import typed_kinds

LIVE_MOST = 20


@dataclass(frozen=True)
class ScheduleRow:
    """One schedule as the page shows it; `about` says what its work is told."""

    schedule: Schedule
    last: ScheduleSlot | None
    next_slots: Sequence[datetime]
    cadence: str
    about: str

    @property
    def is_own(self) -> bool:
        """Whether staff edit and delete it on the page."""
        return staffing.is_own(self.schedule)


def live_runs() -> list[Run]:
    """Return the runs that are going or wait, without a bulk's children."""
    runs = Run.objects.active().top_level().for_table()
    return list(runs[:LIVE_MOST])


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
class Paused:
    """Schedules that have paused themselves: how many, and one of them with why."""

    count: int
    schedule_id: int
    name: str
    reason: str


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
    paused: Paused | None = None


def pulse(*, since: datetime) -> Pulse:
    """Return the engine's pulse with one query; `failed` counts from `since` on."""
    single = Run.objects.filter(is_bulk=False).order_by()
    figures = {
        "working": _count(single.filter(state=Run.State.WORKING)),
        "waiting": _count(single.filter(state=Run.State.PLANNED)),
        "blocked": _count(single.filter(state=Run.State.BLOCKED)),
        "failed": _count(single.filter(state=Run.State.FAILED, finished_at__gte=since)),
    }
    told = _held_columns() | _paused_columns()
    rows = EngineLease.objects.filter(pk=1).annotate(**figures, **told)
    row = rows.values("heartbeat_at", "broker_ok", *figures, *told).first()
    if row is None:
        return _pulse_without_engine(since)
    stop, shadow = (_held(row, kind) for kind in Hold.Kind.values)
    counted = {name: row[name] for name in ("heartbeat_at", "broker_ok", *figures)}
    return Pulse(**counted, stop=stop, shadow=shadow, paused=_paused(row))


HELD = {"at": "began_at", "by": "began_by__username", "why": "reason"}


def _held_columns() -> dict[str, Subquery]:
    """Return what is told of each hold of the whole fleet, as columns."""
    fleet = Hold.objects.filter(ended_at=None, lane="")
    return {
        f"{kind}_{name}": Subquery(fleet.filter(kind=kind).values(column)[:1])
        for kind in Hold.Kind.values
        for name, column in HELD.items()
    }


PAUSED = {"pk": "pk", "name": "task__name", "why": "paused_reason"}


def _paused_columns() -> dict[str, Subquery | Coalesce]:
    """Return what is told of schedules that have paused themselves, as columns."""
    paused = Schedule.objects.exclude(paused_reason="").order_by("pk")
    every = paused.order_by().annotate(every=Value(1)).values("every")
    count = every.annotate(n=Count("pk")).values("n")
    return {
        "paused_count": Coalesce(Subquery(count), 0),
        **{
            f"paused_{name}": Subquery(paused.values(column)[:1])
            for name, column in PAUSED.items()
        },
    }


def _paused(row: Mapping[str, Any]) -> Paused | None:
    if not row["paused_count"]:
        return None
    return Paused(*(row[f"paused_{name}"] for name in ("count", *PAUSED)))


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
        paused=_paused_without_engine(),
    )


def _paused_without_engine() -> Paused | None:
    paused = Schedule.objects.exclude(paused_reason="").select_related("task")
    first = paused.order_by("pk").first()
    if first is None:
        return None
    return Paused(paused.count(), first.pk, str(first), first.paused_reason)


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
    """Return every schedule with its last run and the next five, in few queries."""
    opened = ScheduleSlot.objects.filter(schedule=OuterRef("pk")).exclude(run=None)
    rows = list(
        Schedule.objects.select_related("task__crontab", "task__interval")
        .annotate(last_opened=Subquery(opened.order_by("-slot").values("pk")[:1]))
        .order_by("owner", "task__name")
    )
    last = ScheduleSlot.objects.select_related("run").in_bulk(
        [row.last_opened for row in rows if row.last_opened]
    )
    about = _about(rows)
    return [
        ScheduleRow(
            schedule=row,
            last=last.get(row.last_opened),
            next_slots=schedules.next_slots(row, now=now) if row.is_on else (),
            cadence=cadence.words(row.task),
            about=about.get(row.pk, ""),
        )
        for row in rows
    ]


def _about(rows: Sequence[Schedule]) -> dict[int, str]:
    """Say what each schedule's work is told, kind by kind."""
    found: dict[int, str] = {}
    for kind, form in typed_kinds():
        same = [row for row in rows if row.kind == kind]
        words = form.describe([row.arguments for row in same])
        found |= {row.pk: text for row, text in zip(same, words, strict=True)}
    return found


def latest_changes() -> list[Setting]:
    """Return the settings that were changed last, with who changed them."""
    return list(
        Setting.objects.select_related("updated_by").order_by("-updated_at")[:8]
    )
