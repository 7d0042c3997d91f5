"""Bringing lists back and pushing them again, against the sandbox."""

import pytest

from accounts.models import Account
from automation.models import Run
from automation.runtime import RuntimeSettings, save_settings
from library.models import Track
from library.services import hold_tracks
from playlists import reads
from playlists.models import HistoryEntry, Playlist, PlaylistSnapshot
from playlists.services import creation, reshuffling, restoring
from playlists.tests.factories import (
    finish,
    make_planned_snapshot,
    make_playlist,
    make_snapshot,
)
from vibe_engine import clock
from vibe_engine.errors import ConflictError, InputError
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = [pytest.mark.django_db, pytest.mark.portable]
SETTINGS = RuntimeSettings()


@pytest.fixture
def first(stocked: Account, sandbox: SandboxControl) -> PlaylistSnapshot:
    """The first list of a playlist that has been reshuffled once since."""
    finish(
        creation.create_playlists(
            account=stocked, count=1, settings=SETTINGS, now=clock.now(), size=20
        )
    )
    playlist = Playlist.objects.select_related("account__app").get()
    finish(reshuffling.open_reshuffle(playlists=[playlist], now=clock.now()))
    sandbox.mark()
    return PlaylistSnapshot.objects.select_related("playlist__account__app").get(
        origin="create"
    )


def restore(snapshot: PlaylistSnapshot) -> Run:
    (run,) = finish(restoring.open_restore(snapshot=snapshot, now=clock.now()))
    return run


class TestRestore:
    def test_brings_the_same_tracks_back_in_order(
        self, first: PlaylistSnapshot, sandbox: SandboxControl
    ) -> None:
        run = restore(first)
        assert run.state == Run.State.DONE, run.error
        current = first.playlist.snapshots.current().get()
        assert current.track_ids() == first.track_ids()
        assert (current.origin, current.restored_from) == ("restore", first)
        there = sandbox.playlist(first.playlist.spotify_id or "")
        tracks = Track.objects.in_bulk(first.track_ids())
        assert there["items"] == [tracks[pk].uri for pk in first.track_ids()]

    def test_promises_nothing_about_rest_in_its_description(
        self, first: PlaylistSnapshot
    ) -> None:
        promise = "A track rests {cooldown_days} days."
        changes = {"description_templates": promise}
        save_settings(changes=changes, by=None, now=clock.now())
        restore(first)
        assert Playlist.objects.get().description == "A new selection every 5 days."

    def test_leaves_the_next_reshuffle_where_it_is(
        self, first: PlaylistSnapshot
    ) -> None:
        before = Playlist.objects.get()
        restore(first)
        after = Playlist.objects.get()
        assert after.next_reshuffle_at == before.next_reshuffle_at
        assert after.last_reshuffled_at == before.last_reshuffled_at

    def test_writes_history_once_more(self, first: PlaylistSnapshot) -> None:
        restore(first)
        assert HistoryEntry.objects.count() == 60

    def test_leaves_out_what_may_no_longer_be_used_and_says_so(
        self, first: PlaylistSnapshot
    ) -> None:
        held, gone, *rest = first.track_ids()
        hold_tracks(tracks=Track.objects.filter(pk=held), reason="Not this one")
        Track.objects.filter(pk=gone).update(is_playable=False)
        restore(first)
        current = first.playlist.snapshots.current().get()
        assert current.track_ids() == rest
        assert current.report["left_out"] == [held, gone]
        assert "2 tracks were left out" in " ".join(reads.report_words(current))

    def test_keeps_the_present_list_where_nothing_is_left(
        self, first: PlaylistSnapshot, sandbox: SandboxControl
    ) -> None:
        hold_tracks(
            tracks=Track.objects.filter(pk__in=first.track_ids()), reason="None of it"
        )
        run = restore(first)
        assert run.state == Run.State.FAILED
        assert "present list stays" in run.error
        assert sandbox.calls() == []

    def test_rests_the_list_that_it_replaced(self, first: PlaylistSnapshot) -> None:
        replaced = set(first.playlist.snapshots.current().get().track_ids())
        restore(first)
        finish(reshuffling.open_reshuffle(playlists=[first.playlist], now=clock.now()))
        now_there = set(first.playlist.snapshots.current().get().track_ids())
        assert not now_there & (replaced | set(first.track_ids()))

    def test_gives_up_a_plan_that_waited(self, first: PlaylistSnapshot) -> None:
        plan = make_planned_snapshot(first.playlist, list(Track.objects.all()[:3]))
        run = restore(first)
        plan.refresh_from_db()
        assert run.state == Run.State.DONE, run.error
        assert plan.state == PlaylistSnapshot.State.ABANDONED
        assert plan.replaced_at is None


