"""A connected account with a library, and a playlist that stands."""

import secrets

import pytest

from accounts.models import Account
from accounts.tests.factories import connect_account
from automation.models import Run
from playlists.models import Playlist
from playlists.tests.factories import finish, stock_library
from playlists.tests.single import order
from vibe_engine.testing.clock import MovableClock
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


@pytest.fixture
def playlist(
    stocked: Account, sandbox: SandboxControl, clock: MovableClock
) -> Playlist:
    """A playlist with its first list on the sandbox; the log begins afterwards."""
    (run,) = finish(order(stocked, clock))
    assert run.state == Run.State.DONE, run.error
    sandbox.mark()
    return Playlist.objects.select_related("account__app").get()
