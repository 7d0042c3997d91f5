"""The schedules: declared by code or made by staff, their slots opened when due.

django-celery-beat holds the schedules; this module decides. A slot is a moment in
UTC; `INSERT (schedule, slot)` is unique, so whoever calls this, however often, a
slot runs once.
"""

import logging
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django_celery_beat.models import (
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
)

from automation import ledger, registry, slots, verdicts
from automation.ledger import RunSpec
from automation.models import Run, Schedule, ScheduleSlot
from automation.models.schedules import ScheduleDefault
from vibe_engine.errors import VibeError

logger = logging.getLogger(__name__)

LOOKBACK = timedelta(days=2)
"""Slots older than this are never looked at; grace times are far shorter."""
PUNCTUAL = timedelta(seconds=90)
"""A slot opened within this time is on time, for the policy `skip`."""

FIRE = "automation.tasks.fire"
CRONTAB_PARTS = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")


@dataclass(frozen=True)
class Default:
    """A schedule that code declares; either `every_s` or `at` (a crontab in UTC)."""

    name: str
    kind: str
    every_s: int = 0
    at: str = ""
    policy: str = Schedule.Policy.ONCE
    arguments: dict[str, object] = field(default_factory=dict)

    def declaration(self) -> dict[str, object]:
        """Return all but the name, as it is kept in the database."""
        fields = asdict(self) | {"policy": str(self.policy)}
        del fields["name"]
        return fields

    def timing(self) -> dict[str, object]:
        """Return the row of django-celery-beat that says when, made if missing."""
        if self.every_s:
            interval, _ = IntervalSchedule.objects.get_or_create(
                every=self.every_s, period=IntervalSchedule.SECONDS
            )
            return {"interval": interval}
        parts = dict(zip(CRONTAB_PARTS, self.at.split(), strict=True))
        crontab = CrontabSchedule.objects.filter(**parts, timezone="UTC").first()
        made = crontab or CrontabSchedule.objects.create(**parts, timezone="UTC")
        return {"crontab": made}


DEFAULTS = (
    Default("Due reshuffles", "playlists.reshuffle_due", every_s=300),
    Default("Token refresh", "accounts.refresh_tokens", every_s=60),
    Default("Consent watch", "accounts.watch_consents", at="0 6 * * *"),
    Default(
        "Hourly figures",
        "metrics.snapshot",
        at="0 * * * *",
        arguments={"grain": "hourly"},
    ),
    Default(
        "Daily figures",
        "metrics.snapshot",
        at="5 0 * * *",
        arguments={"grain": "daily"},
    ),
    Default("Fresh content", "library.refresh_content", every_s=1800),
    Default("Audio features", "library.fetch_features", every_s=3600),
    Default("Inventory", "playlists.check_inventory", at="0 2 * * *"),
    Default("Retention", "automation.apply_retention", at="30 3 * * *"),
)
"""The schedules that every installation has."""


def ensure_defaults(*, now: datetime, even_deleted: bool = False) -> list[str]:
    """Create the default schedules that this installation has never had.

    Returns the names of those created. Whatever staff changed stays: names, times,
    arguments, what is switched off or paused, and what they deleted, unless
    `even_deleted`. Where the code has changed its mind, a schedule that stands as it
    was declared before follows.
    """
    if even_deleted:
        ScheduleDefault.objects.filter(schedule=None).delete()
    task = "schedule__task"
    rows = ScheduleDefault.objects.select_related(
        f"{task}__crontab", f"{task}__interval"
    )
    known = {row.name: row for row in rows}
    return [one.name for one in DEFAULTS if _ensure(one, known.get(one.name), now=now)]


@transaction.atomic
def _ensure(default: Default, known: ScheduleDefault | None, *, now: datetime) -> bool:
    """Return whether the schedule was created."""
    if known is not None:
        _follow(default, known, now=now)
        return False
    stands = _standing(default)
    is_taken = PeriodicTask.objects.filter(name=default.name).exists()
    is_new = stands is None and not is_taken
    ScheduleDefault.objects.create(
        name=default.name,
        declared=default.declaration(),
        schedule=_make(default, now=now) if is_new else stands,
    )
    return is_new


def _standing(default: Default) -> Schedule | None:
    """Return the schedule that was made before defaults were written down."""
    unclaimed = Schedule.objects.filter(owner=Schedule.Owner.CODE, default=None)
    same_work = unclaimed.filter(kind=default.kind, arguments=default.arguments)
    return unclaimed.filter(task__name=default.name).first() or same_work.first()


def _make(default: Default, *, now: datetime) -> Schedule:
    task = PeriodicTask.objects.create(name=default.name, task=FIRE, **default.timing())
    return Schedule.objects.create(
        task=task,
        kind=default.kind,
        arguments=default.arguments,
        owner=Schedule.Owner.CODE,
        policy=default.policy,
        effective_from=now,
    )


def _follow(default: Default, known: ScheduleDefault, *, now: datetime) -> None:
    """Let a schedule that nobody has edited be as the code declares it now."""
    declared, schedule = default.declaration(), known.schedule
    if known.declared == declared:
        return
    if schedule is not None and as_it_stands(schedule) == known.declared:
        timing = default.timing()
        schedule.task.interval = timing.get("interval")
        schedule.task.crontab = timing.get("crontab")
        schedule.task.save(update_fields=["interval", "crontab"])
        schedule.kind, schedule.policy = default.kind, default.policy
        schedule.arguments, schedule.effective_from = default.arguments, now
        schedule.save(update_fields=["kind", "policy", "arguments", "effective_from"])
    known.declared = declared
    known.save(update_fields=["declared"])


