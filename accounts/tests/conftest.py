"""What several tests of this app ask for."""

from collections.abc import Iterator

import pytest

from vibe_engine.testing.sandbox import SandboxControl


@pytest.fixture
def rotating(sandbox: SandboxControl) -> Iterator[None]:
    """A sandbox that gives a new refresh token with every refresh."""
    sandbox.post("options", rotate_refresh_tokens=True)
    yield
    sandbox.post("options", rotate_refresh_tokens=False)
