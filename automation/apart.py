"""Carrying out a suspect in a process of its own, seen by a worker that outlives it.

Only so can a run that kills be told from one that was beside it, or whose worker was
ended by somebody: a process that dies with nothing else to do, while its witness goes
on, died of the run.
"""

import signal
import socket
import subprocess
import sys

from django.conf import settings

from automation import ledger
from automation.models import Run
from vibe_engine import clock
from vibe_engine.supervisor.lifeline import dies_with_parent

COMMAND = "carry_out"


def name(pid: int) -> str:
    """Return what a process for one run alone calls itself in the ledger."""
    return f"{socket.gethostname()}:{pid}:{ledger.APART}"


def work_apart(run_id: int) -> Run | None:
    """Carry out one run in a process of its own; return it as it stands afterwards."""
    child = _start(run_id)
    try:
        status = _wait(child, run_id)
    finally:
        child.kill()
        child.wait()
    if status is not None and status < 0:
        ledger.note_death(run_id, worker=name(child.pid), now=clock.now())
    return Run.objects.filter(pk=run_id).first()


def _start(run_id: int) -> "subprocess.Popen[bytes]":
    """Start the process; where the kernel can, it dies with this one."""
    program = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    return subprocess.Popen(
        [*program, COMMAND, str(run_id)],
        stdin=subprocess.DEVNULL,
        preexec_fn=dies_with_parent(signal.SIGKILL),
    )


def _wait(child: "subprocess.Popen[bytes]", run_id: int) -> int | None:
    """Return how the process ended, None if it holds no lease any more and goes on."""
    while True:
        try:
            return child.wait(ledger.LEASE_S)
        except subprocess.TimeoutExpired:
            now = clock.now()
            if not ledger.is_held(run_id, worker=name(child.pid), now=now):
                return None
