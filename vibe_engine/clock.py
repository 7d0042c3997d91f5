"""The one clock of the product; demo and tests move it with an offset file."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

OFFSET_VARIABLE = "VIBE_CLOCK_FILE"


def now() -> datetime:
    """Return the present moment, aware, in UTC, moved by the offset file if any.

    The file named by the environment variable `VIBE_CLOCK_FILE` holds a number
    of seconds; product and sandbox read the same file, so both move together.
    A missing or unreadable file counts as 0.
    """
    return datetime.now(UTC) + timedelta(seconds=_offset_s())


def _offset_s() -> float:
    path = os.environ.get(OFFSET_VARIABLE)
    if not path:
        return 0.0
    try:
        return float(Path(path).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0.0
