"""A moment in the middle of a day, so that no test meets midnight."""

from datetime import datetime

import pytest

from vibe_engine.testing.clock import MovableClock


@pytest.fixture
def noon(clock: MovableClock) -> datetime:
    """Noon of today, in UTC; the clock stands (and runs on) there."""
    moment = clock.now().replace(hour=12, minute=0, second=0, microsecond=0)
    clock.set(moment)
    return moment
