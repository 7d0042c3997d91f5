"""The ledger of runs: the database is the truth, Celery is the doorbell.

    planned -- claim --> working --> done
       ^                    |--> planned again, with a due time
       |<-- unblock -- blocked
       '-- engine           '--> failed, cancelled

Every transition is one conditional UPDATE, so it is right on PostgreSQL and on
SQLite, with any number of workers. This module reads the clock itself, because a
lease is only worth something at the very moment it is renewed.
"""

import random
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from automation import doorbell
from automation.models import Run, RunRequest
from vibe_engine import clock
from vibe_engine.errors import (
    BlockedError,
    ConflictError,
    InputError,
    LeaseLostError,
    WaitError,
)

LEASE_S = 120.0
"""How long a worker owns a run without renewing; four times the call deadline."""
CALL_LEASE_S = 45.0
"""Lease that must be left before a call to Spotify (deadline 30 s and a margin)."""
MAX_ERRORS = 8
"""Transient failures before a run is given up; with the backoff about half an hour."""
MAX_CRASHES = 5
"""Lost leases before a run is given up as one that kills its worker."""
BACKOFF_S = 2.0
BACKOFF_CAP_S = 600.0
SUBJECT_BUSY_S = 2.0


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


# Opening ----------------------------------------------------------------------


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


# Claiming and the lease ---------------------------------------------------------


def claim(run_id: int, *, worker: str) -> Run | None:
    """Take a due run for this worker, or return None if it cannot be had.

    At most one run works on a subject (a database constraint); while another one
    does, this one is put off by two seconds.
    """
    now = clock.now()
    planned = Run.objects.filter(pk=run_id, state=Run.State.PLANNED, is_bulk=False)
    try:
        with transaction.atomic():
            taken = planned.filter(due_at__lte=now).update(
                state=Run.State.WORKING,
                lease_token=uuid.uuid4(),
                lease_until=now + timedelta(seconds=LEASE_S),
                worker=worker[:120],
                attempts=F("attempts") + 1,
                started_at=Coalesce(F("started_at"), now),
                rung_at=None,
            )
    except IntegrityError:
        planned.update(due_at=now + timedelta(seconds=SUBJECT_BUSY_S), rung_at=None)
        return None
    return Run.objects.get(pk=run_id) if taken else None


@contextmanager
def fenced(run: Run) -> Iterator[None]:
    """Open a transaction in which this worker still owns `run`.

    Every database write of a job happens inside; the lease is renewed by it.

    :raises LeaseLostError: another worker owns the run, or it was cancelled.
    """
    with transaction.atomic():
        _update_owned(run, lease_until=clock.now() + timedelta(seconds=LEASE_S))
        yield


def require_lease(run: Run, seconds: float = CALL_LEASE_S) -> None:
    """See to it that the lease lasts for `seconds`; renew it where it does not.

    :raises LeaseLostError: another worker owns the run, or it was cancelled.
    """
    now = clock.now()
    if run.lease_until is None or run.lease_until < now + timedelta(seconds=seconds):
        _update_owned(run, lease_until=now + timedelta(seconds=LEASE_S))


def _update_owned(run: Run, **changes: object) -> None:
    owned = Run.objects.filter(
        pk=run.pk, state=Run.State.WORKING, lease_token=run.lease_token
    )
    if not owned.update(**changes):
        raise LeaseLostError(f"Run {run.pk} belongs to another worker now.")
    for name, value in changes.items():
        setattr(run, name, value)


def note_step(
    run: Run, text: str, *, done: int | None = None, total: int | None = None
) -> None:
    """Say on the run's page what is being done; `done` of `total` where counted."""
    changes: dict[str, object] = {"step": text[:200]}
    if done is not None:
        changes["progress_done"] = done
    if total is not None:
        changes["progress_total"] = total
    _update_owned(run, **changes)


def remember(run: Run, **memo: object) -> None:
    """Keep facts of this run (JSON) over retries and crashes."""
    _update_owned(run, memo={**run.memo, **memo})


# Leaving --------------------------------------------------------------------------


def finish(run: Run, result: dict[str, object] | None = None) -> None:
    """End a run well."""
    _end(run, Run.State.DONE, result=result or {}, reason="", error="")


def fail(run: Run, text: str, *, reason: str = "permanent") -> None:
    """End a run that cannot succeed; `text` says why, in words."""
    _end(run, Run.State.FAILED, reason=reason, error=text)


def _end(run: Run, state: str, **changes: object) -> None:
    now = clock.now()
    with transaction.atomic():
        _update_owned(run, state=state, **_FREE, finished_at=now, **changes)
        close_bulks(now=now, child=run.pk)


_FREE: dict[str, object] = {"lease_token": None, "lease_until": None, "rung_at": None}


def postpone(run: Run, wait: WaitError) -> None:
    """Give a run back with a due time; it counts as no error."""
    _update_owned(
        run,
        state=Run.State.PLANNED,
        due_at=wait.until,
        reason=wait.cause[:40],
        error=str(wait),
        **_FREE,
    )


def block(run: Run, error: BlockedError) -> None:
    """Set a run aside until a person has acted."""
    _update_owned(
        run,
        state=Run.State.BLOCKED,
        reason=error.reason[:40],
        error=str(error),
        **_FREE,
    )


def retry(run: Run, text: str) -> None:
    """Give a run back with a growing wait (full jitter), or give it up."""
    errors = run.errors + 1
    if errors >= MAX_ERRORS:
        _update_owned(run, errors=errors)
        fail(run, f"Given up after {errors} tries. {text}", reason="exhausted")
        return
    ceiling = min(BACKOFF_CAP_S, BACKOFF_S * 2**errors)
    wait = timedelta(seconds=random.uniform(BACKOFF_S, ceiling))
    _update_owned(
        run,
        state=Run.State.PLANNED,
        errors=errors,
        due_at=clock.now() + wait,
        reason="transient",
        error=text,
        **_FREE,
    )


