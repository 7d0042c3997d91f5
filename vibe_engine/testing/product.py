"""The whole product as `make run` starts it, in a folder of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from vibe_engine.supervisor.lifeline import dies_with_parent
from vibe_engine.testing.environment import ROOT, clean_environment
from vibe_engine.testing.live import wait_until

READY_TIMEOUT_S = 120
END_TIMEOUT_S = 30
READY = "Ctrl-C stops all of it."


def free_port() -> int:
    """Return a port that is free together with the next one."""
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
    raise AssertionError("no two free ports side by side")


def processes_in(folder: Path) -> dict[int, str]:
    """Return id and command line of every process that works in a state folder.

    Linux only: known by environment or command line, whoever the parent is.
    (Valkey writes its title over its environment.)
    """
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
            known = (entry / "environ").read_bytes() + command
        except OSError:
            continue
        if str(folder).encode() in known:
            found[int(entry.name)] = command.decode(errors="replace")
    return found


def _with_hangups(*, ignored: bool) -> Callable[[], None]:
    """Return a `preexec_fn` that ties the child to us and says what SIGHUP means.

    Whoever runs the tests under nohup hands "ignored" on, which the product respects.
    """
    tie = dies_with_parent()

    def prepare() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
        if tie is not None:
            tie()

    return prepare


class RunningProduct:
    """`manage.py up` as a process; `wait_ready()` before use, `stop()` after it.

    With `nohup` it is started as that command does: SIGHUP is ignored.
    """

    def __init__(
        self,
        folder: Path,
        *options: str,
        port: int | None = None,
        nohup: bool = False,
        **environment: str,
    ) -> None:
        self.folder = folder
        self.var_dir = folder / "var"
        self.port = port or free_port()
        self.log = folder / f"up-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, str(ROOT / "manage.py"), "up"),
                    *("--port", str(self.port), *options),
                ],
                cwd=folder,
                env=clean_environment(
                    VIBE_MODE="demo", VIBE_VAR_DIR=str(self.var_dir), **environment
                ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_with_hangups(ignored=nohup),
            )

    @property
    def url(self) -> str:
        """The address it printed."""
        return self.printed("Open").rstrip("/")

    @property
    def username(self) -> str:
        """The user it printed."""
        return self.printed("User")

    @property
    def password(self) -> str:
        """The password it printed."""
        return self.printed("Password")

    @property
    def sandbox_url(self) -> str:
        """The sandbox's address as printed."""
        return self.printed("Sandbox").rstrip("/")

    def output(self) -> str:
        """Return everything printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def printed(self, label: str) -> str:
        """Return the word printed behind a label of the closing block."""
        found = re.findall(rf"^  {label} +(\S+)", self.output(), re.MULTILINE)
        assert found, self.output()  # noqa: S101
        return str(found[-1])

    def wait_ready(self) -> "RunningProduct":
        """Wait until it says that it is up; return itself."""
        wait_until(
            lambda: READY in self.output() or self.process.poll() is not None,
            timeout_s=READY_TIMEOUT_S,
            what="the closing block",
        )
        assert self.process.poll() is None, self.output()  # noqa: S101
        return self

    def wait_end(self) -> int:
        """Wait until the process has ended; return its exit code."""
        return self.process.wait(END_TIMEOUT_S)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the supervisor alone."""
        self.process.send_signal(number)

    def processes(self) -> dict[int, str]:
        """Return every process that works in the state folder."""
        return processes_in(self.var_dir)

    def stop(self) -> None:
        """End it and whatever is left of it."""
        if self.process.poll() is None:
            self.send(signal.SIGTERM)
            try:
                self.wait_end()
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pid in self.processes() if sys.platform == "linux" else ():
            os.kill(pid, signal.SIGKILL)
