"""The inventory: what is gone, edited by hand or none of ours, and the ways on."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import Account
from accounts.tests.factories import make_account
from automation import worker
from automation.models import Run
from automation.runtime import RuntimeSettings
from library.models import Track
from playlists import reads
from playlists.models import HistoryEntry, Inventory, Playlist, PlaylistLook
from playlists.services import creation, inventory, restoring, taking
from playlists.tests.factories import finish, make_playlist, make_playlists
from vibe_engine import clock as product_clock
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = [pytest.mark.django_db, pytest.mark.portable]
SIZE = 10


def look(account: Account, *, thorough: bool = True) -> Run:
    """Take the inventory of one account, as its run does."""
    inventory.open_inventories(now=product_clock.now())
    run = Run.objects.active().get(subject=f"inventory:{account.pk}")
    Run.objects.filter(pk=run.pk).update(
        due_at=product_clock.now(), arguments={"thorough": thorough}
    )
    worker.work(run.pk)
    run.refresh_from_db()
    return run


def edit(sandbox: SandboxControl, playlist: Playlist, tracks: list[Track]) -> None:
    """Put other tracks into a playlist, as its owner would."""
    uris = [track.uri for track in tracks]
    sandbox.edit_playlist(playlist.spotify_id or "", items=uris)


@pytest.fixture
def playlists(
    stocked: Account, sandbox: SandboxControl, clock: MovableClock
) -> list[Playlist]:
    """Three settled playlists on the sandbox; the log begins afterwards."""
    finish(
        creation.create_playlists(
            account=stocked,
            count=3,
            size=SIZE,
            settings=RuntimeSettings(),
            now=clock.now(),
        )
    )
    clock.forward(hours=2)
    sandbox.mark()
    return list(stocked.playlists.order_by("index"))


def listed(playlist: Playlist) -> list[Track]:
    tracks = Track.objects.in_bulk(playlist.snapshots.current().get().track_ids())
    return list(tracks.values())


def others_than(tracks: list[Track], count: int) -> list[Track]:
    ids = [track.pk for track in tracks]
    return list(Track.objects.exclude(pk__in=ids).order_by("pk")[:count])


class TestMissing:
    def test_counts_as_gone_once_it_is_absent_a_second_time(
        self,
        playlists: list[Playlist],
        stocked: Account,
        sandbox: SandboxControl,
        clock: MovableClock,
    ) -> None:
        gone = playlists[1]
        sandbox.edit_playlist(gone.spotify_id or "", followed=False)
        run = look(stocked)
        gone.refresh_from_db()
        assert (run.state, run.reason) == (Run.State.PLANNED, "settle")
        assert gone.status == Playlist.Status.ACTIVE
        clock.forward(minutes=11)
        worker.work(run.pk)
        run.refresh_from_db()
        gone.refresh_from_db()
        assert run.state == Run.State.DONE, run.error
        assert gone.status == Playlist.Status.MISSING
        assert Inventory.objects.get().missing == 1
        assert stocked.playlists.filter(status=Playlist.Status.ACTIVE).count() == 2

    def test_is_taken_up_again_when_it_is_back(
        self,
        playlists: list[Playlist],
        stocked: Account,
        sandbox: SandboxControl,
    ) -> None:
        Playlist.objects.filter(pk=playlists[0].pk).update(
            status=Playlist.Status.MISSING
        )
        run = look(stocked)
        playlists[0].refresh_from_db()
        assert run.result["back"] == 1
        assert playlists[0].status == Playlist.Status.ACTIVE

    def test_is_not_believed_when_nearly_all_are_absent(
        self, stocked: Account, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        make_playlists(4, account=stocked)
        clock.forward(hours=2)
        run = look(stocked)
        assert run.state == Run.State.DONE
        assert not Playlist.objects.filter(status=Playlist.Status.MISSING).exists()
        assert "none of 4 of 4" in Inventory.objects.get().note

    def test_passes_over_what_was_made_a_moment_ago(
        self, stocked: Account, sandbox: SandboxControl
    ) -> None:
        make_playlist(account=stocked)
        run = look(stocked)
        assert (run.state, run.result["absent"]) == (Run.State.DONE, 0)


class TestHandEdits:
    def test_are_found_and_counted(
        self,
        playlists: list[Playlist],
        stocked: Account,
        sandbox: SandboxControl,
    ) -> None:
        ours = listed(playlists[0])
        edit(sandbox, playlists[0], [*ours[:8], *others_than(ours, 3)])
        run = look(stocked)
        seen = inventory.edited_looks().get()
        assert run.result["edited"] == 1
        assert (seen.playlist, seen.came_in, seen.went_out) == (playlists[0], 3, 2)

    def test_are_seen_in_another_order_too(
        self,
        playlists: list[Playlist],
        stocked: Account,
        sandbox: SandboxControl,
    ) -> None:
        there = sandbox.playlist(playlists[0].spotify_id or "")["items"]
        sandbox.edit_playlist(playlists[0].spotify_id or "", items=there[::-1])
        look(stocked)
        seen = inventory.edited_looks().get()
        assert (seen.came_in, seen.went_out) == (0, 0)

    def test_cost_one_look_for_each_version(
        self,
        playlists: list[Playlist],
        stocked: Account,
        sandbox: SandboxControl,
    ) -> None:
        edit(sandbox, playlists[0], others_than([], 5))
        look(stocked)
        sandbox.mark()
        look(stocked)
        assert sandbox.calls() == ["GET /v1/me/playlists"]
        assert inventory.edited_looks().count() == 1

    def test_are_looked_for_in_a_share_of_the_playlists_a_day(
        self,
        playlists: list[Playlist],
        stocked: Account,
        sandbox: SandboxControl,
    ) -> None:
        for playlist in playlists:
            edit(sandbox, playlist, others_than([], 5))
        found = [look(stocked, thorough=False).result["edited"] for _ in range(3)]
        assert found == [1, 1, 1]

    def test_are_forgotten_when_ours_is_pushed_again(
        self,
        playlists: list[Playlist],
        stocked: Account,
        sandbox: SandboxControl,
    ) -> None:
        edit(sandbox, playlists[0], others_than([], 5))
        look(stocked)
        finish(restoring.open_push(playlists=[playlists[0]], now=product_clock.now()))
        assert not inventory.edited_looks().exists()
        assert len(sandbox.playlist(playlists[0].spotify_id or "")["items"]) == SIZE

    def test_are_not_claimed_of_a_list_pushed_a_moment_ago(
        self,
        playlists: list[Playlist],
        stocked: Account,
        sandbox: SandboxControl,
    ) -> None:
        Playlist.objects.filter(pk=playlists[0].pk).update(spotify_snapshot_id="old")
        current = playlists[0].snapshots.current()
        current.update(confirmed_at=product_clock.now())
        look(stocked)
        looked = PlaylistLook.objects.filter(looked_at__isnull=False)
        assert playlists[0].pk not in looked.values_list("playlist", flat=True)


class TestOthers:
    def test_are_listed_and_left_alone(
        self,
        playlists: list[Playlist],
        stocked: Account,
        sandbox: SandboxControl,
    ) -> None:
        Playlist.objects.filter(pk=playlists[2].pk).update(
            status=Playlist.Status.CREATING, spotify_id=None
        )
        look(stocked)
        seen = Inventory.objects.get()
        assert (seen.found, seen.others_total) == (2, 1)
        (other,) = seen.others
        assert (other["name"], other["looks_ours"]) == (playlists[2].name, True)
        assert all(call.startswith("GET") for call in sandbox.calls())


class TestTakeList:
    def test_makes_theirs_the_list_and_its_history(
        self,
        playlists: list[Playlist],
        stocked: Account,
        sandbox: SandboxControl,
    ) -> None:
        playlist, due = playlists[0], playlists[0].next_reshuffle_at
        theirs = others_than(listed(playlist), 7)
        edit(sandbox, playlist, theirs)
        look(stocked)
        sandbox.mark()
        (run,) = finish(
            taking.open_taking(playlists=[playlist], now=product_clock.now())
        )
        assert run.state == Run.State.DONE, run.error
        current = playlist.snapshots.current().get()
        assert current.track_ids() == [track.pk for track in theirs]
        entries = HistoryEntry.objects.filter(snapshot=current).order_by("position")
        assert [entry.track for entry in entries] == theirs
        assert all(call.startswith("GET") for call in sandbox.calls())
        playlist.refresh_from_db()
        assert playlist.next_reshuffle_at == due
        assert not inventory.edited_looks().exists()
        assert look(stocked).result["edited"] == 0

    def test_leaves_out_what_the_library_does_not_hold(
        self,
        playlists: list[Playlist],
        stocked: Account,
        sandbox: SandboxControl,
    ) -> None:
        known = others_than(listed(playlists[0]), 2)
        unknown = "spotify:track:" + "0" * 22
        uris = [known[0].uri, unknown, known[1].uri, known[0].uri]
        sandbox.edit_playlist(playlists[0].spotify_id or "", items=uris)
        finish(taking.open_taking(playlists=[playlists[0]], now=product_clock.now()))
        current = playlists[0].snapshots.current().get()
        assert current.track_ids() == [track.pk for track in known]
        words = reads.report_words(current)
        assert words[0].startswith("Made by hand")
        assert words[1].startswith("2 tracks")

    def test_fails_in_words_where_it_knows_none(
        self, playlists: list[Playlist], sandbox: SandboxControl
    ) -> None:
        sandbox.edit_playlist(playlists[0].spotify_id or "", items=[])
        (run,) = finish(
            taking.open_taking(playlists=[playlists[0]], now=product_clock.now())
        )
        assert run.state == Run.State.FAILED
        assert "holds none of the 0 tracks" in run.error


class TestOpenInventories:
    def test_spreads_accounts_over_hours(self) -> None:
        now = product_clock.now()
        accounts = [make_account() for _ in range(4)]
        make_account(status=Account.Status.INACTIVE)
        assert inventory.open_inventories(now=now) == len(accounts)
        due = sorted(Run.objects.values_list("due_at", flat=True))
        assert due == [now + timedelta(hours=number) for number in range(4)]


class TestPages:
    def test_show_what_to_do(self, operator: Client) -> None:
        missing = make_playlist(status=Playlist.Status.MISSING)
        edited = make_playlist(spotify_snapshot_id="ours")
        PlaylistLook.objects.create(
            playlist=edited,
            edited_seen_at=product_clock.now(),
            edited_over="ours",
            came_in=2,
        )
        text = operator.get("/playlists/inventory/").content.decode()
        assert f"/playlists/{missing.pk}/recreate/" in text
        assert "2 tracks came in" in text
        detail = operator.get(f"/playlists/{edited.pk}/").content.decode()
        assert "Push ours again" in detail
        assert "Take theirs as it is" in detail

    def test_say_nothing_of_an_edit_that_was_overwritten(
        self, operator: Client
    ) -> None:
        playlist = make_playlist(spotify_snapshot_id="newer")
        PlaylistLook.objects.create(
            playlist=playlist, edited_seen_at=product_clock.now(), edited_over="ours"
        )
        detail = operator.get(f"/playlists/{playlist.pk}/").content.decode()
        assert "Edited by hand" not in detail

    def test_look_now_opens_a_thorough_look(self, operator: Client) -> None:
        make_account()
        operator.post("/playlists/inventory/look/")
        assert Run.objects.get().arguments == {"thorough": True}

    def test_look_now_says_that_there_is_nothing_to_look_at(
        self, operator: Client
    ) -> None:
        answer = operator.post("/playlists/inventory/look/", follow=True)
        assert "No account is connected" in answer.content.decode()
