"""An engine that lives."""

import pytest

from automation.models import EngineLease
from vibe_engine import clock as product_clock


@pytest.fixture
def engine(db: None) -> None:
    """An engine that is alive, so that the frame asks for no more than usual."""
    now = product_clock.now()
    EngineLease.objects.create(
        holder="test", lease_until=now, heartbeat_at=now, broker_ok=True
    )
