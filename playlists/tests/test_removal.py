"""Stop managing, unfollow, empty: three ways to part, told apart."""

import pytest

from accounts.models import Account
from automation.models import Run
from playlists import reads
from playlists.models import HistoryEntry, Playlist
from playlists.services import removal, reshuffling, restoring
from playlists.tests.factories import finish, make_playlist, make_snapshot
from vibe_engine import clock
from vibe_engine.errors import InputError
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = [pytest.mark.django_db, pytest.mark.portable]


class TestStopManaging:
    def test_does_nothing_on_spotify(
        self, playlist: Playlist, sandbox: SandboxControl
    ) -> None:
        removal.stop_managing(playlists=[playlist], now=clock.now())
        playlist.refresh_from_db()
        assert playlist.status == Playlist.Status.REMOVED
        assert playlist.removed_at is not None
        assert sandbox.calls() == []
        assert len(sandbox.playlist(playlist.spotify_id or "")["items"]) == 10

    def test_cancels_what_waits(self) -> None:
        playlist = make_playlist()
        run = reshuffling.open_reshuffle(playlists=[playlist], now=clock.now())
        removal.stop_managing(playlists=[playlist], now=clock.now())
        run.refresh_from_db()
        assert run.state == Run.State.CANCELLED

    def test_makes_room_on_the_account_and_keeps_the_history(self) -> None:
        playlist = make_playlist()
        make_snapshot(playlist)
        removal.stop_managing(playlists=[playlist], now=clock.now())
        account = Account.objects.get()
        assert (account.playlists_count, account.next_index) == (0, 2)
        assert HistoryEntry.objects.count() == 5

    def test_counts_each_once(self) -> None:
        playlist = make_playlist()
        assert removal.stop_managing(playlists=[playlist], now=clock.now()) == 1
        assert removal.stop_managing(playlists=[playlist], now=clock.now()) == 0


class TestUnfollow:
    def test_takes_it_out_of_the_accounts_library(
        self, playlist: Playlist, sandbox: SandboxControl
    ) -> None:
        (run,) = finish(removal.open_unfollow(playlists=[playlist], now=clock.now()))
        assert run.state == Run.State.DONE, run.error
        assert not sandbox.playlist(playlist.spotify_id or "")["followed"]
        assert sandbox.calls() == ["DELETE /v1/me/library"]
        playlist.refresh_from_db()
        assert playlist.status == Playlist.Status.REMOVED
        assert not playlist.snapshots.current().exists()

    def test_cancels_a_waiting_reshuffle(self) -> None:
        playlist = make_playlist()
        waiting = reshuffling.open_reshuffle(playlists=[playlist], now=clock.now())
        removal.open_unfollow(playlists=Playlist.objects.all(), now=clock.now())
        waiting.refresh_from_db()
        assert waiting.state == Run.State.CANCELLED

    def test_refuses_what_does_not_stand_on_spotify(self) -> None:
        playlist = make_playlist(status=Playlist.Status.CREATING, spotify_id=None)
        with pytest.raises(InputError):
            removal.open_unfollow(playlists=[playlist], now=clock.now())


class TestEmpty:
    def test_leaves_nothing_in_it_and_pauses_it(
        self, playlist: Playlist, sandbox: SandboxControl
    ) -> None:
        (run,) = finish(removal.open_empty(playlists=[playlist], now=clock.now()))
        assert run.state == Run.State.DONE, run.error
        assert sandbox.playlist(playlist.spotify_id or "")["items"] == []
        playlist.refresh_from_db()
        assert playlist.status == Playlist.Status.PAUSED
        current = playlist.snapshots.current().get()
        assert (current.origin, current.track_count) == ("empty", 0)
        assert reads.report_words(current) == ["Emptied by hand."]

    def test_can_be_undone_by_restoring_the_list_before(
        self, playlist: Playlist, sandbox: SandboxControl
    ) -> None:
        before = playlist.snapshots.select_related("playlist__account__app").get()
        finish(removal.open_empty(playlists=[playlist], now=clock.now()))
        before.refresh_from_db()
        finish(restoring.open_restore(snapshot=before, now=clock.now()))
        assert len(sandbox.playlist(playlist.spotify_id or "")["items"]) == 10
