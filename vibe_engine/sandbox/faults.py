"""Things that go wrong on purpose."""

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

ALWAYS = -1
MAX_SECONDS = 3600

# What happens: before Spotify has done anything, or after it has done it all.
BEFORE = ("status", "drop_before", "reset_before", "stall")
AFTER = (
    "status_after",
    "drop_after",
    "reset_after",
    "malformed",
    "huge",
    "drip",
    "latency_after",
)
HARMLESS = ("latency", "pass")
KINDS = (*BEFORE, *AFTER, *HARMLESS)


class FaultError(ValueError):
    """A fault cannot be set up as described; the text says why."""


@dataclass(slots=True)
class Fault:
    """One fault: which requests it meets, what it does, how often.

    `path` is a regular expression searched in the path; `method` "" meets all.
    `status`: the answer instead of the true one (`status` before anything was
    done, `status_after` although everything was). `seconds`: how long `latency`
    waits before acting, `latency_after` after it, `stall` before it drops, and
    `drip` takes for the body. `body`: text or JSON of the answer; `huge` is padded
    to `megabytes`. `pass` lets requests through, so that a row of faults makes a
    script: each meets `count` requests in turn (-1: all), in the order they were
    set up. `share`: the part of the requests that it meets, 0 to 1.
    """

    kind: str
    method: str = ""
    path: str = ""
    status: int = 500
    body: Any = None
    headers: dict[str, str] | None = None
    seconds: float = 0.0
    megabytes: float = 6.0
    count: int = 1
    share: float = 1.0
    id: int = 0
    met: int = 0
    _pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise FaultError(f"kind must be one of {', '.join(KINDS)}")
        if not 0 <= self.seconds <= MAX_SECONDS:
            raise FaultError(f"seconds must be from 0 to {MAX_SECONDS}")
        if not 200 <= self.status <= 599:
            raise FaultError("status must be from 200 to 599")
        if self.count == 0 or self.count < ALWAYS:
            raise FaultError("count must be 1 or more, or -1 for always")
        if not 0 < self.share <= 1:
            raise FaultError("share must be more than 0 and at most 1")
        try:
            self._pattern = re.compile(self.path)
        except re.error as error:
            raise FaultError(f"path is not a regular expression: {error}") from error

    def meets(self, method: str, path: str) -> bool:
        """Tell whether the fault is meant for this request."""
        if self.method and self.method.upper() != method:
            return False
        return self._pattern.search(path) is not None

    def as_dict(self) -> dict[str, Any]:
        """Return the fault as the control API shows it."""
        shown = asdict(self)
        del shown["_pattern"]
        return shown


class Faults:
    """The faults in force, in order; they end with the process."""

    def __init__(self, seed: int) -> None:
        self._lock = threading.Lock()
        self._random = Random(seed)
        self._faults: list[Fault] = []
        self._next_id = 1

    def add(self, wanted: Mapping[str, Any]) -> Fault:
        """Set up a fault.

        :raises FaultError: a field is unknown or its value makes no sense.
        """
        allowed = set(Fault.__slots__) - {"id", "met", "_pattern"}
        unknown = set(wanted) - allowed
        if unknown:
            raise FaultError(f"unknown: {', '.join(sorted(unknown))}")
        try:
            fault = Fault(**wanted)
        except TypeError as error:
            raise FaultError(str(error)) from error
        with self._lock:
            fault.id = self._next_id
            self._next_id += 1
            self._faults.append(fault)
        return fault

    def all(self) -> list[Fault]:
        """Return the faults still in force."""
        with self._lock:
            return list(self._faults)

    def clear(self) -> None:
        """End all faults."""
        with self._lock:
            self._faults.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """Return the first fault meant for this request, and use it up."""
        if not self._faults:
            return None
        with self._lock:
            for fault in self._faults:
                if fault.meets(method, path) and self._random.random() < fault.share:
                    return self._use(fault)
        return None

    def _use(self, fault: Fault) -> Fault:
        fault.met += 1
        if fault.count > 0:
            fault.count -= 1
            if fault.count == 0:
                self._faults.remove(fault)
        return fault


def wait(seconds: float) -> None:
    """Let the time pass, in real seconds."""
    time.sleep(seconds)
