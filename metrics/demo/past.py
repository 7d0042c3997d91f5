"""The clock that product and sandbox share, moved back while a past is made."""

import os
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from django.conf import settings

from vibe_engine import clock


class Past:
    """Moves the shared clock; leaving the `with` block brings the present back.

    A note beside it outlives a killed process, so that the next start knows that
    the clock was left in the past.
    """

    def __init__(self) -> None:
        self._file = Path(os.environ[clock.OFFSET_VARIABLE])
        self._note = settings.VAR_DIR / "clock-was"

    def __enter__(self) -> Self:
        self._replace(self._note, self._offset_text())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    @property
    def was_left_open(self) -> bool:
        """Whether a process that was in the past has never come back."""
        return self._note.exists()

    def move_to(self, moment: datetime) -> None:
        """Make `moment` (aware) the present; the clock runs on from there."""
        step_s = (moment - clock.now()).total_seconds()
        self._replace(self._file, f"{float(self._offset_text()) + step_s:.6f}")

    def end(self) -> None:
        """Set the clock to what it was before."""
        before = self._note.read_text(encoding="ascii")
        if float(before):
            self._replace(self._file, before)
        else:
            self._file.unlink(missing_ok=True)
        self._note.unlink()

    def _offset_text(self) -> str:
        try:
            return str(float(self._file.read_text(encoding="ascii")))
        except (OSError, ValueError):
            return "0.0"

    @staticmethod
    def _replace(file: Path, text: str) -> None:
        """Write a file in one step, since others read it all the time."""
        draft = file.with_name(f"{file.name}.new")
        draft.write_text(text, encoding="ascii")
        draft.replace(file)
