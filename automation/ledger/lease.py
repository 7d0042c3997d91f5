"""Owning a run for a while: the claim, the fence, and notes made meanwhile.

This module reads the clock itself, because a lease is only worth something at the
very moment it is renewed.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from automation.ledger import journal
from automation.models import Run
from vibe_engine import clock
from vibe_engine.errors import LeaseLostError

LEASE_S = settings.TIMES["RUN_LEASE_S"]
"""How long a worker owns a run without renewing; four times the call deadline."""
CALL_LEASE_S = settings.TIMES["CALL_LEASE_S"]
"""Lease that must be left before a call to Spotify (deadline 30 s and a margin)."""
SUBJECT_BUSY_S = 2.0
LATE_WORKER = timedelta(hours=1)
"""How long a worker that was thought dead is reckoned with on its subject."""

FREE: dict[str, object] = {"lease_token": None, "lease_until": None, "rung_at": None}
"""What a run looks like that nobody owns and that has not been rung."""


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
                was_taken_over=_may_meet_a_late_worker(now),
                rung_at=None,
            )
    except IntegrityError:
        planned.update(due_at=now + timedelta(seconds=SUBJECT_BUSY_S), rung_at=None)
        return None
    if not taken:
        return None
    run = Run.objects.get(pk=run_id)
    if run.attempts > 1:
        journal.note(run, "try", f"Try {run.attempts}", at=now)
    return run


def _may_meet_a_late_worker(
    now: datetime,
) -> Combinable:
    """Whether this run, or one before it on the same subject, was taken over.

    A worker that comes back to life may still send the call it was about to make,
    also when its run has since ended or was cancelled: the fence stops its writes
    here, not a request that is on its way. Whoever works on the subject meanwhile
    reads back what stands there.
    """
    earlier = Run.objects.filter(
        ~Q(subject=""),
        subject=OuterRef("subject"),
        was_taken_over=True,
        finished_at__gt=now - LATE_WORKER,
    )
    return ExpressionWrapper(
        Q(was_taken_over=True) | Exists(earlier), output_field=BooleanField()
    )


@contextmanager
def fenced(run: Run) -> Iterator[None]:
    """Open a transaction in which this worker still owns `run`.

    Every database write of a job happens inside; the lease is renewed by it.

    :raises LeaseLostError: another worker owns the run, or it was cancelled.
    """
    with transaction.atomic():
        update_owned(run, lease_until=clock.now() + timedelta(seconds=LEASE_S))
        yield


def require_lease(run: Run, seconds: float = CALL_LEASE_S) -> None:
    """See to it that the lease lasts for `seconds`; renew it where it does not.

    :raises LeaseLostError: another worker owns the run, or it was cancelled.
    """
    now = clock.now()
    if run.lease_until is None or run.lease_until < now + timedelta(seconds=seconds):
        update_owned(run, lease_until=now + timedelta(seconds=LEASE_S))


def update_owned(run: Run, **changes: object) -> None:
    """Change columns of a run that is ours, with what is new in its journal.

    :raises LeaseLostError: another worker owns the run, or it was cancelled.
    """
    owned = Run.objects.filter(
        pk=run.pk, state=Run.State.WORKING, lease_token=run.lease_token
    )
    if not owned.update(**changes, **journal.news(run)):
        raise LeaseLostError(f"Run {run.pk} belongs to another worker now.")
    for name, value in changes.items():
        setattr(run, name, value)


def note_step(
    run: Run, text: str, *, done: int | None = None, total: int | None = None
) -> None:
    """Say on the run's page what is being done; `done` of `total` where counted.

    `done` never goes back, so that a second attempt counts from where the first one
    came to. Where it rises, the deaths of earlier workers are forgotten: a run that
    gets on is not what they died of.
    """
    changes: dict[str, object] = {"step": text[:200]}
    journal.note(run, "step", text, at=clock.now())
    if done is not None and done > run.progress_done:
        changes |= {"progress_done": done, "crashes": 0}
    if total is not None:
        changes["progress_total"] = total
    update_owned(run, **changes)


def remember(run: Run, **memo: object) -> None:
    """Keep facts of this run (JSON) over retries and crashes."""
    update_owned(run, memo={**run.memo, **memo})
