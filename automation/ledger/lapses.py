"""Leases that ran out: giving the runs back, and finding out which of them kill.

A worker that dies takes every run down that it had, and nobody can say afterwards
which of them was to blame, or whether it was one of them at all: somebody may have
pulled a plug. So a lost lease alone convicts nobody. It makes a run a suspect, which
is carried out in a process of its own from then on, under the eyes of a worker that
outlives it (automation/apart.py). Only what that witness saw counts against it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from automation.ledger import journal
from automation.ledger.ending import fail
from automation.ledger.lease import FREE, LEASE_S, update_owned
from automation.models import Run
from vibe_engine.errors import LeaseLostError

MAX_CRASHES = 5
"""Deaths of workers in a row before a run is given up as what kills them."""
SUSPECT_AFTER = 3
"""Deaths after which a run is carried out apart from all others."""
APART = "apart"
"""Ends the name of a worker that is a process for one run alone."""
GIVEN_UP = (
    "Its worker died five times in a row while it was carried out, so it is not tried "
    "again by itself. The system's log says what ended the process; “Try again” "
    "opens it anew."
)
TAKEN_BACK = "Its worker stopped answering; another one takes over."


def is_suspect(run_id: int) -> bool:
    """Whether workers have died so often with this run that it is to be kept apart."""
    return Run.objects.filter(pk=run_id, crashes__gte=SUSPECT_AFTER).exists()


def is_held(run_id: int, *, worker: str, now: datetime) -> bool:
    """Whether this worker works on the run under a lease that has not run out."""
    held = Run.objects.filter(pk=run_id, state=Run.State.WORKING, worker=worker)
    return held.filter(lease_until__gt=now).exists()


def take_back_lapsed(*, now: datetime, is_fleet_wide: bool = False) -> list[int]:
    """Plan again every run whose worker is gone; return those ids.

    A lease that ends implausibly late (the clock was set back) counts as lapsed.
    `is_fleet_wide` says that all workers may have been away, not just these: no run
    is to blame then.
    """
    too_late = now + 10 * timedelta(seconds=LEASE_S)
    lapsed = Run.objects.filter(
        Q(lease_until__lt=now) | Q(lease_until__gt=too_late),
        state=Run.State.WORKING,
        is_bulk=False,
    )
    gone = list(lapsed.order_by("pk"))
    blamed = [] if is_fleet_wide else gone
    taken = (_take_back(run, _deaths(run, blamed), now=now) for run in gone)
    return [run.pk for run, was in zip(gone, taken, strict=True) if was]


def note_death(run_id: int, *, worker: str, now: datetime) -> None:
    """Write down that a process died which had nothing but this run to do."""
    held = Run.objects.filter(pk=run_id, state=Run.State.WORKING, worker=worker)
    for run in held:
        _take_back(run, run.crashes + 1, now=now)


def _deaths(run: Run, gone: Sequence[Run]) -> int:
    """Return the deaths in a row that stand against a run whose lease has lapsed.

    Several processes at once were ended by something else. Of several runs in one
    process each is a suspect and none is more. A run apart was lost together with
    its witness, so it was not what ended them.
    """
    processes = {_process(other.worker) for other in gone}
    if len(processes) != 1 or run.worker.endswith(f":{APART}"):
        return run.crashes
    if len(gone) > 1:
        return max(run.crashes, min(run.crashes + 1, SUSPECT_AFTER))
    return run.crashes + 1


def _process(worker: str) -> str:
    return worker.rpartition(":")[0]


def _take_back(run: Run, crashes: int, *, now: datetime) -> bool:
    """Plan a run again, or give it up; return whether it is planned."""
    try:
        if crashes >= MAX_CRASHES:
            update_owned(run, crashes=crashes, was_taken_over=True)
            fail(run, GIVEN_UP, reason="crashes")
            return False
        journal.note(run, "lost", TAKEN_BACK, at=now)
        update_owned(
            run,
            state=Run.State.PLANNED,
            due_at=now,
            crashes=crashes,
            was_taken_over=True,
            reason="taken_over",
            error=TAKEN_BACK,
            **FREE,
        )
    except LeaseLostError:
        return False
    return True
