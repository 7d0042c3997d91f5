"""The storm guard with real pushes, against faults of the sandbox."""

from datetime import datetime, timedelta

import pytest

from accounts.tests.factories import connect_account
from automation import holds, runtime, storms, worker
from automation.models import Hold, Run
from playlists.models import Playlist
from playlists.services import creation, reshuffling
from playlists.tests.factories import finish, stock_library
from vibe_engine import clock
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = pytest.mark.django_db

COUNT = 6


@pytest.fixture
def playlists(sandbox: SandboxControl) -> list[Playlist]:
    """Playlists on Spotify; a guard that is satisfied with few pushes."""
    account = connect_account(sandbox, "Storm guard")
    stock_library(sandbox, account, albums=20)
    settings = runtime.load()
    finish(
        creation.create_playlists(
            account=account, count=COUNT, size=5, settings=settings, now=clock.now()
        )
    )
    runtime.save_settings(changes={"guard_fewest_pushes": 3}, by=None, now=clock.now())
    return list(Playlist.objects.order_by("pk"))


def guard(now: datetime) -> bool:
    return storms.guard(settings=runtime.load(), now=now)


def work(runs: list[Run]) -> None:
    for run in runs:
        worker.work(run.pk)


def states() -> list[str]:
    runs = Run.objects.filter(kind=reshuffling.KIND, is_bulk=False).order_by("pk")
    return list(runs.values_list("state", flat=True))


class TestStormGuard:
    def test_stops_a_bulk_that_spotify_refuses_and_loses_nothing(
        self, sandbox: SandboxControl, playlists: list[Playlist]
    ) -> None:
        now = clock.now()
        holds.stop_writing(now=now)
        holds.resume_writing(now=now)
        sandbox.fault("PUT", "/v1/playlists/.*/items", status=400, count=-1)
        bulk = reshuffling.open_reshuffle(playlists=playlists, now=now)
        runs = list(bulk.children.order_by("pk"))
        work(runs[:4])
        assert guard(clock.now())
        stop = Hold.objects.get(ended_at=None)
        assert stop.reason.startswith("4 of 4 pushes failed within 1 h.")
        sandbox.mark()
        work(runs[4:])
        assert [one for one in sandbox.calls() if not one.startswith("GET")] == []
        assert states() == ["failed"] * 4 + ["blocked"] * 2
        assert "4 of 4 pushes failed" in Run.objects.get(pk=runs[4].pk).error

        sandbox.clear_faults()
        assert holds.resume_writing(now=clock.now()) == 2
        soon = clock.now() + timedelta(seconds=5)
        assert not guard(soon), "what failed before does not count"
        work(runs[4:])
        assert states() == ["failed"] * 4 + ["done"] * 2
