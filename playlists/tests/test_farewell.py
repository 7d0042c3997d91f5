"""An account leaves while work goes on: what stays on Spotify, and nothing here."""

import threading
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from accounts import services
from accounts.models import Account, ErasureReceipt, Token
from accounts.tests.factories import connect_account
from accounts.tests.test_erasing import erase
from automation import holds, ledger, pruning, worker
from automation.models import Run
from automation.runtime import RuntimeSettings
from library.models import Track
from library.tests.factories import make_tracks
from playlists.models import (
    HistoryAudit,
    HistoryEntry,
    Playlist,
    PlaylistSnapshot,
)
from playlists.services import creation, farewell, reshuffling
from playlists.tests.factories import (
    finish,
    make_playlist,
    make_playlists,
    make_snapshot,
)
from vibe_engine import clock as product_clock
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.live import LiveProcesses, wait_until
from vibe_engine.testing.sandbox import SandboxControl

SIZE = 10


def create(account: Account, count: int) -> list[Playlist]:
    """Create playlists on the sandbox."""
    bulk = creation.create_playlists(
        account=account,
        count=count,
        size=SIZE,
        settings=RuntimeSettings(),
        now=product_clock.now(),
    )
    finish(bulk)
    return list(account.playlists.order_by("index"))


def followed(sandbox: SandboxControl, user_id: str) -> list[bool]:
    return [one["followed"] for one in sandbox.playlists(user_id)]


def assert_nothing_left(account: Account) -> None:
    """Check every table that an account's rows stand in."""
    assert not Account.objects.filter(pk=account.pk).exists()
    assert not Token.objects.filter(account=account.pk).exists()
    assert not Playlist.objects.filter(account=account.pk).exists()
    assert not PlaylistSnapshot.objects.filter(playlist__account=account.pk).exists()
    assert not HistoryEntry.objects.filter(playlist__account=account.pk).exists()
    assert not Run.objects.filter(lane=account.lane).exists()


