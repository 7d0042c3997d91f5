"""Ties a child process to the life of its parent, however the parent ends."""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
POLL_S = 1.0


def dies_with_parent(
    sent: signal.Signals = signal.SIGTERM,
) -> Callable[[], None] | None:
    """Return a `preexec_fn` after which the kernel sends `sent` when we die.

    Linux only (prctl(2), PR_SET_PDEATHSIG; survives exec, also after a change of
    user made before it); None elsewhere, where `watch_parent` is the way.
    """
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def arm() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(sent))
        if os.getppid() != parent:
            os.kill(os.getpid(), sent)

    return arm


def watch_parent(parent: int) -> None:
    """End this process by SIGTERM soon after `parent` has gone; polls in a thread."""

    def poll() -> None:
        while os.getppid() == parent:
            time.sleep(POLL_S)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=poll, name="lifeline", daemon=True).start()