class TestOpenRestore:
    def test_joins_the_restoring_of_the_same_list(self) -> None:
        snapshot = make_snapshot(make_playlist())
        run = restoring.open_restore(snapshot=snapshot, now=clock.now())
        assert restoring.open_restore(snapshot=snapshot, now=clock.now()) == run

    def test_refuses_while_another_list_is_being_restored(self) -> None:
        now, playlist = clock.now(), make_playlist()
        one = make_snapshot(playlist, confirmed_at=now, replaced_at=now)
        restoring.open_restore(snapshot=one, now=now)
        with pytest.raises(ConflictError, match="Another list"):
            restoring.open_restore(snapshot=make_snapshot(playlist), now=now)

    def test_refuses_a_list_that_never_stood_on_spotify(self) -> None:
        plan = make_planned_snapshot(make_playlist(), [])
        with pytest.raises(InputError, match="stood on Spotify"):
            restoring.open_restore(snapshot=plan, now=clock.now())

    def test_refuses_an_empty_list(self) -> None:
        emptied = make_snapshot(make_playlist(), [])
        with pytest.raises(InputError, match="with tracks"):
            restoring.open_restore(snapshot=emptied, now=clock.now())

    def test_refuses_a_playlist_that_is_not_looked_after(self) -> None:
        removed = make_playlist(status=Playlist.Status.REMOVED)
        with pytest.raises(InputError, match="not looked after"):
            restoring.open_restore(snapshot=make_snapshot(removed), now=clock.now())


class TestPushAgain:
    def test_puts_the_confirmed_list_back_after_edits_by_hand(
        self, first: PlaylistSnapshot, sandbox: SandboxControl
    ) -> None:
        playlist = first.playlist
        sandbox.edit_playlist(playlist.spotify_id or "", items=[])
        (run,) = finish(restoring.open_push(playlists=[playlist], now=clock.now()))
        assert run.state == Run.State.DONE, run.error
        current = playlist.snapshots.current().get()
        tracks = Track.objects.in_bulk(current.track_ids())
        there = sandbox.playlist(playlist.spotify_id or "")
        assert there["items"] == [tracks[pk].uri for pk in current.track_ids()]
        assert sandbox.calls() == [f"PUT /v1/playlists/{playlist.spotify_id}/items"]

    def test_adds_neither_list_nor_history(self, first: PlaylistSnapshot) -> None:
        finish(restoring.open_push(playlists=[first.playlist], now=clock.now()))
        assert PlaylistSnapshot.objects.count() == 2
        assert HistoryEntry.objects.count() == 40

    def test_finds_a_missing_playlist_that_came_back(
        self, first: PlaylistSnapshot
    ) -> None:
        Playlist.objects.update(status=Playlist.Status.MISSING)
        finish(restoring.open_push(playlists=Playlist.objects.all(), now=clock.now()))
        assert Playlist.objects.get().status == Playlist.Status.ACTIVE

    def test_has_nothing_to_push_without_a_list(self, stocked: Account) -> None:
        playlist = make_playlist(account=stocked)
        (run,) = finish(restoring.open_push(playlists=[playlist], now=clock.now()))
        assert run.state == Run.State.FAILED
        assert "no list yet" in run.error

    def test_refuses_where_nothing_stands_on_spotify(self) -> None:
        playlist = make_playlist(status=Playlist.Status.CREATING)
        with pytest.raises(InputError):
            restoring.open_push(playlists=[playlist], now=clock.now())
