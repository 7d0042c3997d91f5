"""Fixtures of the sandbox's own tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from vibe_engine.tests.sandbox.running import Account, RunningSandbox, running_sandbox


@pytest.fixture
def clock_file(tmp_path: Path) -> Path:
    """The file that moves the sandbox's clock; not there yet."""
    return tmp_path / "clock"


@pytest.fixture
def local(clock_file: Path) -> Iterator[RunningSandbox]:
    """A sandbox with an empty state and two apps, one of each profile."""
    with running_sandbox(clock_file=clock_file) as sandbox:
        yield sandbox


@pytest.fixture
def account(local: RunningSandbox) -> Account:
    """An account that let the app in development mode in."""
    return local.connect()


@pytest.fixture
def veteran(local: RunningSandbox) -> Account:
    """The same account through the app with extended access."""
    from vibe_engine.tests.sandbox.running import VETERAN

    return local.connect(app=VETERAN)
