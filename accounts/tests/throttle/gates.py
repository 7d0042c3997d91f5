"""Gates of one developer, at a moment moved by hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Developer
from accounts.tests.factories import make_developer
from accounts.throttle import ThrottleGate
from automation.models import Run
from vibe_engine.errors import WaitError
from vibe_engine.spotify.errors import (
    SpotifyError,
)

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)


class Moment:
    """A clock for one gate, moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **step: float) -> None:
        self.now += timedelta(**step)


def make_gate(moment: Callable[[], datetime], **fields: Any) -> ThrottleGate:
    developer = make_developer(**fields)
    return ThrottleGate(developer_id=developer.pk, read_clock=moment)


def another_gate(gate: ThrottleGate, **options: bool) -> ThrottleGate:
    return ThrottleGate(
        developer_id=gate._developer_id, read_clock=gate._now, **options
    )


def send_to_wait(gate: ThrottleGate, wait: WaitError) -> datetime:
    """Write a run down as the ledger does when a job was told to wait."""
    Run.objects.create(
        kind="tests.nothing",
        title="Waits",
        budget=developer_of(gate).budget,
        due_at=wait.until,
        reason=wait.cause,
        created_at=wait.until,
    )
    return wait.until


def developer_of(gate: ThrottleGate) -> Developer:
    return Developer.objects.get(pk=gate._developer_id)


def pass_through(
    gate: ThrottleGate, group: str = "catalogue", error: SpotifyError | None = None
) -> None:
    gate.enter(group)
    gate.leave(group, error)


def refused(gate: ThrottleGate, group: str = "catalogue") -> WaitError:
    with pytest.raises(WaitError) as caught:
        gate.enter(group)
    return caught.value
