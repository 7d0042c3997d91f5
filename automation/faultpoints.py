"""Named points at which a test strikes the process, to prove that nothing is lost."""

import os
import signal

VARIABLE = "VIBE_FAULT_POINT"
SIGNAL_VARIABLE = "VIBE_FAULT_SIGNAL"


def fault_point(name: str) -> None:
    """Kill this process without warning if `VIBE_FAULT_POINT` names this point.

    `VIBE_FAULT_SIGNAL` names another signal than KILL: STOP puts the process to
    sleep, the first time it comes by.
    """
    if os.environ.get(VARIABLE) == name and os.environ.pop(VARIABLE, ""):
        sent = os.environ.get(SIGNAL_VARIABLE) or "KILL"
        os.kill(os.getpid(), signal.Signals[f"SIG{sent}"])
