"""How a worker leaves a run: ended, waiting, set aside, or to be tried again."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from automation.ledger import journal
from automation.ledger.lease import FREE, update_owned
from automation.models import Run
from vibe_engine import clock
from vibe_engine.errors import BlockedError, WaitError

MAX_ERRORS = 12
"""Transient failures before a run is given up: with the backoff 25 minutes on average."""
BACKOFF_S = 2.0
BACKOFF_CAP_S = 600.0


def finish(run: Run, result: dict[str, object] | None = None) -> None:
    """End a run well."""
    _end(run, Run.State.DONE, result=result or {}, reason="", error="")


def fail(run: Run, text: str, *, reason: str = "permanent") -> None:
    """End a run that cannot succeed; `text` says why, in words."""
    _end(run, Run.State.FAILED, reason=reason, error=text)


def _end(run: Run, state: str, **changes: object) -> None:
    now = clock.now()
    with transaction.atomic():
        update_owned(run, state=state, **FREE, finished_at=now, **changes)
        close_bulks(now=now, child=run.pk)


def postpone(run: Run, wait: WaitError) -> None:
    """Give a run back with a due time; it counts as no error."""
    until = wait.until.isoformat()
    journal.note(run, "wait", str(wait), at=clock.now(), until=until)
    update_owned(
        run,
        state=Run.State.PLANNED,
        due_at=wait.until,
        reason=wait.cause[:40],
        error=str(wait),
        **FREE,
    )


def block(run: Run, error: BlockedError) -> None:
    """Set a run aside until a person has acted."""
    journal.note(run, "block", str(error), at=clock.now())
    update_owned(
        run,
        state=Run.State.BLOCKED,
        reason=error.reason[:40],
        error=str(error),
        **FREE,
    )


def retry(run: Run, text: str) -> None:
    """Give a run back with a growing wait (full jitter), or give it up."""
    errors = run.errors + 1
    journal.note(run, "error", text, at=clock.now())
    if errors >= MAX_ERRORS:
        update_owned(run, errors=errors)
        fail(run, f"Given up after {errors} tries. {text}", reason="exhausted")
        return
    ceiling = min(BACKOFF_CAP_S, BACKOFF_S * 2**errors)
    wait = timedelta(seconds=random.uniform(BACKOFF_S, ceiling))
    update_owned(
        run,
        state=Run.State.PLANNED,
        errors=errors,
        due_at=clock.now() + wait,
        reason="transient",
        error=text,
        **FREE,
    )


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
