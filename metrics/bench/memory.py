"""What a process holds for itself, and what it shares through mapped files."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from metrics.bench.measure import peak_mb

LOOK_S = 0.005
STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Memory:
    """Memory of this process in MB.

    `own_mb` is its alone; `mapped_mb` are pages of files, of which a machine holds one
    copy however many processes have mapped them.
    """

    own_mb: float
    mapped_mb: float

    @classmethod
    def now(cls) -> Self:
        """Return what is held now; where the system does not tell, the peak of all."""
        if not STATUS.exists():
            return cls(peak_mb(), 0.0)
        text = STATUS.read_text(encoding="ascii")
        held = {
            name: int(kilobytes) / 1024
            for name, kilobytes in re.findall(r"(Rss\w+):\s+(\d+)", text)
        }
        return cls(held["RssAnon"], held["RssFile"] + held["RssShmem"])


@contextmanager
def watched_memory() -> Iterator[list[float]]:
    """Look every few milliseconds what this process holds for itself, in MB."""
    seen, is_over = [Memory.now().own_mb], threading.Event()

    def watch() -> None:
        while not is_over.wait(LOOK_S):
            seen.append(max(seen.pop(), Memory.now().own_mb))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        is_over.set()
        watcher.join()
