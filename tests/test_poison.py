"""A run that ends every process it runs in: found out alone, and no other with it."""

import pytest

from automation import ledger, worker
from automation.models import Run
from library.tests.factories import make_tracks
from playlists.services import reshuffling
from playlists.tests.factories import make_playlist
from vibe_engine import clock
from vibe_engine.testing.live import test_database_url as database_url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def suspect(monkeypatch: pytest.MonkeyPatch) -> Run:
    """A reshuffle with which three workers have died."""
    monkeypatch.setenv("DATABASE_URL", database_url())
    monkeypatch.setenv("SPOTIFY_API_URL", "http://127.0.0.1:1/v1/")
    make_tracks(10)
    playlist = make_playlist(size=5)
    run = reshuffling.open_reshuffle(playlists=[playlist], now=clock.now())
    Run.objects.filter(pk=run.pk).update(crashes=ledger.SUSPECT_AFTER)
    return run


def test_is_given_up_when_it_has_ended_two_processes_of_its_own(
    suspect: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIBE_FAULT_POINT", "push.before_plan")
    first = worker.work(suspect.pk)
    assert first is not None
    assert (first.state, first.crashes) == (Run.State.PLANNED, 4)
    second = worker.work(suspect.pk)
    assert second is not None
    assert (second.state, second.reason) == (Run.State.FAILED, "crashes")
    assert "died five times" in second.error


def test_that_was_only_suspected_is_carried_out_all_the_same(suspect: Run) -> None:
    """Spotify is not there for it, so it is tried again: it came back alive."""
    ended = worker.work(suspect.pk)
    assert ended is not None
    assert ended.crashes == ledger.SUSPECT_AFTER
    assert ended.worker.endswith(":apart")
    assert (ended.state, ended.errors) == (Run.State.PLANNED, 1)
