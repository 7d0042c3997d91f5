"""Schedules of staff's own: made, edited and deleted on the Automation page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django_celery_beat.models import PeriodicTask

from automation import schedules
from automation.models import Schedule
from automation.timing import Timing
from vibe_engine.errors import ConflictError, InputError

KIND = "playlists.reshuffle_some"
"""What staff schedule on the page; the admin offers more."""


@dataclass(frozen=True)
class Wish:
    """A schedule as a person wants it."""

    name: str
    arguments: Mapping[str, object]
    timing: Timing
    policy: str
    grace_s: int


def save_schedule(
    wish: Wish, *, now: datetime, schedule: Schedule | None = None
) -> Schedule:
    """Make a schedule of staff's own, or change one; its slots count from now on.

    :raises InputError: the name is another schedule's.
    :raises ConflictError: the schedule is one that code owns, or does other work.
    """
    if schedule is not None and not is_own(schedule):
        raise ConflictError(f"“{schedule}” is edited in the admin.")
    task = schedule.task if schedule else PeriodicTask(task=schedules.FIRE)
    task.name = wish.name
    try:
        with transaction.atomic():
            for column, row in wish.timing.stored().items():
                setattr(task, column, row)
            task.save()
            schedule = schedule or Schedule(task=task, kind=KIND)
            schedule.arguments, schedule.policy = dict(wish.arguments), wish.policy
            schedule.grace_s, schedule.effective_from = wish.grace_s, now
            schedule.save()
            schedules.start_anew(schedule, now=now)
    except (IntegrityError, ValidationError) as error:
        raise InputError(
            "Another schedule has this name already.", field="name"
        ) from error
    return schedule


def is_own(schedule: Schedule) -> bool:
    """Whether a schedule can be edited and deleted on the page."""
    return schedule.owner == Schedule.Owner.STAFF and schedule.kind == KIND


def delete_schedule(*, schedule: Schedule) -> None:
    """Delete a schedule of staff's own; runs that it opened go on.

    :raises ConflictError: code owns it, so it is switched off instead.
    """
    if schedule.owner == Schedule.Owner.CODE:
        raise ConflictError(
            f"“{schedule}” comes with Vibe Engine. Switch it off instead."
        )
    schedule.task.delete()
