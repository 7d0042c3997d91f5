"""What the engine looks after beside the work itself."""

from datetime import datetime, timedelta

from automation import runtime, storms
from automation.notices import watch

NOTICES_EVERY = timedelta(minutes=1)


class Lookout:
    """Stops pushes that go wrong, and tells people what needs them; one an engine."""

    def __init__(self) -> None:
        self._watched_at: datetime | None = None

    def look(self, *, now: datetime) -> None:
        """Look at the pushes in each round, once a minute at everything else."""
        settings = runtime.load()
        storms.guard(settings=settings, now=now)
        last = self._watched_at
        if last is None or not timedelta() <= now - last < NOTICES_EVERY:
            self._watched_at = now
            watch.watch(settings=settings, now=now)
