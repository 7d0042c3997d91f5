"""Fixtures of the library's tests."""

import pytest

from automation.models import EngineLease
from vibe_engine import clock


@pytest.fixture
def engine(db: None) -> EngineLease:
    """The row of a living engine, as every running installation has it."""
    now = clock.now()
    return EngineLease.objects.create(holder="test", lease_until=now, heartbeat_at=now)