# From outside ---------------------------------------------------------------------


def cancel(run_ids: Sequence[int], *, now: datetime) -> int:
    """Cancel what waits among these runs and the children of these bulks.

    What is being worked on ends by itself. A child that another open bulk or a
    person also asked for is cancelled with it. Returns how many were cancelled.
    """
    chosen = Run.objects.filter(Q(pk__in=run_ids) | Q(as_child__bulk__in=run_ids))
    return _cancel(chosen.filter(is_bulk=False), now=now)


def cancel_waiting(
    *, now: datetime, subject: str | None = None, lane: str | None = None
) -> int:
    """Cancel every waiting run about a subject or in a lane."""
    if (subject is None) == (lane is None):
        raise ValueError("Name either a subject or a lane.")
    chosen = (
        Run.objects.filter(lane=lane)
        if subject is None
        else Run.objects.filter(subject=subject)
    )
    return _cancel(chosen, now=now)


def _cancel(runs: QuerySet[Run], *, now: datetime) -> int:
    waiting = (Run.State.PLANNED, Run.State.BLOCKED)
    with transaction.atomic():
        ids = list(runs.filter(state__in=waiting).values_list("pk", flat=True))
        count = Run.objects.filter(pk__in=ids, state__in=waiting).update(
            state=Run.State.CANCELLED, finished_at=now, **_FREE
        )
        close_bulks(now=now)
    return count


def unblock(*, lane: str, now: datetime, reason: str | None = None) -> int:
    """Let blocked runs of a lane go on; all reasons unless one is named."""
    blocked = Run.objects.filter(lane=lane, state=Run.State.BLOCKED)
    if reason is not None:
        blocked = blocked.filter(reason=reason)
    with transaction.atomic():
        ids = list(blocked.values_list("pk", flat=True))
        Run.objects.filter(pk__in=ids, state=Run.State.BLOCKED).update(
            state=Run.State.PLANNED, due_at=now, reason="", error="", **_FREE
        )
        transaction.on_commit(partial(doorbell.ring, ids))
    return len(ids)


def retry_failed(
    run: Run, *, now: datetime, requested_by: AbstractBaseUser | None = None
) -> Run:
    """Open what failed again: one run, or a new bulk of a bulk's failed children.

    :raises InputError: nothing of it has failed.
    """
    failed = Run.objects.filter(state=Run.State.FAILED, is_bulk=False)
    chosen = (
        failed.filter(as_child__bulk=run) if run.is_bulk else failed.filter(pk=run.pk)
    )
    specs = [_spec_of(one) for one in chosen]
    if not specs:
        raise InputError("Nothing of this has failed.")
    if not run.is_bulk:
        return open_run(specs[0], now=now, requested_by=requested_by)
    return open_bulk(
        kind=run.kind,
        title=run.title,
        url=run.url,
        arguments=run.arguments,
        children=specs,
        now=now,
        requested_by=requested_by,
    )


def _spec_of(run: Run) -> RunSpec:
    return RunSpec(
        kind=run.kind,
        subject=run.subject,
        title=run.title,
        lane=run.lane,
        budget=run.budget,
        url=run.url,
        arguments=run.arguments,
    )


# The engine's upkeep ----------------------------------------------------------------


def take_back_lapsed(*, now: datetime) -> list[int]:
    """Plan again every run whose worker is gone; return those ids.

    A lease that ends implausibly late (the clock was set back) counts as lapsed.
    A run that has lost five workers is given up.
    """
    too_late = now + 10 * timedelta(seconds=LEASE_S)
    gone = Run.objects.filter(
        Q(lease_until__lt=now) | Q(lease_until__gt=too_late),
        state=Run.State.WORKING,
        is_bulk=False,
    )
    taken = []
    for run in gone:
        if _take_back(run, now=now):
            taken.append(run.pk)
    return taken


def _take_back(run: Run, *, now: datetime) -> bool:
    try:
        if run.crashes + 1 >= MAX_CRASHES:
            _update_owned(run, crashes=run.crashes + 1)
            fail(run, "Its worker died five times in a row.", reason="crashes")
            return False
        _update_owned(
            run,
            state=Run.State.PLANNED,
            due_at=now,
            crashes=run.crashes + 1,
            was_taken_over=True,
            reason="taken_over",
            error="Its worker stopped answering; another one takes over.",
            **_FREE,
        )
    except LeaseLostError:
        return False
    return True


def close_bulks(*, now: datetime, child: int | None = None) -> None:
    """End every open bulk (of one child, or all) whose children have all ended.

    Two last children may end at the same moment and not see each other; the
    engine's next round closes their bulk then.
    """
    bulks = Run.objects.filter(is_bulk=True, state=Run.State.WORKING)
    if child is not None:
        bulks = bulks.filter(requests__run=child)
    for bulk in bulks.exclude(requests__run__state__in=Run.ACTIVE):
        states = list(bulk.children.values_list("state", flat=True))
        Run.objects.filter(pk=bulk.pk, state=Run.State.WORKING).update(
            state=_bulk_state(states),
            finished_at=now,
            progress_done=states.count(Run.State.DONE),
        )


def _bulk_state(states: Sequence[str]) -> str:
    if Run.State.FAILED in states:
        return Run.State.FAILED
    if Run.State.DONE in states or not states:
        return Run.State.DONE
    return Run.State.CANCELLED
