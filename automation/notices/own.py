"""What the engine room itself sees: schedules and pushes that stand still."""

from datetime import datetime

from django.urls import reverse

from automation import holds
from automation.models import Hold, Schedule, Topic
from automation.notices.concerns import Concern, Note
from automation.runtime import RuntimeSettings


def collect(*, note: Note, settings: RuntimeSettings, now: datetime) -> None:
    """Note schedules that paused themselves, and a stop that no person began."""
    paused = Schedule.objects.exclude(paused_reason="").select_related("task")
    for schedule in paused:
        note(_paused(schedule, now=now))
    stop = holds.open_holds().filter(kind=Hold.Kind.STOP, began_by=None).first()
    if stop is not None:
        note(_stopped(stop))


def _paused(schedule: Schedule, *, now: datetime) -> Concern:
    return Concern(
        topic=Topic.SCHEDULE,
        key=f"schedule:{schedule.pk}",
        title=f"The schedule “{schedule}” has paused itself",
        text=schedule.paused_reason,
        todo="Look at its last runs, mend the cause, then switch it on again.",
        path=reverse("automation:list"),
        since=now,
    )


def _stopped(stop: Hold) -> Concern:
    return Concern(
        topic=Topic.PUSHES,
        key=f"stop:{stop.pk}",
        title="Pushes to Spotify are stopped",
        text=f"{stop.reason} Everything waits, nothing is lost.",
        todo="Look at what waits and why, then resume pushes.",
        path=reverse("automation:writing"),
        since=stop.began_at,
    )
