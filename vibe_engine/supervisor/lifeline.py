"""Ties a child process to the life of its parent, however the parent ends."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

PR_SET_PDEATHSIG = 1
POLL_S = 0.5
HAS_DEATH_SIGNAL = sys.platform.startswith("linux")


def dies_with_parent(
    sent: signal.Signals = signal.SIGTERM,
) -> Callable[[], None] | None:
    """Return a `preexec_fn` after which the kernel sends `sent` when we die.

    Linux only (prctl(2), PR_SET_PDEATHSIG; survives exec, also after a change of
    user made before it); None elsewhere, where `tied` is the way. The signal
    comes when the thread that starts the child ends: start from the main one.
    """
    if not HAS_DEATH_SIGNAL:
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def arm() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(sent))
        if os.getppid() != parent:
            os.kill(os.getpid(), sent)

    return arm


def tied(argv: Sequence[str]) -> list[str]:
    """Return the command line that ties `argv` to this process.

    Where the kernel sends no signal at a parent's death, a small process stands
    between and looks twice a second whether the parent is still there.
    """
    if HAS_DEATH_SIGNAL:
        return list(argv)
    return [sys.executable, "-m", __name__, str(os.getpid()), *argv]


def stand_between(parent: int, argv: Sequence[str]) -> int:
    """Run `argv` until it ends or `parent` has gone; return its exit code."""
    child = subprocess.Popen(argv)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda sent, _frame: child.send_signal(sent))
    while child.poll() is None:
        if os.getppid() != parent:
            child.terminate()
        time.sleep(POLL_S)
    return child.returncode


if __name__ == "__main__":
    sys.exit(stand_between(int(sys.argv[1]), sys.argv[2:]))
