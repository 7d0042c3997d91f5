"""What of the children's talk a person at the terminal gets to see."""

import logging
import logging.handlers
import os
import re
import sys
import time
from pathlib import Path
from typing import TextIO

COLOURS = ("36", "33", "32", "35", "34", "96")
LOG_MAX_BYTES = 5_000_000
LOGS_KEPT = 3
PROGRESS_WIDTH = 78
LEVEL = re.compile(
    r"^(?:\[[^]]*\] |[\d:,.+-]+ )*\[?(DEBUG|INFO|WARNING|ERROR|CRITICAL)\b"
)
"""The level in our own lines (time, level) and gunicorn's ([time] [pid] [level])."""
LINES_A_WINDOW = 12
WINDOW_S = 30.0
WORTH_SHOWING = {"WARNING", "ERROR", "CRITICAL"}


class Console:
    """Writes whole lines to the terminal, in colour only if it is one."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.coloured = self.stream.isatty() and not os.environ.get("NO_COLOR")
        self._colours: dict[str, str] = {}

    def say(self, text: str = "") -> None:
        """Write a line of our own."""
        try:
            self.stream.write(f"{text}\n")
            self.stream.flush()
        except (OSError, ValueError):
            self.stream = open(os.devnull, "w")  # noqa: SIM115

    def relay(self, name: str, line: str) -> None:
        """Write a child's line behind its name."""
        label = f"{name:>8}"
        if self.coloured:
            label = f"\x1b[{self._colour(name)}m{label}\x1b[0m"
        self.say(f"{label} | {line}")

    def progress(self, text: str = "") -> None:
        """Show how far something is, over what stood there; on a terminal only."""
        if self.stream.isatty():
            self.stream.write(f"\r\x1b[K{text[:PROGRESS_WIDTH]}")
            self.stream.flush()

    def strong(self, text: str) -> str:
        """Return `text` in bold where the terminal can show it."""
        return f"\x1b[1m{text}\x1b[0m" if self.coloured else text

    def _colour(self, name: str) -> str:
        return self._colours.setdefault(
            name, COLOURS[len(self._colours) % len(COLOURS)]
        )


class LevelFilter:
    """Keeps warnings and worse with the lines that follow them, but no flood."""

    def __init__(self) -> None:
        self._showing = False
        self._window_began = 0.0
        self._shown = 0

    def choose(self, line: str) -> str | None:
        """Return what to show for a line: itself, a word about a flood, or nothing."""
        if found := LEVEL.match(line):
            self._showing = found[1] in WORTH_SHOWING
        elif line.startswith("Traceback"):
            self._showing = True
        if not (self._showing and line.strip()):
            return None
        now = time.monotonic()
        if now - self._window_began > WINDOW_S:
            self._window_began, self._shown = now, 0
        self._shown += 1
        if self._shown == LINES_A_WINDOW:
            return "... and more, in its log."
        return line if self._shown < LINES_A_WINDOW else None


class LogFile:
    """A child's whole talk, in a file begun anew at each start; older ones stay."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=LOG_MAX_BYTES, backupCount=LOGS_KEPT, encoding="utf-8"
        )
        if path.stat().st_size:
            self._handler.doRollover()

    def write(self, line: str) -> None:
        """Append a line."""
        self._handler.handle(logging.makeLogRecord({"msg": line}))

    def last_lines(self, count: int) -> list[str]:
        """Return the end of the file."""
        text = self.path.read_text(encoding="utf-8", errors="replace")
        return text.splitlines()[-count:]

    def close(self) -> None:
        """Close the file."""
        self._handler.close()