def as_it_stands(schedule: Schedule) -> dict[str, object]:
    """Return a schedule in the words of a `Default`'s declaration."""
    interval, crontab = schedule.task.interval, schedule.task.crontab
    every = timedelta(**{interval.period: interval.every}) if interval else timedelta()
    parts = [getattr(crontab, part) for part in CRONTAB_PARTS] if crontab else []
    zone = [str(crontab.timezone)] if crontab else []
    return {
        "kind": schedule.kind,
        "every_s": int(every.total_seconds()),
        "at": " ".join([*parts, *(name for name in zone if name != "UTC")]),
        "policy": schedule.policy,
        "arguments": schedule.arguments,
    }


def next_slots(schedule: Schedule, *, now: datetime, count: int = 5) -> list[datetime]:
    """Return the next slots of a schedule, at most `count` and within a year.

    None where its times cannot be read.
    """
    try:
        return slots.next_slots(
            schedule.task, after=now, anchor=schedule.effective_from, count=count
        )
    except VibeError:
        return []


def open_due_slots(*, now: datetime) -> list[Run]:
    """Open a run for every schedule with a slot due; return the new runs."""
    schedules = Schedule.objects.filter(
        task__enabled=True, paused_reason=""
    ).select_related("task__crontab", "task__interval")
    runs = [_open_or_tell(schedule, now=now) for schedule in schedules]
    return [run for run in runs if run is not None]


def _open_or_tell(schedule: Schedule, *, now: datetime) -> Run | None:
    """Open the newest due slot; one that cannot be opened holds no other up."""
    try:
        return _open_newest_slot(schedule, now=now)
    except VibeError as error:
        logger.warning("“%s” opens nothing: %s", schedule, error)
        return None


def _open_newest_slot(schedule: Schedule, *, now: datetime) -> Run | None:
    """Open the newest due slot; older missed ones are passed over by policy."""
    last = schedule.slots.values_list("slot", flat=True).first()
    after = max(schedule.effective_from, now - LOOKBACK, *([last] if last else []))
    due = slots.slots_between(
        schedule.task, after=after, until=now, anchor=schedule.effective_from
    )
    if not due:
        return None
    return open_slot(schedule, slot=due[-1], now=now)


def open_slot(schedule: Schedule, *, slot: datetime, now: datetime) -> Run | None:
    """Insert the slot and its run in one transaction; None if it is taken already.

    A slot that is too late for the policy, or in which nothing is to be done, is
    recorded as skipped.
    """
    try:
        with transaction.atomic():
            row = ScheduleSlot.objects.create(
                schedule=schedule,
                slot=slot,
                opened_at=now,
                outcome=ScheduleSlot.Outcome.SKIPPED,
            )
            if _is_too_late(schedule, slot, now) or not _is_wanted(schedule, now):
                return None
            run = open_now(schedule, now=now)
            row.run = run
            row.outcome = (
                ScheduleSlot.Outcome.JOINED
                if run.joined
                else ScheduleSlot.Outcome.OPENED
            )
            row.save(update_fields=["run", "outcome"])
    except IntegrityError:
        return None
    return run


def open_now(schedule: Schedule, *, now: datetime) -> Run:
    """Open (or join) the run of a schedule, whatever the hour."""
    spec = RunSpec(
        kind=schedule.kind,
        subject=f"schedule:{schedule.pk}",
        title=schedule.task.name,
        arguments=schedule.arguments,
        priority=Run.Priority.SCHEDULED,
    )
    return ledger.open_run(spec, now=now)


def _is_too_late(schedule: Schedule, slot: datetime, now: datetime) -> bool:
    if schedule.policy == Schedule.Policy.SKIP:
        return now - slot > PUNCTUAL
    return now - slot > timedelta(seconds=schedule.grace_s)


def _is_wanted(schedule: Schedule, now: datetime) -> bool:
    wanted = registry.get(schedule.kind).wanted
    return wanted is None or wanted(now)


def toggle(schedule: Schedule, *, now: datetime) -> bool:
    """Switch a schedule on or off and return whether it is on now.

    One that has paused itself goes on. Slots before the moment of switching on never
    run.
    """
    return switch(schedule, is_on=not schedule.is_on, now=now)


def resume(schedule: Schedule, *, now: datetime) -> bool:
    """Let a schedule go on that has paused itself; False if it was not paused."""
    if not schedule.paused_reason:
        return False
    return switch(schedule, is_on=True, now=now)


def switch(schedule: Schedule, *, is_on: bool, now: datetime) -> bool:
    """Switch a schedule on or off, as `toggle`; one that is so already stays as it is."""
    if schedule.is_on == is_on:
        return is_on
    with transaction.atomic():
        schedule.task.enabled = is_on
        schedule.task.save(update_fields=["enabled"])
        start_anew(schedule, now=now)
    return is_on


@transaction.atomic
def start_anew(schedule: Schedule, *, now: datetime) -> None:
    """Let slots count from now on; what failed before is forgotten, a pause ends."""
    if schedule.paused_reason:
        registry.emit(verdicts.RESUMED, schedule=schedule, now=now)
    schedule.effective_from = now
    schedule.failures, schedule.paused_reason = 0, ""
    schedule.save(update_fields=["effective_from", "failures", "paused_reason"])
