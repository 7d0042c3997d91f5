"""What the engine looks after in each round beside the work itself."""

from datetime import datetime

from automation import runtime, storms


def look(*, now: datetime) -> None:
    """Stop pushes that go wrong."""
    storms.guard(settings=runtime.load(), now=now)
