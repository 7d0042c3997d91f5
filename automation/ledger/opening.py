"""Opening runs: committed with the request, or joined where one is active."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from automation import doorbell
from automation.models import Run, RunRequest
from vibe_engine.errors import ConflictError, InputError

ROUNDS = 5
"""How often something is tried to be inserted whose twins end meanwhile."""
BATCH = 500
ASKED = ("kind", "subject", "arguments")
"""What must be the same where the same key is used again."""
ENDED_JUST_NOW = "The same work ended just now. Please ask again."

_opened: ContextVar[list[Run] | None] = ContextVar("opened", default=None)


@contextmanager
def watch_opened() -> Iterator[list[Run]]:
    """Collect the runs and bulks that are opened or joined inside, in order.

    Whoever watches around this one is told as well.
    """
    opened: list[Run] = []
    token = _opened.set(opened)
    try:
        yield opened
    finally:
        _opened.reset(token)
        for run in opened:
            _tell_watcher(run)


def _tell_watcher(run: Run) -> Run:
    opened = _opened.get()
    if opened is not None:
        opened.append(run)
    return run


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

    :raises ConflictError: the key was used for something else.
    """
    draft = spec.draft(now=now, requested_by=requested_by)
    with transaction.atomic():
        run = _insert_or_join(draft, idempotency_key)
        if not run.joined and run.due_at <= now:
            transaction.on_commit(partial(doorbell.ring, [run.pk]))
    return _tell_watcher(run)


def _by_key(idempotency_key: str | None, draft: Run) -> Run | None:
    """Return the run that this key has opened, if it asked for the same.

    :raises ConflictError: it asked for something else.
    """
    if idempotency_key is None:
        return None
    run = Run.objects.filter(idempotency_key=idempotency_key).first()
    if run is None:
        return None
    if any(getattr(run, name) != getattr(draft, name) for name in ASKED):
        raise ConflictError(
            f"The same request was made before with other values: “{run.title}”."
        )
    run.joined = True
    return run


def _insert_or_join(draft: Run, idempotency_key: str | None) -> Run:
    draft.idempotency_key = idempotency_key
    for _ in range(ROUNDS):
        earlier = _by_key(idempotency_key, draft)
        if earlier is not None:
            return earlier
        try:
            with transaction.atomic():
                draft.save(force_insert=True)
        except IntegrityError:
            twin = _active_twin(draft)
            if twin is not None:
                return twin
        else:
            return draft
    raise ConflictError(ENDED_JUST_NOW)


def _active_twin(draft: Run) -> Run | None:
    if not draft.subject:
        return None
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
    spec = RunSpec(kind, "", title, url=url, arguments=arguments or {})
    draft = spec.draft(now=now, requested_by=requested_by)
    draft.is_bulk, draft.state, draft.started_at = True, Run.State.WORKING, now
    draft.progress_total = len(children)
    with transaction.atomic():
        bulk = _insert_or_join(draft, idempotency_key)
        if not bulk.joined:
            drafts = [
                child.draft(now=now, requested_by=requested_by) for child in children
            ]
            _add_children(bulk, drafts, now=now)
    return _tell_watcher(bulk)


def _add_children(bulk: Run, drafts: Sequence[Run], *, now: datetime) -> None:
    """Insert the children, or join those that are active, and ring what is due.

    They are inserted in one order, whoever asks: two bulks about the same subjects
    would otherwise wait for each other.
    """
    ordered = sorted(drafts, key=lambda one: (one.kind, len(one.subject), one.subject))
    runs = [run for some in _batches(ordered) for run in _insert_or_join_all(some)]
    RunRequest.objects.bulk_create(
        [RunRequest(bulk=bulk, run=run) for run in runs], batch_size=BATCH
    )
    Run.objects.filter(pk=bulk.pk).update(progress_total=len(runs))
    bulk.progress_total = len(runs)
    due = [r.pk for r in runs if r.state == Run.State.PLANNED and r.due_at <= now]
    transaction.on_commit(partial(doorbell.ring, due))


def _batches(drafts: Sequence[Run]) -> Iterator[Sequence[Run]]:
    return (drafts[at : at + BATCH] for at in range(0, len(drafts), BATCH))


def _insert_or_join_all(drafts: Sequence[Run]) -> list[Run]:
    """Return an active run for each thing that is to be done.

    A twin that was in the way of the insert may have ended before it is looked for;
    then this one is inserted after all, so that no child is lost.

    :raises ConflictError: the twins end again and again.
    """
    found: list[Run] = list(
        Run.objects.bulk_create([draft for draft in drafts if not draft.subject])
    )
    missing = {(draft.kind, draft.subject): draft for draft in drafts if draft.subject}
    for _ in range(ROUNDS):
        if not missing:
            return found
        Run.objects.bulk_create(list(missing.values()), ignore_conflicts=True)
        for run in _active_about(list(missing)):
            if missing.pop((run.kind, run.subject), None):
                found.append(run)
    raise ConflictError(ENDED_JUST_NOW)


def _active_about(things: Sequence[tuple[str, str]]) -> list[Run]:
    """Return the active runs of these kinds about these subjects, by their key.

    The subjects are named, so that the other active runs of a kind, a hundred
    thousand perhaps, are not read.
    """
    kinds = {kind for kind, _ in things}
    subjects = [subject for _, subject in things]
    active = Run.objects.active().filter(kind__in=kinds, subject__in=subjects)
    needed = active.only("pk", "kind", "subject", "state", "due_at")
    return list(needed.order_by("pk"))
