"""Workers that write after they have lost their run, and how that is put right."""

import threading
from datetime import timedelta

import pytest
from django.db import connections

from accounts.models import Account
from accounts.services import client_for
from automation import ledger, worker
from automation.models import Run
from automation.runtime import RuntimeSettings
from playlists.jobs import reshuffle_due, something_is_due
from playlists.models import Playlist
from playlists.services import (
    creation,
    details,
    lateness,
    pushing,
    removal,
    reshuffling,
    tidying,
)
from playlists.services.founding import found_playlist
from playlists.tests.factories import claim_run, finish, make_playlist
from playlists.tests.single import assert_one_right_playlist, order
from vibe_engine.errors import LeaseLostError, VibeError
from vibe_engine.spotify.client import SpotifyClient
from vibe_engine.spotify.errors import UnavailableError
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.live import wait_until
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def unguarded(playlist: Playlist) -> SpotifyClient:
    """A client that has had its last look: what it is asked to send goes out."""
    return client_for(playlist.account, now=playlist.created_at)


def lose(run: Run) -> None:
    """Let the run be somebody else's, while its old worker still means to own it."""
    Run.objects.filter(pk=run.pk).update(
        state=Run.State.DONE, finished_at=run.created_at, lease_token=None
    )


def marker_of(sandbox: SandboxControl, playlist: Playlist) -> list[str]:
    """Return the ids of followed playlists that show the marker."""
    there = sandbox.playlists(playlist.account.user_id)
    return [
        one["id"]
        for one in there
        if playlist.marker in one["description"] and one["followed"]
    ]


def tidy_up(clock: MovableClock) -> None:
    """Open what the schedule would open, and look for copies."""
    lateness.open_repairs(now=clock.now())
    worker.work(Run.objects.get(kind=lateness.TIDY).pk)


