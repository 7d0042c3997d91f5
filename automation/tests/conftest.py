"""Kinds of run that only tests know."""

from collections.abc import Callable

import pytest

from automation import registry
from automation.models import Run
from automation.registry import Job


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Job], None]:
    """Register jobs for the length of one test."""
    known = dict(registry._kinds)
    monkeypatch.setattr(registry, "_kinds", known)

    def register(name: str, job: Job) -> None:
        known[name] = registry.Kind(name, job)

    return register


def echo(run: Run) -> dict[str, object]:
    """Do nothing, and say what about."""
    return {"subject": run.subject}
