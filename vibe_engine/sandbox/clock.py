"""The sandbox's clock: real time, moved by an offset file."""

import calendar
import time
from datetime import UTC, datetime
from pathlib import Path


class Clock:
    """Tells the time in seconds since 1970, moved by a file that others share.

    The file holds a number of seconds; missing or unreadable counts as 0.
    """

    def __init__(self, offset_file: Path | None = None) -> None:
        self._offset_file = offset_file

    def now_s(self) -> float:
        """Return the present moment in seconds since 1970 (UTC)."""
        return time.time() + self._offset_s()

    def _offset_s(self) -> float:
        if self._offset_file is None:
            return 0.0
        try:
            return float(self._offset_file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0.0


def iso(moment_s: float) -> str:
    """Return the moment as Spotify writes it: whole seconds, UTC, with a Z."""
    return datetime.fromtimestamp(moment_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def precise_iso(moment_s: float) -> str:
    """Return the moment in UTC with microseconds."""
    return datetime.fromtimestamp(moment_s, UTC).isoformat(timespec="microseconds")


def add_months(moment_s: float, months: int) -> float:
    """Return the same time of day that many calendar months later.

    A day that the month does not have becomes its last day.
    """
    start = datetime.fromtimestamp(moment_s, UTC)
    years, month_index = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month_index + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return start.replace(year=year, month=month, day=day).timestamp()
