"""A bulk of fifty while the broker is killed under it: the engine finishes the work."""

import secrets
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models import Max

from accounts.models import Account
from accounts.tests.factories import connect_account
from automation import doorbell
from automation.models import Run
from library.models import Track
from playlists.models import Playlist, PlaylistSnapshot
from playlists.services import reshuffling
from playlists.tests.factories import make_playlist, stock_library
from vibe_engine import clock
from vibe_engine.celery import app
from vibe_engine.supervisor import valkey
from vibe_engine.testing.live import LiveProcesses, wait_until
from vibe_engine.testing.sandbox import SandboxControl
from vibe_engine.testing.services import Valkey, make_folder

COUNT = 50
SIZE = 8


@pytest.fixture
def broker(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Valkey]:
    """A broker of this test's own, for this process and every child."""
    server = valkey.find_server()
    assert server is not None
    service = Valkey(make_folder(), server)
    address = service.url
    settings.REDIS_URL = address
    monkeypatch.setenv("REDIS_URL", address)
    celery_address = address.replace("unix://", "redis+socket://")
    monkeypatch.setitem(app.conf, "broker_url", celery_address)
    yield service
    service.stop(signal.SIGTERM)


@pytest.fixture
def account(live: LiveProcesses, sandbox: SandboxControl) -> Account:
    """A connected account with a library."""
    account = connect_account(sandbox, f"Radio {secrets.token_hex(4)}")
    stock_library(sandbox, account)
    return account


def make_remote_playlists(account: Account, sandbox: SandboxControl) -> None:
    """Save playlists that also stand on the sandbox, empty."""
    from accounts.services import client_for

    with client_for(account, now=clock.now()) as client:
        for number in range(COUNT):
            there = client.create_playlist(
                name=f"Bulk {number}", description="x", public=True
            )
            make_playlist(account=account, spotify_id=there.id, size=SIZE)
    sandbox.mark()


def test_a_bulk_of_fifty_is_done_although_the_broker_dies(
    broker: Valkey,
    account: Account,
    sandbox: SandboxControl,
    live: LiveProcesses,
) -> None:
    make_remote_playlists(account, sandbox)
    live.celery_worker()
    live.manage("engine")
    bulk = reshuffling.open_reshuffle(playlists=Playlist.objects.all(), now=clock.now())
    done = bulk.children.filter(state=Run.State.DONE)
    wait_until(lambda: done.count() >= 5, what="the first reshuffles")
    assert broker.process is not None
    broker.process.kill()
    broker.process.wait()
    assert not doorbell.ring([bulk.pk])
    wait_until(
        lambda: not Run.objects.get(pk=bulk.pk).is_active,
        timeout_s=180,
        what="the end of the bulk",
    )
    assert Run.objects.get(pk=bulk.pk).state == Run.State.DONE
    assert done.count() == COUNT
    assert_each_once(account, sandbox)


def assert_each_once(account: Account, sandbox: SandboxControl) -> None:
    """Check that each playlist got one list, and holds it on the sandbox."""
    there = {row["id"]: row["items"] for row in sandbox.playlists(account.user_id)}
    assert PlaylistSnapshot.objects.count() == COUNT
    tracks = {track.pk: track.uri for track in Track.objects.all()}
    for playlist in Playlist.objects.all():
        current = playlist.snapshots.current().get()
        assert there[playlist.spotify_id] == [tracks[pk] for pk in current.track_ids()]
    puts = [call for call in sandbox.calls() if call.startswith("PUT ")]
    items = [call for call in puts if call.endswith("/items")]
    assert len(items) == COUNT
    attempts = Run.objects.filter(is_bulk=False).aggregate(most=Max("crashes"))
    assert attempts["most"] == 0
