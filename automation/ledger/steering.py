"""Changing runs from outside: cancel, let go on, ask again."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q, QuerySet

from automation import doorbell
from automation.ledger.ending import close_bulks
from automation.ledger.lease import FREE
from automation.ledger.opening import RunSpec, open_bulk, open_run
from automation.models import Run
from vibe_engine.errors import InputError


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
        ids = _locked(runs.filter(state__in=waiting))
        count = Run.objects.filter(pk__in=ids, state__in=waiting).update(
            state=Run.State.CANCELLED, finished_at=now, **FREE
        )
        close_bulks(now=now)
    return count


def _locked(runs: QuerySet[Run]) -> list[int]:
    """Lock runs in the order of their keys, so that two callers never cross."""
    own = runs.order_by("pk").select_for_update(of=("self",))
    return list(own.values_list("pk", flat=True))


def unblock(*, lane: str, now: datetime, reason: str | None = None) -> int:
    """Let blocked runs of a lane go on; all reasons unless one is named."""
    blocked = Run.objects.filter(lane=lane, state=Run.State.BLOCKED)
    if reason is not None:
        blocked = blocked.filter(reason=reason)
    with transaction.atomic():
        ids = _locked(blocked)
        Run.objects.filter(pk__in=ids, state=Run.State.BLOCKED).update(
            state=Run.State.PLANNED, due_at=now, reason="", error="", **FREE
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
