"""What is to run when, and what became of each slot."""

from typing import Self

from django.db import models
from django.db.models import Q
from django_celery_beat.models import PeriodicTask

from automation.models.runs import Run


class Schedule(models.Model):
    """What a PeriodicTask of django-celery-beat means to the engine."""

    class Owner(models.TextChoices):
        CODE = "code", "Vibe Engine"
        STAFF = "staff", "Staff"

    class Policy(models.TextChoices):
        SKIP = "skip", "A missed slot is skipped"
        ONCE = "once", "Missed slots run once within the grace time"

    task = models.OneToOneField(PeriodicTask, models.CASCADE, related_name="meaning")
    kind = models.CharField(max_length=64)
    arguments = models.JSONField(default=dict, blank=True)
    owner = models.CharField(max_length=8, choices=Owner.choices, default=Owner.STAFF)
    policy = models.CharField(max_length=8, choices=Policy.choices, default=Policy.ONCE)
    grace_s = models.PositiveIntegerField(default=6 * 60 * 60)
    effective_from = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)
    paused_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "schedules"
        constraints = (
            models.CheckConstraint(
                name="schedules_known_owner", condition=Q(owner__in=("code", "staff"))
            ),
            models.CheckConstraint(
                name="schedules_known_policy", condition=Q(policy__in=("skip", "once"))
            ),
        )

    def __str__(self) -> str:
        return str(self.task.name)

    @property
    def is_on(self) -> bool:
        """Whether its slots are opened: switched on, and not paused by itself."""
        return bool(self.task.enabled) and not self.paused_reason


class ScheduleDefault(models.Model):
    """A schedule that code has declared here once, as it was declared last.

    It stays when staff rename or delete the schedule, so that the next deployment does
    not make it again.
    """

    name = models.CharField(max_length=200, primary_key=True)
    declared = models.JSONField()
    schedule = models.OneToOneField(
        Schedule, models.SET_NULL, null=True, blank=True, related_name="default"
    )

    class Meta:
        db_table = "schedule_defaults"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class ScheduleSlotQuerySet(models.QuerySet["ScheduleSlot"]):
    def to_judge(self) -> Self:
        """Slots whose run has ended and on which nothing has been decided yet."""
        return self.filter(
            outcome=ScheduleSlot.Outcome.OPENED,
            verdict=ScheduleSlot.Verdict.OPEN,
            run__state__in=Run.TERMINAL,
        )


class ScheduleSlot(models.Model):
    """One moment at which a schedule was to run, and what came of it.

    The verdict is written once, when everything that the slot set going has ended.
    """

    class Outcome(models.TextChoices):
        OPENED = "opened", "Run opened"
        JOINED = "joined", "Joined a run that was still going"
        SKIPPED = "skipped", "Skipped"

    class Verdict(models.TextChoices):
        OPEN = "", "Not known yet"
        WELL = "well", "Went well"
        FAILED = "failed", "Failed"
        NONE = "none", "Says nothing"

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="slots")
    slot = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True)
    opened_at = models.DateTimeField()
    verdict = models.CharField(
        max_length=8, choices=Verdict.choices, default=Verdict.OPEN, blank=True
    )

    objects = ScheduleSlotQuerySet.as_manager()

    class Meta:
        db_table = "schedule_slots"
        ordering = ("-slot",)
        constraints = (
            models.UniqueConstraint(
                name="schedule_slots_once", fields=("schedule", "slot")
            ),
            models.CheckConstraint(
                name="schedule_slots_known_verdict",
                condition=Q(verdict__in=("", "well", "failed", "none")),
            ),
        )
        indexes = (
            models.Index(
                name="schedule_slots_to_judge",
                fields=("run",),
                condition=Q(outcome="opened", verdict=""),
            ),
        )

    def __str__(self) -> str:
        return f"{self.schedule_id} at {self.slot:%Y-%m-%d %H:%M}"
