"""One supervised process: started, listened to, restarted, ended."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from vibe_engine.supervisor.console import Console, LevelFilter, LogFile
from vibe_engine.supervisor.lifeline import dies_with_parent, tied

ROOT = Path(__file__).resolve().parents[2]
BACKOFF_FIRST_S = 0.5
BACKOFF_MAX_S = 30.0
STEADY_AFTER_S = 60.0
"""A process that ran this long starts again without a grown delay."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to run. `grace_s`: how long it may take to end when asked to.

    `quiet`: its warnings stay in its log. `serves_others`: it is needed until the
    others have ended. `orphaned`: the signal it gets when the supervisor dies
    without a word.
    """

    name: str
    argv: tuple[str, ...]
    grace_s: float = 8.0
    quiet: bool = False
    serves_others: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    orphaned: signal.Signals = signal.SIGTERM


class Child:
    """A program and the process that runs it at the moment, if one does.

    Each process leads a session of its own: Ctrl-C in the terminal reaches only
    the supervisor, and a signal to the group reaches grandchildren too.
    """

    def __init__(self, program: Program, console: Console, logs: Path) -> None:
        self.program = program
        self.log = LogFile(logs / f"{program.name}.log")
        self.starts = 0
        self.failures = 0
        self.muted = program.quiet
        self.due_at = 0.0
        self._console = console
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None
        self._started_at = time.monotonic()

    @property
    def name(self) -> str:
        """The program's name."""
        return self.program.name

    def start(self) -> None:
        """Start the process and listen to what it says."""
        self.starts += 1
        self._started_at = time.monotonic()
        self._process = subprocess.Popen(
            tied(self.program.argv),
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.program.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=dies_with_parent(self.program.orphaned),
        )
        assert self._process.stdout is not None  # noqa: S101
        self._listener = threading.Thread(
            target=self._listen, args=(self._process.stdout,), daemon=True
        )
        self._listener.start()

    def exit_code(self) -> int | None:
        """Return how the process ended, None while it runs."""
        return self._process.poll() if self._process else None

    def is_running(self) -> bool:
        """Whether there is a process and it has not ended."""
        return self._process is not None and self._process.poll() is None

    def plan_restart(self) -> float:
        """Note a failure; return and remember the seconds to wait before a start."""
        now = time.monotonic()
        steady = now - self._started_at >= STEADY_AFTER_S
        self.failures = 1 if steady else self.failures + 1
        delay = min(BACKOFF_FIRST_S * 2.0 ** (self.failures - 1), BACKOFF_MAX_S)
        self.due_at = now + delay
        return delay

    def ask_to_end(self) -> None:
        """Ask the process to end; what it says from now on stays in its log."""
        self.muted = True
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the process; return whether it has ended."""
        if self._process is None:
            return True
        try:
            self._process.wait(max(timeout_s, 0))
        except subprocess.TimeoutExpired:
            return False
        return True

    def end_group(self) -> None:
        """Kill what is left of the process and of all it started."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._listener:
            self._listener.join(timeout=2)

    def _listen(self, stream: IO[bytes]) -> None:
        chosen = LevelFilter()
        with stream:
            for raw in stream:
                line = raw.decode("utf-8", "replace").rstrip()
                self.log.write(line)
                if (shown := chosen.choose(line)) and not self.muted:
                    self._console.relay(self.name, shown)
