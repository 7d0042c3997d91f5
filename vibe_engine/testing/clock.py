"""The product's clock in the hands of a test."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from vibe_engine import clock


class MovableClock:
    """Moves the shared clock file, for this process, the sandbox and every child.

    The clock keeps running from where it was set.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def now(self) -> datetime:
        """Return the product's present moment."""
        return clock.now()

    def set(self, moment: datetime) -> None:
        """Make `moment` (aware) the present."""
        self._move_to((moment - datetime.now(UTC)).total_seconds())

    def forward(
        self,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> None:
        """Move forward (negative: back) by the sum of the parts."""
        step = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        self.set(clock.now() + step)

    def reset(self) -> None:
        """Back to real time."""
        self.file.unlink(missing_ok=True)

    def _move_to(self, offset_s: float) -> None:
        draft = self.file.with_name(f"{self.file.name}.new")
        draft.write_text(f"{offset_s:.6f}", encoding="ascii")
        draft.replace(self.file)