class TestLateList:
    def test_is_noted_and_pushed_over(
        self,
        playlist: Playlist,
        unguarded: SpotifyClient,
        sandbox: SandboxControl,
        clock: MovableClock,
    ) -> None:
        run = claim_run(reshuffling.KIND, playlist)
        lose(run)
        with unguarded:
            pushing._replace(run, playlist, [], unguarded, now=clock.now())
        with pytest.raises(LeaseLostError):
            ledger.note_step(run, "never")
        assert sandbox.playlist(playlist.spotify_id or "")["items"] == []
        repair = Run.objects.get(kind=lateness.PUSH)
        worker.work(repair.pk)
        assert_one_right_playlist(sandbox, playlist.account)
        playlist.refresh_from_db()
        assert playlist.late_writes == 0

    def test_is_found_by_the_schedule_where_the_repair_came_too_early(
        self, playlist: Playlist, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        Playlist.objects.update(late_writes=1)
        sandbox.edit_playlist(playlist.spotify_id or "", items=[])
        assert something_is_due(clock.now())
        run = claim_run("playlists.reshuffle_due", playlist)
        result = reshuffle_due(run)
        assert result is not None
        assert result["repairs"] == 1
        ledger.finish(run)
        worker.work(Run.objects.get(kind=lateness.PUSH).pk)
        assert_one_right_playlist(sandbox, playlist.account)
        assert not something_is_due(clock.now())

    def test_that_comes_during_a_push_is_pushed_over_again(
        self, playlist: Playlist
    ) -> None:
        playlist.late_writes = 1
        Playlist.objects.update(late_writes=2)
        lateness.clear(playlist)
        assert Playlist.objects.get().late_writes == 2


class TestOwningUp:
    def test_notes_nothing_while_the_run_is_owned(self, db: None) -> None:
        playlist = make_playlist()
        run = claim_run(reshuffling.KIND, playlist)
        with lateness.owning_up(run, playlist, lateness.LATE_ITEMS, now=run.created_at):
            pass
        assert Playlist.objects.get().late_writes == 0
        assert not Run.objects.filter(kind=lateness.PUSH).exists()

    def test_notes_what_is_in_doubt(self, db: None) -> None:
        playlist = make_playlist()
        run = claim_run(reshuffling.KIND, playlist)
        lose(run)
        with (
            pytest.raises(UnavailableError),
            lateness.owning_up(run, playlist, lateness.LATE_ITEMS, now=run.created_at),
        ):
            raise UnavailableError("No answer.")
        assert Playlist.objects.get().late_writes == 1

    def test_notes_nothing_of_what_was_refused(self, db: None) -> None:
        playlist = make_playlist()
        run = claim_run(reshuffling.KIND, playlist)
        lose(run)
        with (
            pytest.raises(VibeError),
            lateness.owning_up(run, playlist, lateness.LATE_ITEMS, now=run.created_at),
        ):
            raise VibeError("Refused.")
        assert Playlist.objects.get().late_writes == 0


class TestLateDetails:
    def test_are_told_anew(
        self,
        playlist: Playlist,
        unguarded: SpotifyClient,
        sandbox: SandboxControl,
        clock: MovableClock,
    ) -> None:
        run = claim_run(reshuffling.KIND, playlist)
        lose(run)
        with unguarded, details._telling(run, playlist, now=clock.now()):
            unguarded.change_details(playlist.spotify_id or "", name="Out of date")
        worker.work(Run.objects.get(kind=lateness.DETAILS).pk)
        assert_one_right_playlist(sandbox, playlist.account)
        assert sandbox.playlist(playlist.spotify_id or "")["name"] == playlist.name


class TestLateCreate:
    def test_is_tidied_away(
        self,
        playlist: Playlist,
        unguarded: SpotifyClient,
        sandbox: SandboxControl,
        clock: MovableClock,
    ) -> None:
        run = claim_run(creation.KIND, playlist)
        twin = Playlist.objects.get()
        twin.spotify_id = None
        sandbox.fault("POST", "/me/playlists$", kind="latency", seconds=1)
        ended: list[Exception] = []

        def create_late() -> None:
            try:
                found_playlist(
                    run=run, playlist=twin, client=unguarded, now=clock.now()
                )
            except LeaseLostError as error:
                ended.append(error)
            finally:
                connections.close_all()

        late = threading.Thread(target=create_late)
        late.start()
        wait_until(lambda: not sandbox.faults())
        lose(run)
        late.join()
        unguarded.close()
        assert len(ended) == 1
        Playlist.objects.update(post_sent_at=None)
        assert len(marker_of(sandbox, playlist)) == 1
        clock.forward(seconds=61)
        assert lateness.open_repairs(now=clock.now()) == 1
        tidy = Run.objects.get(kind=lateness.TIDY)
        worker.work(tidy.pk)
        tidy.refresh_from_db()
        assert tidy.state == Run.State.DONE, tidy.error
        assert len(tidy.result["copies"]) == 1
        assert marker_of(sandbox, playlist) == []
        assert sandbox.playlist(playlist.spotify_id or "")["followed"]
        playlist.refresh_from_db()
        assert playlist.tidy_from is None


class TestSeveralOfOneMarker:
    def test_leave_the_oldest(
        self, stocked: Account, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        bulk = order(stocked, clock)
        playlist = Playlist.objects.get()
        with client_for(stocked, now=clock.now()) as client:
            oldest = client.create_playlist(
                name="A", description=f"Being filled. {playlist.marker}", public=True
            )
            clock.forward(seconds=5)
            client.create_playlist(
                name="A", description=f"Being filled. {playlist.marker}", public=True
            )
        Playlist.objects.update(post_sent_at=clock.now() - timedelta(minutes=2))
        (run,) = finish(bulk)
        assert run.state == Run.State.DONE, run.error
        playlist.refresh_from_db()
        assert playlist.spotify_id == oldest.id
        assert len(run.result["unexpected_playlists"]) == 1
        tidy_up(clock)
        followed = [
            one for one in sandbox.playlists(stocked.user_id) if one["followed"]
        ]
        assert [one["id"] for one in followed] == [oldest.id]


class TestTidy:
    def test_waits_while_the_playlist_is_still_looked_for(
        self, stocked: Account, sandbox: SandboxControl
    ) -> None:
        playlist = make_playlist(
            account=stocked, spotify_id=None, status=Playlist.Status.CREATING
        )
        run = claim_run(lateness.TIDY, playlist)
        with client_for(stocked, now=run.created_at) as client:
            result = tidying.tidy_copies(
                run=run,
                playlist=playlist,
                client=client,
                settings=RuntimeSettings(),
                now=run.created_at,
            )
        assert result == {"copies": []}
        assert sandbox.calls() == []

    def test_takes_away_what_a_creation_that_was_given_up_has_left(
        self, stocked: Account, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        bulk = order(stocked, clock)
        sandbox.fault("POST", "/me/playlists$", kind="drop_after")
        (run,) = finish(bulk)
        assert run.state == Run.State.PLANNED
        playlist = Playlist.objects.get()
        removal.stop_managing(playlists=[playlist], now=clock.now())
        assert len(marker_of(sandbox, playlist)) == 1
        clock.forward(seconds=61)
        tidy_up(clock)
        assert marker_of(sandbox, playlist) == []

    def test_takes_the_marker_off_what_was_given_up_half_filled(
        self, stocked: Account, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        bulk = order(stocked, clock)
        sandbox.fault("PUT", "/items$", kind="status", status=500)
        finish(bulk)
        playlist = Playlist.objects.get()
        removal.stop_managing(playlists=[playlist], now=clock.now())
        clock.forward(seconds=61)
        tidy_up(clock)
        there = sandbox.playlist(playlist.spotify_id or "")
        assert there["followed"]
        assert playlist.marker not in there["description"]


class TestUnfollowTwice:
    def test_is_done_when_it_was_done(
        self, playlist: Playlist, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        run = removal.open_unfollow(playlists=[playlist], now=clock.now())
        finish(run)
        Run.objects.filter(pk=run.pk).update(
            state=Run.State.PLANNED, finished_at=None, due_at=clock.now()
        )
        (run,) = finish(run)
        assert run.state == Run.State.DONE, run.error
        assert sum("me/library" in call for call in sandbox.calls()) == 1
