"""Real processes of the product, working on the test's own database."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from django.db import connection

from vibe_engine.supervisor.lifeline import dies_with_parent

ROOT = Path(__file__).resolve().parents[2]
STOP_TIMEOUT_S = 20


def test_database_url() -> str:
    """Return a `DATABASE_URL` for the database that the running test uses."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{settings['NAME']}"
    host = urlencode({"host": settings["OPTIONS"]["host"]})
    return f"postgres://{settings['USER']}@/{settings['NAME']}?{host}"


test_database_url.__test__ = False  # type: ignore[attr-defined]


class LiveProcesses:
    """Starts processes of the product and ends them with the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []

    def manage(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start `manage.py ...`."""
        return self.start(
            [sys.executable, str(ROOT / "manage.py"), *arguments], **environment
        )

    def celery_worker(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker with four threads."""
        argv = [sys.executable, "-m", "celery", "-A", "vibe_engine", "worker"]
        argv += ["-P", "threads", "-c", "4", "--without-gossip", "--without-mingle"]
        return self.start(argv, **environment)

    def start(self, argv: list[str], **environment: str) -> subprocess.Popen[bytes]:
        """Start any program; its output goes to a file that `output()` reads."""
        with self._log(len(self.started)).open("wb") as log:
            process = subprocess.Popen(
                argv,
                cwd=ROOT,
                env={**os.environ, "DATABASE_URL": test_database_url(), **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=dies_with_parent(),
            )
        self.started.append(process)
        return process

    def output(self, process: subprocess.Popen[bytes]) -> str:
        """Return what a process has printed so far."""
        log = self._log(self.started.index(process))
        return log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """End everything still running, at first politely."""
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.started:
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _log(self, number: int) -> Path:
        return self.folder / f"process-{number}.log"


def wait_until(
    condition: Callable[[], bool], *, timeout_s: float = 60, what: str = ""
) -> None:
    """Wait for `condition`, looking ten times a second.

    :raises AssertionError: it did not come true in time.
    """
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(
                f"{what or 'the condition'} did not come true in {timeout_s:g} s"
            )
        time.sleep(0.1)
