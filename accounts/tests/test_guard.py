"""Nothing is written to Spotify while it is held back, whoever asks."""

from collections.abc import Callable

import pytest

from accounts import guard
from accounts.models import Account
from accounts.services import client_for
from accounts.tests.factories import connect_account
from automation import holds, ledger
from automation.ledger import RunSpec
from automation.models import Installation, Run
from vibe_engine import clock
from vibe_engine.errors import BlockedError, LeaseLostError
from vibe_engine.spotify.client import SpotifyClient
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = pytest.mark.django_db(transaction=True)

SOME_ID = "0" * 22
WRITES: dict[str, Callable[[SpotifyClient], object]] = {
    "create": lambda c: c.create_playlist(name="A", description="", public=False),
    "items": lambda c: c.replace_items(SOME_ID, []),
    "details": lambda c: c.change_details(SOME_ID, name="A"),
    "unfollow": lambda c: c.unfollow(SOME_ID),
}


@pytest.fixture
def account(db: None, sandbox: SandboxControl) -> Account:
    connected = connect_account(sandbox, "Guarded Radio")
    sandbox.mark()
    return connected


def claimed(account: Account) -> Run:
    opened = ledger.open_run(
        RunSpec("tests.any", "a", "Any", lane=account.lane), now=clock.now()
    )
    run = ledger.claim(opened.pk, worker="test")
    assert run is not None
    return run


class TestWritingCalls:
    @pytest.mark.parametrize("name", WRITES)
    def test_are_not_sent_while_pushes_are_stopped(
        self, name: str, account: Account, sandbox: SandboxControl
    ) -> None:
        holds.stop_writing(now=clock.now())
        with (
            client_for(account, now=clock.now()) as client,
            pytest.raises(BlockedError) as caught,
        ):
            WRITES[name](client)
        assert caught.value.reason == "stopped"
        assert sandbox.calls() == []

    @pytest.mark.parametrize("name", WRITES)
    def test_are_not_sent_in_shadow_mode(
        self, name: str, account: Account, sandbox: SandboxControl
    ) -> None:
        holds.enter_shadow(now=clock.now(), lane=account.lane)
        with (
            client_for(account, now=clock.now()) as client,
            pytest.raises(BlockedError) as caught,
        ):
            WRITES[name](client)
        assert caught.value.reason == "shadow"
        assert sandbox.calls() == []

    def test_are_not_sent_by_a_worker_that_has_lost_its_run(
        self, account: Account, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        run = claimed(account)
        clock.forward(seconds=ledger.LEASE_S + 1)
        ledger.take_back_lapsed(now=clock.now())
        with (
            client_for(account, now=clock.now(), run=run) as client,
            pytest.raises(LeaseLostError),
        ):
            client.replace_items(SOME_ID, [])
        assert sandbox.calls() == []

    def test_are_not_sent_out_of_a_restored_backup(
        self, account: Account, sandbox: SandboxControl
    ) -> None:
        guard.look_once.cache_clear()
        guard.look_once()
        Installation.objects.update(place="elsewhere")
        guard.look_once.cache_clear()
        with (
            client_for(account, now=clock.now()) as client,
            pytest.raises(BlockedError) as caught,
        ):
            client.replace_items(SOME_ID, [])
        assert caught.value.reason == "stopped"
        assert sandbox.calls() == []


class TestReadingCalls:
    def test_go_on_while_pushes_are_stopped_and_in_shadow_mode(
        self, account: Account, sandbox: SandboxControl
    ) -> None:
        holds.stop_writing(now=clock.now())
        holds.enter_shadow(now=clock.now())
        with client_for(account, now=clock.now()) as client:
            assert list(client.my_playlists()) == []
        assert sandbox.calls() == ["GET /v1/me/playlists"]
