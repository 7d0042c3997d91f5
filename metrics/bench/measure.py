"""Clocks, quantiles, and what can be said about the machine."""

import os
import platform
import re
import resource
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np

Result = TypeVar("Result")

BUSY = 0.75
"""Load a core from which on figures are not worth keeping."""


class Stopwatch:
    """Times in milliseconds by name, on the wall and of the processor."""

    def __init__(self) -> None:
        self.wall: dict[str, list[float]] = defaultdict(list)
        self.cpu: dict[str, list[float]] = defaultdict(list)

    def time(self, name: str, work: Callable[[], Result]) -> Result:
        """Do some work and note how long it took; what raises counts as nothing."""
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        self.cpu[name].append((time.process_time() - cpu) * 1_000)
        self.wall[name].append((time.perf_counter() - wall) * 1_000)
        return result

    def median(self, name: str) -> float:
        """Return the median on the wall."""
        return median(self.wall[name])

    def cpu_median(self, name: str) -> float:
        """Return the median of the processor's time in this process."""
        return median(self.cpu[name])

    def p95(self, name: str) -> float:
        """Return what 95 % stay below."""
        times = sorted(self.wall[name])
        return times[min(len(times) - 1, int(0.95 * len(times)))]


def peak_mb() -> float:
    """Return the most memory this program ever held, mapped pages included.

    Linux hands the highest use on to programs that a process starts (getrusage), but
    not in the process's own status, which is asked first.
    """
    status = Path("/proc/self/status")
    if status.exists():
        kilobytes = re.search(r"VmHWM:\s+(\d+)", status.read_text(encoding="ascii"))
        if kilobytes:
            return int(kilobytes[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def load() -> float:
    """Return the machine's load of the last minute."""
    return os.getloadavg()[0]


def is_busy() -> bool:
    """Tell whether others keep the machine too busy for figures worth keeping."""
    return load() > BUSY * (os.cpu_count() or 1)


def machine() -> str:
    """Return one line about what the figures were taken on."""
    cores = os.cpu_count() or 1
    return (
        f"{platform.system()} {platform.machine()}, {cores} cores, "
        f"Python {platform.python_version()}, NumPy {np.__version__}"
    )
