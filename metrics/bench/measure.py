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

BUSY_SHARE = 0.25
"""Part of all cores that others may use while nothing is measured yet."""
LOOK_S = 0.5
MOST_WAITED = 1.15
"""So many times its processor's time may work take that waits for nothing."""
STAT = Path("/proc/stat")
IDLE = slice(3, 5)
"""Where the file counts idle cores, and those that wait for a disk."""


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

    def cpu_least(self, name: str) -> float:
        """Return the least of the processor's time: what nothing else has disturbed."""
        return min(self.cpu[name])

    def waited(self, name: str) -> float:
        """Return the time on the wall over that of the processor, at the median.

        Of work that waits for nothing it says how long others held the processor.
        """
        pairs = zip(self.wall[name], self.cpu[name], strict=True)
        return median(wall / max(cpu, 0.001) for wall, cpu in pairs)

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


def share_in_use() -> float:
    """Return which part of all cores is used while this process sleeps.

    Unlike the load it knows nothing of what ran a minute ago. 0 where the system does
    not tell.
    """
    before = _ticks()
    time.sleep(LOOK_S)
    after = _ticks()
    total = sum(after) - sum(before)
    idle = sum(after[IDLE]) - sum(before[IDLE])
    return (total - idle) / total if total > 0 else 0.0


def _ticks() -> list[int]:
    """Return what all cores together did since they began: user, nice, system, …."""
    if not STAT.exists():
        return []
    first = STAT.read_text(encoding="ascii").split("\n", 1)[0]
    return [int(number) for number in first.split()[1:]]


def why_busy(*, share: float, waited: float | None) -> list[str]:
    """Say why figures are not worth keeping, nothing where they are.

    `share` of the cores was in use before; `waited` is that of `Stopwatch.waited`.
    """
    reasons = []
    if share > BUSY_SHARE:
        reasons.append(f"Others used {share:.0%} of the cores before it began.")
    if waited is not None and waited > MOST_WAITED:
        times = f"{waited:.2f} times"
        reasons.append(
            f"Work that waits for nothing took {times} the processor's time."
        )
    return reasons


def machine() -> str:
    """Return one line about what the figures were taken on."""
    cores = os.cpu_count() or 1
    return (
        f"{platform.system()} {platform.machine()}, {cores} cores, "
        f"Python {platform.python_version()}, NumPy {np.__version__}"
    )
