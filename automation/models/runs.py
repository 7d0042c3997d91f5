"""The ledger: runs, what bulks ask for, forms that opened them."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.urls import reverse


class RunQuerySet(models.QuerySet["Run"]):
    def active(self) -> Self:
        """Runs that still have something to do."""
        return self.filter(state__in=Run.ACTIVE)

    def due(self, *, now: datetime) -> Self:
        """Single runs that may start, the most urgent first."""
        return self.filter(
            state=Run.State.PLANNED, is_bulk=False, due_at__lte=now
        ).order_by("-priority", "due_at", "pk")

    def lapsed(self, *, now: datetime) -> Self:
        """Runs whose worker has not renewed its lease in time."""
        return self.filter(state=Run.State.WORKING, lease_until__lt=now)

    def for_table(self) -> Self:
        """Everything one row of the list shows, newest first."""
        return self.select_related("requested_by").order_by("-pk")

    def top_level(self) -> Self:
        """Runs that a person or a schedule asked for; not the children of a bulk.

        Asked for each row, from the newest on: a join would read every child there
        has ever been, and the limit keeps PostgreSQL from making one of it.
        """
        asked = RunRequest.objects.filter(run=OuterRef("pk")).order_by()
        return self.alias(bulk_of=Subquery(asked.values("pk")[:1])).filter(bulk_of=None)


class Run(models.Model):
    """One piece of work that talks to Spotify or outlasts a page.

    The row is the truth; a Celery message only carries its id. A bulk is a run
    that no worker claims: it ends when the last of its children has ended.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "Waiting"
        WORKING = "working", "Working"
        BLOCKED = "blocked", "Needs a person"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    class Priority(models.IntegerChoices):
        BACKGROUND = 0, "Background"
        SCHEDULED = 5, "Scheduled"
        INTERACTIVE = 10, "Asked for by a person"

    ACTIVE: ClassVar = (State.PLANNED, State.WORKING, State.BLOCKED)
    TERMINAL: ClassVar = (State.DONE, State.FAILED, State.CANCELLED)

    MARKS: ClassVar[dict[str, str]] = {
        State.PLANNED: "waiting",
        State.WORKING: "working",
        State.BLOCKED: "warn",
        State.DONE: "ok",
        State.FAILED: "bad",
        State.CANCELLED: "off",
    }

    has_news = False
    """True while something was added to the journal that is not written yet."""
    joined = False
    """True on a run that was active already when it was asked for again."""

    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=120, blank=True)
    lane = models.CharField(max_length=64, blank=True)
    budget = models.CharField(max_length=64, blank=True)
    title = models.CharField(max_length=300)
    url = models.CharField(max_length=300, blank=True)
    arguments = models.JSONField(default=dict, blank=True)
    priority = models.SmallIntegerField(
        choices=Priority.choices, default=Priority.INTERACTIVE
    )

    state = models.CharField(
        max_length=16, choices=State.choices, default=State.PLANNED
    )
    is_bulk = models.BooleanField(default=False)
    due_at = models.DateTimeField()
    rung_at = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=120, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    errors = models.PositiveIntegerField(default=0)
    crashes = models.PositiveIntegerField(default=0)
    was_taken_over = models.BooleanField(default=False)

    step = models.CharField(max_length=200, blank=True)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    memo = models.JSONField(default=dict, blank=True)
    result = models.JSONField(default=dict, blank=True)
    journal = models.JSONField(default=dict, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True)

    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True
    )
    idempotency_key = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    children = models.ManyToManyField(
        "self",
        through="RunRequest",
        through_fields=("bulk", "run"),
        symmetrical=False,
        related_name="bulks",
    )

    objects = RunQuerySet.as_manager()

    class Meta:
        db_table = "runs"
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(
                name="runs_known_state",
                condition=Q(
                    state__in=(
                        "planned",
                        "working",
                        "blocked",
                        "done",
                        "failed",
                        "cancelled",
                    )
                ),
            ),
            models.CheckConstraint(
                name="runs_working_has_lease",
                condition=~Q(state="working", is_bulk=False)
                | Q(lease_token__isnull=False, lease_until__isnull=False),
            ),
            models.CheckConstraint(
                name="runs_terminal_has_end",
                condition=~Q(state__in=("done", "failed", "cancelled"))
                | Q(finished_at__isnull=False),
            ),
            models.UniqueConstraint(
                name="runs_one_active_per_subject_and_kind",
                fields=("subject", "kind"),
                condition=Q(state__in=("planned", "working", "blocked"))
                & ~Q(subject=""),
            ),
            models.UniqueConstraint(
                name="runs_one_working_per_subject",
                fields=("subject",),
                condition=Q(state="working", is_bulk=False) & ~Q(subject=""),
            ),
            models.UniqueConstraint(
                name="runs_idempotency_key",
                fields=("idempotency_key",),
                condition=Q(idempotency_key__isnull=False),
            ),
        )
        indexes = (
            models.Index(
                name="runs_due",
                fields=("due_at",),
                condition=Q(state="planned", is_bulk=False),
            ),
            models.Index(
                name="runs_lease", fields=("lease_until",), condition=Q(state="working")
            ),
            models.Index(
                name="runs_lane",
                fields=("lane",),
                condition=Q(state__in=("planned", "working", "blocked")),
            ),
            models.Index(name="runs_subject", fields=("subject", "-id")),
            models.Index(name="runs_by_state", fields=("state", "-id")),
            models.Index(name="runs_by_kind", fields=("kind", "-id")),
            models.Index(
                name="runs_by_lane", fields=("lane", "-id"), condition=~Q(lane="")
            ),
            models.Index(
                name="runs_finished",
                fields=("finished_at",),
                condition=Q(finished_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.title} ({self.state})"

    def get_absolute_url(self) -> str:
        return reverse("automation:run", args=[self.pk])

    @property
    def is_active(self) -> bool:
        """Whether something is still to come."""
        return self.state in self.ACTIVE

    @property
    def mark(self) -> str:
        """The sign that stands beside the state on every page."""
        return self.MARKS[self.state]

    @property
    def asked_by(self) -> str:
        """Who asked: a person's name, the schedule, or the command line."""
        if self.requested_by is not None:
            return self.requested_by.get_username()
        routine = self.priority < self.Priority.INTERACTIVE
        return "schedule" if routine else "command line"

    def tally(self) -> dict[str, int]:
        """Count a bulk's children by state, every state named."""
        rows = self.children.values_list("state").annotate(models.Count("pk"))
        found = dict(rows.order_by("state"))
        return {state: found.get(state, 0) for state in self.State.values}

    def squares(self) -> models.QuerySet["Run"]:
        """A bulk's children in order, with what one square each shows."""
        return self.children.order_by("pk").only("pk", "title", "state", "error", "url")

    def troubled(self) -> models.QuerySet["Run"]:
        """A bulk's children that failed or need a person, twenty at most."""
        states = (self.State.FAILED, self.State.BLOCKED)
        return self.children.filter(state__in=states).order_by("pk")[:20]

    @property
    def duration(self) -> timedelta | None:
        """Time from first start to end, once it has ended."""
        if self.started_at is None or self.finished_at is None:
            return None
        return self.finished_at - self.started_at


class RunRequest(models.Model):
    """A bulk asks for a run; several bulks may ask for the same one."""

    bulk = models.ForeignKey(Run, models.CASCADE, related_name="requests")
    run = models.ForeignKey(Run, models.CASCADE, related_name="as_child")

    class Meta:
        db_table = "run_requests"
        constraints = (
            models.UniqueConstraint(name="run_requests_once", fields=("bulk", "run")),
            models.CheckConstraint(
                name="run_requests_not_itself", condition=~Q(bulk=F("run"))
            ),
        )

    def __str__(self) -> str:
        return f"{self.bulk_id} asks for {self.run_id}"


class Submission(models.Model):
    """One form that opened a run: what it said, and where its answer led.

    The key stands in the form as it was shown, so a double click, a second tab or
    the way back in the browser sends it again. `digest` is of everything else that
    was sent, by whom and where to.
    """

    key = models.CharField(max_length=32, primary_key=True)
    digest = models.CharField(max_length=64)
    run = models.ForeignKey(Run, models.CASCADE, null=True, related_name="+")
    location = models.CharField(max_length=500, blank=True)
    sent_at = models.DateTimeField()

    class Meta:
        db_table = "submissions"
        indexes = (models.Index(name="submissions_sent_at", fields=("sent_at",)),)

    def __str__(self) -> str:
        return self.key
