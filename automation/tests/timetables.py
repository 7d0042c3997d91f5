"""Schedules for tests."""

from datetime import datetime
from itertools import count

from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from automation import schedules
from automation.models import Schedule

_numbers = count(1)


def make_interval(minutes: int = 5, *, anchor: datetime, **changes: object) -> Schedule:
    """Save a schedule that runs every so many minutes, counted from `anchor`."""
    interval = IntervalSchedule.objects.create(
        every=minutes, period=IntervalSchedule.MINUTES
    )
    task = make_task(interval=interval)
    return make_schedule(task, anchor=anchor, **changes)


def make_crontab(
    zone: str = "UTC", *, anchor: datetime, fields: dict[str, str], **changes: object
) -> Schedule:
    """Save a schedule that runs by a crontab in a zone."""
    crontab = CrontabSchedule.objects.create(timezone=zone, **fields)
    return make_schedule(make_task(crontab=crontab), anchor=anchor, **changes)


def make_task(**timing: object) -> PeriodicTask:
    """Save a task of django-celery-beat with a name of its own."""
    name = f"Test {next(_numbers)}"
    return PeriodicTask.objects.create(name=name, task=schedules.FIRE, **timing)


def make_schedule(
    task: PeriodicTask, *, anchor: datetime, **changes: object
) -> Schedule:
    """Save what a task means; the work is `tests.echo`."""
    values = {"kind": "tests.echo", "effective_from": anchor} | changes
    return Schedule.objects.create(task=task, **values)
