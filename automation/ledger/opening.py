"""Opening runs: committed with the request, or joined where one is active."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from automation import doorbell
from automation.models import Run, RunRequest
from vibe_engine.errors import ConflictError, InputError


@dataclass(frozen=True)
class RunSpec:
    """What a run is to do and about what; see `Run` for the columns."""

    kind: str
    subject: str
    title: str
    lane: str = ""
    budget: str = ""
    url: str = ""
    arguments: dict[str, object] = field(default_factory=dict)
    priority: int = Run.Priority.INTERACTIVE
    due_at: datetime | None = None

    def draft(self, *, now: datetime, requested_by: AbstractBaseUser | None) -> Run:
        """Return the unsaved row."""
        return Run(
            kind=self.kind,
            subject=self.subject,
            title=self.title[:300],
            lane=self.lane,
            budget=self.budget,
            url=self.url,
            arguments=self.arguments,
            priority=self.priority,
            due_at=self.due_at or now,
            requested_by_id=requested_by.pk if requested_by else None,
            created_at=now,
        )


def open_run(
    spec: RunSpec,
    *,
    now: datetime,
    requested_by: AbstractBaseUser | None = None,
    idempotency_key: str | None = None,
) -> Run:
    """Commit a run with the request, or join the active one for the same thing.

    The ring is registered on commit here, so no caller can forget it. The
    returned run has `joined = True` when it was there before. The same
    `idempotency_key` always gives the same run back.
    """
    with transaction.atomic():
        run = _by_key(idempotency_key) or _insert_or_join(
            spec.draft(now=now, requested_by=requested_by), idempotency_key
        )
        if not run.joined and run.due_at <= now:
            transaction.on_commit(partial(doorbell.ring, [run.pk]))
    return run


def _by_key(idempotency_key: str | None) -> Run | None:
    if idempotency_key is None:
        return None
    run = Run.objects.filter(idempotency_key=idempotency_key).first()
    if run is not None:
        run.joined = True
    return run


def _insert_or_join(draft: Run, idempotency_key: str | None) -> Run:
    draft.idempotency_key = idempotency_key
    for _ in range(3):
        try:
            with transaction.atomic():
                draft.save(force_insert=True)
        except IntegrityError:
            twin = _by_key(idempotency_key) or _active_twin(draft)
            if twin is not None:
                return twin
        else:
            return draft
    raise ConflictError("The same work ended just now. Please ask again.")


def _active_twin(draft: Run) -> Run | None:
    twin = Run.objects.active().filter(kind=draft.kind, subject=draft.subject).first()
    if twin is not None:
        twin.joined = True
    return twin


def open_bulk(
    *,
    kind: str,
    title: str,
    children: Sequence[RunSpec],
    now: datetime,
    url: str = "",
    arguments: dict[str, object] | None = None,
    requested_by: AbstractBaseUser | None = None,
    idempotency_key: str | None = None,
) -> Run:
    """Commit a bulk and its children in one transaction.

    A child that is active already, for whoever asked, is joined: the bulk waits
    for it and counts it, so a bulk never loses a child.

    :raises InputError: `children` is empty.
    """
    if not children:
        raise InputError("There is nothing to do.")
    with transaction.atomic():
        bulk = _by_key(idempotency_key)
        if bulk is not None:
            return bulk
        spec = RunSpec(kind, "", title, url=url, arguments=arguments or {})
        bulk = spec.draft(now=now, requested_by=requested_by)
        bulk.is_bulk, bulk.state, bulk.started_at = True, Run.State.WORKING, now
        bulk.progress_total = len(children)
        bulk = _insert_or_join(bulk, idempotency_key)
        if not bulk.joined:
            _add_children(bulk, children, now=now, requested_by=requested_by)
    return bulk


def _add_children(
    bulk: Run,
    specs: Sequence[RunSpec],
    *,
    now: datetime,
    requested_by: AbstractBaseUser | None,
) -> None:
    drafts = [spec.draft(now=now, requested_by=requested_by) for spec in specs]
    Run.objects.bulk_create(drafts, ignore_conflicts=True, batch_size=500)
    wanted = {(draft.kind, draft.subject) for draft in drafts}
    active = Run.objects.active().filter(kind__in={name for name, _ in wanted})
    runs = [
        run
        for run in active.only("pk", "kind", "subject", "state", "due_at")
        if (run.kind, run.subject) in wanted
    ]
    RunRequest.objects.bulk_create(
        [RunRequest(bulk=bulk, run=run) for run in runs], batch_size=500
    )
    Run.objects.filter(pk=bulk.pk).update(progress_total=len(runs))
    bulk.progress_total = len(runs)
    due = [r.pk for r in runs if r.state == Run.State.PLANNED and r.due_at <= now]
    transaction.on_commit(partial(doorbell.ring, due))
