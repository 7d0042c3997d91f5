"""Asking for playlists, and creating each exactly once."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import Account
from accounts.tests.factories import make_account
from automation.models import Run
from automation.runtime import RuntimeSettings
from library.tests.factories import make_collection, make_tracks
from playlists.models import HistoryEntry, Playlist, PlaylistSnapshot
from playlists.services import creation, removal
from playlists.tests.factories import finish, make_playlist
from vibe_engine import clock
from vibe_engine.errors import InputError
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = [pytest.mark.django_db, pytest.mark.portable]
SETTINGS = RuntimeSettings()
FIVE_DAYS = timedelta(days=5)


def create(account: Account, count: int = 1, **order: object) -> Run:
    order.setdefault("settings", SETTINGS)
    return creation.create_playlists(
        account=account,
        count=count,
        now=clock.now(),
        **order,  # type: ignore[arg-type]
    )


class TestCreatePlaylists:
    def test_numbers_and_names_them_after_the_accounts_prefix(self) -> None:
        make_tracks(10)
        account = make_account(prefix="Late Night")
        bulk = create(account, 3)
        names = list(Playlist.objects.order_by("index").values_list("name", flat=True))
        assert names == ["Late Night • 001", "Late Night • 002", "Late Night • 003"]
        assert bulk.is_bulk
        assert bulk.children.count() == 3

    def test_uses_four_digits_from_a_thousand_on(self) -> None:
        make_tracks(10)
        create(make_account(next_index=999), 2, prefix="p" * 64)
        names = Playlist.objects.order_by("index").values_list("name", flat=True)
        assert [name[-4:] for name in names] == [" 999", "1000"]
        assert all(len(name) <= 100 for name in names)

    def test_never_uses_an_index_again(self) -> None:
        make_tracks(10)
        account = make_account()
        create(account, 2)
        removal.stop_managing(playlists=list(Playlist.objects.all()), now=clock.now())
        create(account, 1)
        assert Playlist.objects.latest("pk").index == 3

    def test_keeps_what_was_chosen(self) -> None:
        collection = make_collection()
        make_tracks(10, collection=collection)
        create(
            make_account(),
            size=30,
            interval_days=7,
            collection_ids=[collection.pk],
            is_public=False,
        )
        playlist = Playlist.objects.get()
        assert (playlist.size, playlist.interval_days) == (30, 7)
        assert not playlist.is_public
        assert list(playlist.collections.all()) == [collection]

    def test_gives_each_a_marker_of_its_own(self) -> None:
        make_tracks(10)
        create(make_account(), 5)
        markers = set(Playlist.objects.values_list("marker", flat=True))
        assert len(markers) == 5
        assert all(len(marker) == 12 and marker.isalnum() for marker in markers)

    def test_counts_them_for_the_account(self) -> None:
        make_tracks(10)
        account = make_account()
        create(account, 4)
        account.refresh_from_db()
        assert (account.playlists_count, account.next_index) == (4, 5)

    def test_gives_the_same_bulk_for_the_same_key(self) -> None:
        make_tracks(10)
        account = make_account()
        first = create(account, 2, idempotency_key="once")
        again = create(account, 2, idempotency_key="once")
        account.refresh_from_db()
        assert again == first
        assert Playlist.objects.count() == account.playlists_count == 2
        assert account.next_index == 3

    @pytest.mark.parametrize(
        ("order", "field"),
        [
            ({"count": 0}, "count"),
            ({"count": 201}, "count"),
            ({"size": 0}, "size"),
            ({"size": 101}, "size"),
            ({"interval_days": 91}, "interval_days"),
            ({"prefix": "x" * 65}, "prefix"),
            ({"prefix": " \n "}, "prefix"),
            ({"collection_ids": [987654321]}, "collections"),
        ],
    )
    def test_refuses_what_is_out_of_range(
        self, order: dict[str, object], field: str
    ) -> None:
        make_tracks(10)
        with pytest.raises(InputError) as refusal:
            create(make_account(), **order)  # type: ignore[arg-type]
        assert refusal.value.field == field
        assert not Playlist.objects.exists()

    def test_refuses_an_account_that_is_not_connected(self) -> None:
        make_tracks(10)
        with pytest.raises(InputError, match="not connected"):
            create(make_account(status=Account.Status.NEEDS_REAUTH))

    def test_refuses_where_nothing_can_be_drawn(self) -> None:
        make_tracks(3)
        empty = make_collection()
        with pytest.raises(InputError, match="no track"):
            create(make_account(), collection_ids=[empty.pk])

    def test_refuses_more_than_the_account_has_room_for(self) -> None:
        make_tracks(10)
        account = make_account()
        settings = RuntimeSettings(max_playlists_per_account=3)
        create(account, 2, settings=settings)
        with pytest.raises(InputError, match="1 more fit"):
            create(account, 2, settings=settings)
        account.refresh_from_db()
        assert Playlist.objects.count() == account.playlists_count == 2
        assert account.next_index == 3

    @pytest.mark.django_db(transaction=True)
    def test_lets_one_of_many_take_the_last_place(self) -> None:
        make_tracks(10)
        account = make_account()
        settings = RuntimeSettings(max_playlists_per_account=3)
        create(account, 2, settings=settings)
        outcomes = at_once(8, lambda: create(account, 1, settings=settings))
        assert sum(isinstance(one, Run) for one in outcomes) == 1
        assert sum(isinstance(one, InputError) for one in outcomes) == 7
        assert Playlist.objects.count() == 3

    @pytest.mark.django_db(transaction=True)
    def test_never_doubles_a_double_click(self) -> None:
        make_tracks(10)
        account = make_account()
        outcomes = at_once(8, lambda: create(account, 2, idempotency_key="click"))
        assert len({one.pk for one in outcomes if isinstance(one, Run)}) == 1
        assert Playlist.objects.count() == 2


def at_once(count: int, act: Callable[[], object]) -> list[object]:
    """Do the same in many threads at once; return what each got or met."""
    barrier, outcomes = threading.Barrier(count), []

    def body() -> None:
        barrier.wait()
        try:
            outcomes.append(act())
        except Exception as error:
            outcomes.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=body) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


class TestNewPlaylist:
    def test_takes_three_calls_and_leaves_no_marker(
        self, sandbox: SandboxControl, stocked: Account
    ) -> None:
        (run,) = finish(create(stocked))
        playlist = Playlist.objects.get()
        assert run.state == Run.State.DONE, run.error
        assert sandbox.calls() == [
            "POST /v1/me/playlists",
            f"PUT /v1/playlists/{playlist.spotify_id}/items",
            f"PUT /v1/playlists/{playlist.spotify_id}",
        ]
        there = sandbox.playlist(playlist.spotify_id or "")
        assert playlist.marker not in there["description"]
        assert there["description"] == playlist.description
        assert there["name"] == "Vibe Collection • 001"

    def test_holds_what_was_confirmed_and_is_dated(
        self, sandbox: SandboxControl, stocked: Account
    ) -> None:
        finish(create(stocked))
        playlist = Playlist.objects.get()
        snapshot = playlist.snapshots.get()
        entries = list(snapshot.entries.order_by("position").select_related("track"))
        there = sandbox.playlist(playlist.spotify_id or "")
        assert there["items"] == [entry.track.uri for entry in entries]
        assert [entry.track_id for entry in entries] == snapshot.track_ids()
        assert len(entries) == 50
        assert {entry.batch_tag for entry in entries} == {snapshot.batch_tag}
        assert playlist.status == Playlist.Status.ACTIVE
        assert playlist.last_reshuffled_at is not None
        assert playlist.last_reshuffled_at == snapshot.confirmed_at
        last_on = playlist.last_reshuffled_at.date()
        assert playlist.next_reshuffle_at is not None
        assert playlist.next_reshuffle_at.date() == last_on + FIVE_DAYS
        assert all(entry.track.use_count == 1 for entry in entries)

    def test_creates_nothing_on_spotify_where_nothing_can_be_drawn(
        self, sandbox: SandboxControl, account: Account
    ) -> None:
        tracks = make_tracks(5)
        bulk = create(account)
        for track in tracks:
            track.is_usable, track.held_reason = False, "Not now"
            track.save()
        sandbox.mark()
        (run,) = finish(bulk)
        assert run.state == Run.State.FAILED
        assert "No track" in run.error
        assert sandbox.calls() == []


class TestDoubt:
    @pytest.mark.parametrize("kind", ["drop_after", "malformed"])
    def test_finds_a_playlist_whose_answer_was_lost(
        self,
        sandbox: SandboxControl,
        stocked: Account,
        clock: MovableClock,
        kind: str,
    ) -> None:
        bulk = create(stocked)
        sandbox.fault("POST", "/me/playlists$", kind=kind)
        (run,) = finish(bulk)
        assert run.state == Run.State.PLANNED
        clock.forward(seconds=70)
        (run,) = finish(bulk)
        assert run.state == Run.State.DONE, run.error
        (there,) = sandbox.playlists(stocked.user_id)
        assert there["id"] == Playlist.objects.get().spotify_id
        assert len(there["items"]) == 50

    def test_waits_until_the_doubt_has_settled(
        self, sandbox: SandboxControl, stocked: Account, clock: MovableClock
    ) -> None:
        bulk = create(stocked)
        sandbox.fault("POST", "/me/playlists$", kind="drop_after")
        finish(bulk)
        sandbox.mark()
        clock.forward(seconds=30)
        (run,) = finish(bulk)
        assert (run.state, run.reason) == (Run.State.PLANNED, "settle")
        assert sandbox.calls() == []

    def test_asks_again_only_after_it_was_absent_twice(
        self, sandbox: SandboxControl, stocked: Account, clock: MovableClock
    ) -> None:
        bulk = create(stocked)
        sandbox.fault("POST", "/me/playlists$", kind="drop_before")
        finish(bulk)
        clock.forward(seconds=70)
        (run,) = finish(bulk)
        assert (run.state, run.reason) == (Run.State.PLANNED, "settle")
        clock.forward(seconds=70)
        (run,) = finish(bulk)
        assert run.state == Run.State.DONE, run.error
        assert sandbox.calls().count("POST /v1/me/playlists") == 2
        assert len(sandbox.playlists(stocked.user_id)) == 1

    def test_asks_at_once_after_a_clear_refusal(
        self, sandbox: SandboxControl, stocked: Account, clock: MovableClock
    ) -> None:
        bulk = create(stocked)
        sandbox.fault(
            "POST", "/me/playlists$", status=429, headers={"Retry-After": "5"}
        )
        finish(bulk)
        assert Playlist.objects.get().post_sent_at is None
        clock.forward(seconds=20)
        (run,) = finish(bulk)
        assert run.state == Run.State.DONE, run.error
        assert "GET /v1/me/playlists" not in sandbox.calls()

    def test_survives_a_run_that_was_given_up(
        self, sandbox: SandboxControl, stocked: Account, clock: MovableClock
    ) -> None:
        bulk = create(stocked)
        sandbox.fault("POST", "/me/playlists$", kind="drop_after")
        (run,) = finish(bulk)
        Run.objects.filter(pk=run.pk).update(
            state=Run.State.FAILED, finished_at=clock.now()
        )
        clock.forward(seconds=70)
        playlist = Playlist.objects.select_related("account__app").get()
        (run,) = finish(creation.resume_creation(playlist=playlist, now=clock.now()))
        assert run.state == Run.State.DONE, run.error
        assert len(sandbox.playlists(stocked.user_id)) == 1

    def test_adopts_the_first_of_several_and_tells_of_the_others(
        self, sandbox: SandboxControl, stocked: Account, clock: MovableClock
    ) -> None:
        bulk = create(stocked)
        sandbox.fault("POST", "/me/playlists$", kind="drop_after")
        finish(bulk)
        Playlist.objects.update(post_sent_at=None)
        sandbox.fault("POST", "/me/playlists$", kind="drop_after")
        clock.forward(minutes=20)
        finish(bulk)
        assert len(sandbox.playlists(stocked.user_id)) == 2
        clock.forward(minutes=20)
        (run,) = finish(bulk)
        assert run.state == Run.State.DONE, run.error
        assert len(run.result["unexpected_playlists"]) == 1

    def test_leaves_a_playlist_without_description_to_a_person(
        self, sandbox: SandboxControl, stocked: Account, clock: MovableClock
    ) -> None:
        bulk = create(stocked)
        sandbox.fault("POST", "/me/playlists$", kind="drop_after")
        finish(bulk)
        Playlist.objects.update(marker="velost234567")
        (there,) = sandbox.playlists(stocked.user_id)
        sandbox.edit_playlist(there["id"], description="")
        clock.forward(seconds=70)
        (run,) = finish(bulk)
        assert run.state == Run.State.FAILED
        assert "may be this one" in run.error
        assert sandbox.calls().count("POST /v1/me/playlists") == 1


class TestRecreatePlaylist:
    def test_makes_it_anew_and_keeps_its_history(
        self, sandbox: SandboxControl, stocked: Account
    ) -> None:
        finish(create(stocked))
        playlist = Playlist.objects.get()
        first = playlist.spotify_id
        Playlist.objects.update(status=Playlist.Status.MISSING)
        playlist.refresh_from_db()
        (run,) = finish(creation.recreate_playlist(playlist=playlist, now=clock.now()))
        playlist.refresh_from_db()
        assert run.state == Run.State.DONE, run.error
        assert playlist.status == Playlist.Status.ACTIVE
        assert playlist.spotify_id != first
        assert HistoryEntry.objects.count() == 100
        origins = playlist.snapshots.values_list("origin", flat=True)
        assert set(origins) == {PlaylistSnapshot.Origin.CREATE}

    def test_refuses_a_playlist_that_is_not_missing(self) -> None:
        with pytest.raises(InputError, match="not missing"):
            creation.recreate_playlist(playlist=make_playlist(), now=clock.now())
