"""A connected account with a library, ready for playlists."""

import secrets

import pytest

from accounts.models import Account
from accounts.tests.factories import connect_account
from playlists.tests.factories import stock_library
from vibe_engine.testing.sandbox import SandboxControl


@pytest.fixture
def account(db: None, sandbox: SandboxControl) -> Account:
    """An account without playlists that has consented on the sandbox."""
    return connect_account(sandbox, f"Radio {secrets.token_hex(4)}")


@pytest.fixture
def stocked(account: Account, sandbox: SandboxControl) -> Account:
    """The same, with some hundred of the sandbox's tracks in the library."""
    stock_library(sandbox, account)
    return account
