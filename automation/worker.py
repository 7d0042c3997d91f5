"""Carrying out one run: claim, do the job, write down how it ended.

The Celery task, the engine and the commands' `--wait` all come through here.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import InterfaceError, OperationalError, connection, connections

from automation import apart, ledger, registry
from automation.models import Run
from vibe_engine import clock, tracing
from vibe_engine.errors import (
    BlockedError,
    LeaseLostError,
    TransientError,
    VibeError,
    WaitError,
)

logger = logging.getLogger(__name__)

Ending = Callable[[], None]
"""Writes down how a run ended."""

DATABASE_AWAY = (OperationalError, InterfaceError)
DATABASE_AGAIN_S = 1.0
LONGEST_WAIT = timedelta(minutes=10)
"""A command's `--wait` gives up on runs that are due later than this."""


def name() -> str:
    """Return what this worker calls itself in the ledger."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident() % 10_000}"


def work(run_id: int) -> Run | None:
    """Carry out one run if it can be claimed; return it as it ended, else None.

    A run that workers have died with gets a process of its own.
    """
    if ledger.is_suspect(run_id):
        return apart.work_apart(run_id)
    return work_here(run_id, name=name())


def work_here(run_id: int, *, name: str) -> Run | None:
    """Carry out one run in this thread if it can be claimed; `name` is the worker's."""
    run = ledger.claim(run_id, worker=name)
    if run is None:
        return None
    with tracing.trace(run=run.pk, kind=run.kind, lane=run.lane):
        return _work_on(run)


def _work_on(run: Run) -> Run:
    try:
        _write_down(_carry_out(run))
        _say_end(run)
    except LeaseLostError:
        logger.info("Run %s was taken over; this worker stops.", run.pk)
    except DATABASE_AWAY as error:
        logger.warning("%s; run %s is taken over later.", _away(error), run.pk)
    return run


def _say_end(run: Run) -> None:
    if run.state in (Run.State.FAILED, Run.State.BLOCKED):
        trouble = "failed" if run.state == Run.State.FAILED else "needs a person"
        logger.warning("“%s” %s: %s", run.title, trouble, run.error)
    else:
        logger.info("“%s” is %s.", run.title, run.get_state_display().lower())


def _carry_out(run: Run) -> Ending:
    """Do the job of a run; return what is to be written down about its end.

    :raises LeaseLostError: another worker owns the run now.
    """
    try:
        result = registry.get(run.kind).job(run)
    except LeaseLostError:
        raise
    except WaitError as wait:
        return partial(ledger.postpone, run, wait)
    except BlockedError as error:
        return partial(ledger.block, run, error)
    except TransientError as error:
        return partial(ledger.retry, run, str(error))
    except VibeError as error:
        return partial(ledger.fail, run, str(error), reason=error.failure)
    except DATABASE_AWAY as error:
        logger.warning("%s under run %s (%s).", _away(error), run.pk, run.kind)
        return partial(ledger.retry, run, "The database was away for a moment.")
    except Exception as error:
        logger.exception("Run %s (%s) met an unexpected error.", run.pk, run.kind)
        words = f"Unexpected error ({type(error).__name__}), see the log."
        return partial(ledger.retry, run, words)
    return partial(ledger.finish, run, result)


def _write_down(ending: Ending) -> None:
    """Write how a run ended, again and again while the database is away.

    As long as the lease lasts, nobody else can have the run. An ending that was
    committed although the answer was lost is not written twice: the lease is gone.

    :raises LeaseLostError: another worker owns the run now, or it has ended.
    :raises DatabaseError: the database stayed away for longer than the lease.
    """
    deadline = time.monotonic() + ledger.LEASE_S
    while True:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        try:
            return ending()
        except DATABASE_AWAY as error:
            if connection.in_atomic_block or time.monotonic() > deadline:
                raise
            logger.warning("%s; the end of a run waits for it.", _away(error))
        time.sleep(DATABASE_AGAIN_S)


def _away(error: Exception) -> str:
    return f"The database is away ({type(error).__name__})"


def work_all(
    run_ids: Sequence[int], progress: Callable[[int], None] | None = None
) -> list[Run]:
    """Carry out these runs here until each has ended or waits for long.

    Runs that another worker has are waited for. `progress` is called with the
    number of ended runs. Returns the runs as they stand at the end.
    """
    while True:
        runs = list(Run.objects.filter(pk__in=run_ids).order_by("pk"))
        if progress is not None:
            progress(sum(not run.is_active for run in runs))
        now = clock.now()
        going = [run for run in runs if _is_going(run, now=now)]
        if not going:
            return runs
        due = [r for r in going if r.state == Run.State.PLANNED and r.due_at <= now]
        for done, run in enumerate(due, start=1):
            work(run.pk)
            if progress is not None:
                progress(len(runs) - len(going) + done)
        if not due:
            _idle(going, now=now)


def _is_going(run: Run, *, now: datetime) -> bool:
    if run.state == Run.State.PLANNED:
        return run.due_at <= now + LONGEST_WAIT
    return run.state == Run.State.WORKING


def _idle(runs: Sequence[Run], *, now: datetime) -> None:
    """Sleep until the next of these runs is due, a second at most."""
    ledger.take_back_lapsed(now=now)
    waits = [r.due_at - now for r in runs if r.state == Run.State.PLANNED]
    shortest = min(waits, default=timedelta(seconds=0.2))
    time.sleep(min(1.0, max(0.05, shortest.total_seconds())))


def work_and_close(run_id: int) -> None:
    """Carry out one run in a thread of its own, leaving no database connection."""
    try:
        work(run_id)
    except DATABASE_AWAY as error:
        logger.warning("%s; run %s is begun later.", _away(error), run_id)
    except Exception:
        logger.exception("Run %s could not be carried out here.", run_id)
    finally:
        connections.close_all()
