"""Starts processes of the product by forking one that has loaded all the code.

A worker is ready after a tenth of a second instead of two, so that a thousand of
them can be killed within minutes. Nothing is shared with the parent but the code:
no connection is open and no thread runs when it forks. As their parent it alone
sends them signals, so that a number which the system has given away again is never
hit.

One JSON order a line on stdin, one JSON answer a line on stdout:
`{"start": "worker", ...}` gives `{"pid": n}`, `{"signal": n, "pid": n}` gives
`{"sent": true}`, `{}` gives `{"ended": {pid: exit code}, "stopped": [pid]}`.
"""

import json
import os
import random
import signal
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import django

from automation.faultpoints import SIGNAL_VARIABLE, VARIABLE
from vibe_engine.supervisor.lifeline import dies_with_parent

Order = dict[str, Any]

NEEDED = (
    "automation.engine",
    "celery.bin.celery",
    "celery.concurrency.thread",
    "celery.worker.components",
    "celery.worker.consumer",
    "celery.worker.strategy",
    "kombu.transport.redis",
    "psycopg",
)
"""What is otherwise imported at the start of a worker or an engine, or at its work."""


def main() -> None:
    """Carry out orders until stdin ends; then end every child."""
    load_everything()
    children: set[int] = set()
    for line in sys.stdin:
        answer = carry_out(json.loads(line), children)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    look_after(children)
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def load_everything() -> None:
    """Import now what a worker or an engine would import when it starts."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vibe_engine.settings")
    django.setup()
    from vibe_engine.celery import app

    for name in NEEDED:
        import_module(name)

    app.loader.import_default_modules()
    app.finalize()


def carry_out(order: Order, children: set[int]) -> Order:
    """Do what one line asks for."""
    if "start" in order:
        pid = start(PROGRAMS[order["start"]], order)
        children.add(pid)
        return {"pid": pid}
    if "signal" in order:
        return {"sent": send(order["signal"], order["pid"], children)}
    return look_after(children)


def send(number: int, pid: int, children: set[int]) -> bool:
    """Send a signal to a child that has not been reaped."""
    if pid not in children:
        return False
    os.kill(pid, number)
    return True


def look_after(children: set[int]) -> Order:
    """Return the exit codes of children that have ended, and who was stopped, since."""
    ended: dict[int, int] = {}
    stopped = []
    for pid in sorted(children):
        found, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
        if found and os.WIFSTOPPED(status):
            stopped.append(pid)
        elif found:
            ended[pid] = os.waitstatus_to_exitcode(status)
    children -= set(ended)
    return {"ended": ended, "stopped": stopped}


def start(program: Callable[[Order], None], order: Order) -> int:
    """Fork a child that runs `program`; return its process id."""
    tie = dies_with_parent(signal.SIGKILL)
    pid = os.fork()
    if pid:
        return pid
    exit_code = 1
    try:
        prepare_child(order)
        if tie:
            tie()
        program(order)
        exit_code = 0
    except SystemExit as ended:
        exit_code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(exit_code)


def prepare_child(order: Order) -> None:
    """Cut a child loose from the nursery: session, streams, chance, fate."""
    os.setsid()
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for stream, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(stream, target)
    random.seed()
    os.environ[VARIABLE] = order.get("fault_point", "")
    os.environ[SIGNAL_VARIABLE] = order.get("fault_signal", "")


def run_worker(order: Order) -> None:
    """Be a Celery worker with threads, as `manage.py up` starts one."""
    from vibe_engine.celery import app

    app.worker_main(
        [
            *("worker", "--loglevel", "WARNING"),
            *("--pool", "threads", "--concurrency", str(order.get("threads", 2))),
            *("--without-gossip", "--without-mingle"),
            *("--hostname", f"{Path(order['log']).stem}-{os.getpid()}@storm"),
        ]
    )


def run_engine(_order: Order) -> None:
    """Be an engine."""
    from django.core.management import call_command

    call_command("engine")


PROGRAMS: dict[str, Callable[[Order], None]] = {
    "worker": run_worker,
    "engine": run_engine,
}


if __name__ == "__main__":
    main()