@pytest.mark.django_db
@pytest.mark.portable
class TestSettleOnSpotify:
    def test_leaves_the_playlists_there_by_default(
        self, stocked: Account, sandbox: SandboxControl
    ) -> None:
        create(stocked, 2)
        user_id = stocked.user_id
        sandbox.mark()
        receipt = erase(stocked)
        assert receipt.on_spotify["stayed"] == 2
        assert followed(sandbox, user_id) == [True, True]
        assert sandbox.calls() == []
        assert_nothing_left(stocked)

    def test_unfollows_them_first_where_asked(
        self, stocked: Account, sandbox: SandboxControl
    ) -> None:
        create(stocked, 3)
        user_id = stocked.user_id
        receipt = erase(stocked, unfollow=True)
        assert receipt.on_spotify == {"unfollowed": 3, "stayed": 0, "reason": ""}
        assert followed(sandbox, user_id) == [False] * 3
        assert_nothing_left(stocked)

    def test_finds_one_whose_creation_was_in_doubt(
        self, stocked: Account, sandbox: SandboxControl
    ) -> None:
        (playlist,) = create(stocked, 1)
        sandbox.edit_playlist(
            playlist.spotify_id or "", description=f"Being filled. {playlist.marker}"
        )
        Playlist.objects.update(
            status=Playlist.Status.CREATING,
            spotify_id=None,
            post_sent_at=product_clock.now(),
        )
        user_id = stocked.user_id
        receipt = erase(stocked, unfollow=True)
        assert receipt.on_spotify["unfollowed"] == 1
        assert followed(sandbox, user_id) == [False]

    def test_erases_all_the_same_when_the_consent_is_gone(
        self, stocked: Account, sandbox: SandboxControl
    ) -> None:
        create(stocked, 1)
        sandbox.fault("DELETE", "/me/library$", status=403, count=-1, body=SEATLESS)
        receipt = erase(stocked, unfollow=True)
        assert receipt.is_finished
        assert receipt.on_spotify["stayed"] == 1
        assert "could not be removed" in receipt.on_spotify["reason"]
        assert_nothing_left(stocked)

    def test_waits_out_a_rate_limit_and_goes_on_where_it_stopped(
        self, stocked: Account, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        create(stocked, 2)
        user_id = stocked.user_id
        sandbox.fault(
            "DELETE", "/me/library$", status=429, headers={"Retry-After": "60"}
        )
        receipt = erase(stocked, unfollow=True)
        assert not is_finished(receipt)
        assert receipt.run is not None
        clock.forward(minutes=5)
        worker.work(receipt.run.pk)
        receipt.refresh_from_db()
        assert receipt.is_finished
        assert followed(sandbox, user_id) == [False, False]

    def test_removes_nothing_while_pushes_are_stopped(
        self, stocked: Account, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        create(stocked, 1)
        user_id = stocked.user_id
        holds.stop_writing(now=clock.now())
        receipt = erase(stocked, unfollow=True)
        assert not is_finished(receipt)
        assert followed(sandbox, user_id) == [True]
        holds.resume_writing(now=clock.now())
        clock.forward(minutes=11)
        assert receipt.run is not None
        worker.work(receipt.run.pk)
        receipt.refresh_from_db()
        assert receipt.is_finished
        assert followed(sandbox, user_id) == [False]

    def test_gives_up_on_spotify_after_four_days(
        self, stocked: Account, clock: MovableClock
    ) -> None:
        create(stocked, 1)
        receipt = services.open_erasure(
            account=stocked, now=product_clock.now(), unfollow=True
        )
        clock.forward(days=4, hours=1)
        assert receipt.run is not None
        worker.work(receipt.run.pk)
        receipt.refresh_from_db()
        assert receipt.is_finished
        assert receipt.on_spotify["stayed"] == 1
        assert timedelta(days=5) > farewell.PATIENCE


SEATLESS = {
    "error": {
        "status": 403,
        "message": "User not registered in the Developer Dashboard",
    }
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.portable
class TestKills:
    @pytest.mark.parametrize(
        "point",
        [
            "erase.after_unfollow",
            "pruning.after_batch",
            "erase.before_account",
            "erase.after_account",
        ],
    )
    def test_end_complete_with_one_receipt(
        self,
        point: str,
        live: LiveProcesses,
        stocked: Account,
        sandbox: SandboxControl,
        clock: MovableClock,
    ) -> None:
        create(stocked, 2)
        other = make_snapshot(make_playlist())
        user_id = stocked.user_id
        receipt = services.open_erasure(
            account=stocked, now=product_clock.now(), unfollow=True
        )
        engine = live.manage("engine", VIBE_FAULT_POINT=point, REDIS_URL="")
        wait_until(lambda: engine.poll() is not None, what="the engine's death")
        assert receipt.run is not None
        run = Run.objects.get(pk=receipt.run.pk)
        if run.state == Run.State.WORKING:
            clock.forward(seconds=ledger.LEASE_S + 1)
            ledger.take_back_lapsed(now=clock.now())
        worker.work(run.pk)
        receipt = ErasureReceipt.objects.get()
        assert receipt.is_finished, Run.objects.get(pk=run.pk).error
        assert receipt.counts["playlist_entries_history"] == 2 * SIZE
        assert receipt.counts["playlists"] == receipt.counts["playlist_snapshots"] == 2
        assert receipt.on_spotify["unfollowed"] == 2
        assert followed(sandbox, user_id) == [False, False]
        assert HistoryAudit.objects.get().entries_deleted == 2 * SIZE
        assert_nothing_left(stocked)
        assert other.entries.count() == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.portable
class TestUnderLoad:
    def test_leaves_no_row_behind_while_its_runs_are_being_worked_on(
        self, stocked: Account, sandbox: SandboxControl
    ) -> None:
        """Four workers reshuffle two accounts' lists; one of them is erased."""
        other = connect_account(sandbox, "Stays Here")
        mine, others = create(stocked, 6), create(other, 6)
        bulk = reshuffling.open_reshuffle(
            playlists=Playlist.objects.all(), now=product_clock.now()
        )
        sandbox.fault("PUT", "/items$", kind="latency", seconds=0.3, count=-1)
        threads = start_workers(4)
        wait_until(lambda: working(stocked) > 0, what="a run at work")
        receipt = services.open_erasure(account=stocked, now=product_clock.now())
        wait_until(lambda: is_finished(receipt), what="the erasure")
        stop_workers(threads)
        assert_nothing_left(stocked)
        assert len(mine) == 6
        bulk.refresh_from_db()
        assert bulk.state == Run.State.DONE
        for playlist in others:
            assert list(playlist.snapshots.confirmed().order_by("pk")) != []
            assert playlist.snapshots.confirmed().count() == 2
            current = playlist.snapshots.current().get()
            tracks = Track.objects.in_bulk(current.track_ids())
            there = sandbox.playlist(playlist.spotify_id or "")["items"]
            assert there == [tracks[pk].uri for pk in current.track_ids()]
        assert HistoryEntry.objects.count() == len(others) * 2 * SIZE

    def test_a_worker_that_wakes_up_afterwards_writes_nothing(
        self, stocked: Account, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        create(stocked, 1)
        opened = reshuffling.open_reshuffle(
            playlists=Playlist.objects.all(), now=product_clock.now()
        )
        sandbox.fault("PUT", "/items$", kind="latency", seconds=3)
        thread = threading.Thread(target=worker.work_and_close, args=[opened.pk])
        thread.start()
        wait_until(lambda: bool(sandbox.calls()), what="the call under way")
        receipt = services.open_erasure(account=stocked, now=clock.now())
        clock.forward(seconds=ledger.LEASE_S + 1)
        ledger.take_back_lapsed(now=clock.now())
        assert receipt.run is not None
        worker.work(receipt.run.pk)
        thread.join()
        assert is_finished(receipt)
        assert_nothing_left(stocked)
        assert not HistoryEntry.objects.exists()


BY_KEY = (
    'DELETE FROM "playlist_entries_history" WHERE "playlist_entries_history"."id" IN'
)
"""How a batch begins; what goes with its list by cascade begins otherwise."""


@pytest.mark.django_db
class TestManyRows:
    def test_go_in_batches(self) -> None:
        """A hundred thousand entries, none of them locked for long."""
        account = make_playlist().account
        tracks = make_tracks(100)
        for playlist in make_playlists(10, account=account):
            fill_history(playlist, [track.pk for track in tracks], lists=100)
        assert HistoryEntry.objects.count() == 100_000
        with CaptureQueriesContext(connection) as queries:
            receipt = erase(account)
        deletions = [
            query["sql"]
            for query in queries.captured_queries
            if query["sql"].startswith(BY_KEY)
        ]
        assert len(deletions) == 100_000 // pruning.BATCH
        assert receipt.counts["playlist_entries_history"] == 100_000
        assert HistoryAudit.objects.get().entries_deleted == 100_000
        assert_nothing_left(account)


def fill_history(playlist: Playlist, track_ids: list[int], *, lists: int) -> None:
    """Save lists that followed one another, an hour apart."""
    end = product_clock.now()
    times = [end - timedelta(hours=number) for number in range(lists, -1, -1)]
    snapshots = PlaylistSnapshot.objects.bulk_create(
        PlaylistSnapshot(
            playlist=playlist,
            origin=PlaylistSnapshot.Origin.RESHUFFLE,
            state=PlaylistSnapshot.State.CONFIRMED,
            batch_tag="2026-11-22",
            plan=PlaylistSnapshot.pack(track_ids),
            track_count=len(track_ids),
            planned_at=begins,
            confirmed_at=begins,
            replaced_at=None if number == lists - 1 else ends,
        )
        for number, (begins, ends) in enumerate(pairwise(times))
    )
    HistoryEntry.objects.bulk_create(
        (
            HistoryEntry(
                snapshot=snapshot,
                playlist=playlist,
                track_id=pk,
                position=position,
                batch_tag=snapshot.batch_tag,
                added_at=snapshot.planned_at,
            )
            for snapshot in snapshots
            for position, pk in enumerate(track_ids, start=1)
        ),
        batch_size=5_000,
    )


def working(account: Account) -> int:
    return Run.objects.filter(lane=account.lane, state=Run.State.WORKING).count()


def is_finished(receipt: ErasureReceipt) -> bool:
    receipt.refresh_from_db()
    return receipt.is_finished


_stop = threading.Event()


def start_workers(count: int) -> list[threading.Thread]:
    """Start threads that work what is due, as workers do."""
    _stop.clear()
    threads = [threading.Thread(target=_work_until_stopped) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def stop_workers(threads: list[threading.Thread]) -> None:
    """Let the threads do what is left, and end."""
    wait_until(lambda: not Run.objects.active().filter(is_bulk=False).exists())
    _stop.set()
    for thread in threads:
        thread.join()
    ledger.close_bulks(now=product_clock.now())


def _work_until_stopped() -> None:
    try:
        while not _stop.wait(0.05):
            due = Run.objects.due(now=product_clock.now()).values_list("pk", flat=True)
            for pk in list(due[:5]):
                worker.work(pk)
    finally:
        connections.close_all()
