"""An app of the sandbox."""

from collections.abc import Iterator

import pytest

from accounts.models import App
from accounts.tests.factories import (
    sandbox_app,
)
from vibe_engine.testing.sandbox import SandboxControl


@pytest.fixture
def app(db: None) -> App:
    return sandbox_app()


@pytest.fixture
def premium(sandbox: SandboxControl) -> Iterator[None]:
    """Premium of the app's owner is paid again after the test."""
    yield
    sandbox.lapse_premium("fleet", lapsed=False)
