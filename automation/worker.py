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

from django.db import connections

from automation import ledger, registry
from automation.models import Run
from vibe_engine import clock
from vibe_engine.errors import (
    BlockedError,
    LeaseLostError,
    TransientError,
    VibeError,
    WaitError,
)

logger = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(minutes=10)
"""A command's `--wait` gives up on runs that are due later than this."""


def name() -> str:
    """Return what this worker calls itself in the ledger."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident() % 10_000}"


def work(run_id: int) -> Run | None:
    """Carry out one run if it can be claimed; return it as it ended, else None."""
    run = ledger.claim(run_id, worker=name())
    if run is None:
        return None
    try:
        _execute(run)
    except LeaseLostError:
        logger.info("Run %s was taken over; this worker stops.", run_id)
    return run


def _execute(run: Run) -> None:
    try:
        result = registry.get(run.kind).job(run)
    except LeaseLostError:
        raise
    except WaitError as wait:
        ledger.postpone(run, wait)
    except BlockedError as error:
        ledger.block(run, error)
    except TransientError as error:
        ledger.retry(run, str(error))
    except VibeError as error:
        ledger.fail(run, str(error))
    except Exception as error:
        logger.exception("Run %s (%s) met an unexpected error.", run.pk, run.kind)
        ledger.retry(run, f"Unexpected error ({type(error).__name__}), see the log.")
    else:
        ledger.finish(run, result)


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
    finally:
        connections.close_all()
