"""The history is append-only on every database, and has one door for deletion."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum

from accounts.models import Account
from accounts.tests.factories import make_account
from accounts.tests.test_erasing import erase
from automation import ledger, pruning, retention
from automation.ledger import RunSpec
from automation.models import Pruning, Run
from automation.runtime import RuntimeSettings
from library.models import Track
from library.tests.factories import make_tracks
from playlists import triggers
from playlists.models import (
    HistoryAudit,
    HistoryEntry,
    HistoryUnlock,
    Playlist,
    PlaylistSnapshot,
)
from playlists.services import history, pushing
from playlists.tests.factories import (
    make_planned_snapshot,
    make_playlist,
    make_playlists,
    make_snapshot,
)
from vibe_engine import clock

pytestmark = pytest.mark.django_db


@pytest.mark.portable
class TestTriggers:
    def test_stand_on_the_history(self) -> None:
        wanted = {"history_no_update", "history_no_delete"}
        if connection.vendor == "postgresql":
            wanted.add("history_no_truncate")
        assert triggers.installed_triggers(connection) == wanted

    def test_are_put_back_where_a_rebuilt_table_lost_them(self) -> None:
        triggers.drop_triggers(connection)
        assert triggers.installed_triggers(connection) == set()
        triggers.install_triggers(connection)
        assert "history_no_update" in triggers.installed_triggers(connection)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE playlist_entries_history SET position = 9",
            "UPDATE playlist_entries_history SET batch_tag = 'x' WHERE position = 1",
            "DELETE FROM playlist_entries_history",
            "DELETE FROM playlist_entries_history WHERE position = 1",
        ],
    )
    def test_refuse_what_would_change_the_past(self, statement: str) -> None:
        make_snapshot(make_playlist())
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
        assert HistoryEntry.objects.count() == 5

    def test_refuse_update_even_while_unlocked(self) -> None:
        make_snapshot(make_playlist())
        HistoryUnlock.objects.create()
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            HistoryEntry.objects.update(position=9)

    def test_let_rows_be_added(self) -> None:
        make_snapshot(make_playlist())
        assert HistoryEntry.objects.count() == 5


class TestTruncate:
    def test_is_refused_on_postgresql(self) -> None:
        make_snapshot(make_playlist())
        truncate = "SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE playlist_entries_history"
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(truncate)
        assert HistoryEntry.objects.count() == 5


@pytest.mark.portable
class TestFlush:
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("turn", [1, 2])
    def test_empties_the_history_and_arms_the_triggers_again(self, turn: int) -> None:
        assert not HistoryEntry.objects.exists()
        assert "history_no_delete" in triggers.installed_triggers(connection)
        make_snapshot(make_playlist())


@pytest.mark.portable
class TestDeleteEntries:
    def test_deletes_audits_and_locks_again(self) -> None:
        snapshot = make_snapshot(make_playlist())
        count = history.delete_entries(
            entries=HistoryEntry.objects.filter(snapshot=snapshot),
            reason="Asked for",
            now=clock.now(),
            detail={"ticket": 7},
        )
        audit = HistoryAudit.objects.get()
        assert (count, audit.entries_deleted, audit.detail) == (5, 5, {"ticket": 7})
        assert not HistoryUnlock.objects.exists()
        make_snapshot(make_playlist())
        with pytest.raises(DatabaseError), transaction.atomic():
            HistoryEntry.objects.all().delete()

    def test_leaves_no_audit_where_nothing_was_deleted(self) -> None:
        history.delete_entries(
            entries=HistoryEntry.objects.all(), reason="Asked for", now=clock.now()
        )
        assert not HistoryAudit.objects.exists()


@pytest.mark.portable
class TestErasePlaylists:
    def test_takes_the_accounts_playlists_with_their_history(self) -> None:
        account, other = make_account(), make_account()
        for playlist in [*make_playlists(2, account=account), make_playlist()]:
            make_snapshot(playlist)
        stays = make_snapshot(make_playlist(account=other))
        receipt = erase(account)
        assert not Playlist.objects.filter(account=account.pk).exists()
        assert not PlaylistSnapshot.objects.filter(playlist__account=account.pk)
        assert stays.entries.count() == 5
        assert Track.objects.count() == 20
        audit = HistoryAudit.objects.get()
        assert (audit.entries_deleted, audit.run) == (10, receipt.run)
        assert audit.detail == {"account": account.pk, "receipt": receipt.code}
        wanted = {
            "playlist_entries_history": 10,
            "playlist_snapshots": 2,
            "playlists": 2,
            "spotify_accounts": 1,
        }
        assert wanted.items() <= receipt.counts.items()

    def test_keeps_one_line_of_audit_for_many_batches(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pruning, "BATCH", 2)
        playlist = make_playlist()
        make_snapshot(playlist)
        receipt = erase(playlist.account)
        assert receipt.counts["playlist_entries_history"] == 5
        assert HistoryAudit.objects.get().entries_deleted == 5


def prune(settings: RuntimeSettings, *, now: datetime) -> Run:
    """Carry the retention out under these settings, as its run does."""
    spec = RunSpec(retention.KIND, "retention", "Retention")
    run = ledger.claim(ledger.open_run(spec, now=now).pk, worker="test")
    assert run is not None
    ledger.finish(run, retention.apply_retention(run=run, settings=settings, now=now))
    return run


@pytest.mark.portable
class TestApplyRetention:
    keep_90 = RuntimeSettings(history_retention_days=90)

    def make_lists(self, playlist: Playlist, *ages_days: int) -> list[PlaylistSnapshot]:
        """Save lists that left so many days ago, and one that stands."""
        now = clock.now()
        return [
            make_snapshot(
                playlist,
                confirmed_at=now - timedelta(days=age + 5),
                replaced_at=now - timedelta(days=age),
            )
            for age in ages_days
        ] + [make_snapshot(playlist)]

    def test_deletes_what_left_long_ago_and_says_so(self) -> None:
        now, playlist = clock.now(), make_playlist()
        _, recent, current = self.make_lists(playlist, 91, 89)
        run = prune(self.keep_90, now=now)
        assert set(playlist.snapshots.all()) == {recent, current}
        assert HistoryEntry.objects.count() == 10
        audit = HistoryAudit.objects.get()
        assert (audit.entries_deleted, audit.run) == (5, run)
        line = Pruning.objects.get(table="playlist_snapshots")
        assert (line.rows, line.run) == (1, run)
        assert line.older_than == now - timedelta(days=90)
        assert run.result["rows"]["playlist_entries_history"] == 5

    def test_keeps_what_stands_now_however_old(self) -> None:
        now, playlist = clock.now(), make_playlist()
        old = make_snapshot(playlist, confirmed_at=now - timedelta(days=400))
        prune(self.keep_90, now=now)
        assert list(playlist.snapshots.all()) == [old]
        assert old.entries.count() == 5

    def test_keeps_the_newest_list_of_a_playlist_that_holds_none_now(self) -> None:
        now = clock.now()
        playlist = make_playlist(status=Playlist.Status.REMOVED)
        *_, last = [
            make_snapshot(
                playlist,
                confirmed_at=now - timedelta(days=age),
                replaced_at=now - timedelta(days=age - 5),
            )
            for age in (400, 395)
        ]
        prune(self.keep_90, now=now)
        assert list(playlist.snapshots.all()) == [last]

    def test_keeps_what_a_longer_cooldown_still_asks_for(self) -> None:
        now, playlist = clock.now(), make_playlist(cooldown_days=120)
        lists = self.make_lists(playlist, 119)
        prune(self.keep_90, now=now)
        assert playlist.snapshots.count() == len(lists)

    def test_forgets_plans_that_were_given_up(self) -> None:
        now, playlist = clock.now(), make_playlist()
        make_planned_snapshot(
            playlist,
            make_tracks(5),
            state=PlaylistSnapshot.State.ABANDONED,
            planned_at=now - timedelta(days=100),
        )
        current = make_snapshot(playlist)
        prune(self.keep_90, now=now)
        assert list(playlist.snapshots.all()) == [current]

    def test_keeps_everything_by_default(self) -> None:
        now, playlist = clock.now(), make_playlist()
        self.make_lists(playlist, 3_000)
        prune(RuntimeSettings(), now=now)
        assert playlist.snapshots.count() == 2
        assert not HistoryAudit.objects.exists()

    def test_finds_nothing_the_second_time(self) -> None:
        now, playlist = clock.now(), make_playlist()
        self.make_lists(playlist, 91)
        prune(self.keep_90, now=now)
        prune(self.keep_90, now=now)
        assert HistoryAudit.objects.count() == 1
        assert Pruning.objects.filter(table="playlist_snapshots").count() == 1


@pytest.mark.django_db(transaction=True)
class TestUnderConcurrentPushes:
    def test_an_unlock_in_another_transaction_opens_nothing_here(self) -> None:
        """While one connection deletes, every other one is still refused."""
        snapshot = make_snapshot(make_playlist())
        unlocked, tried = threading.Event(), threading.Event()

        def unlock() -> None:
            with transaction.atomic():
                HistoryUnlock.objects.create()
                unlocked.set()
                tried.wait(30)
                transaction.set_rollback(True)
            connection.close()

        thread = threading.Thread(target=unlock)
        thread.start()
        assert unlocked.wait(30)
        try:
            with pytest.raises(DatabaseError, match="append-only"):
                snapshot.entries.all().delete()
        finally:
            tried.set()
            thread.join()
        assert snapshot.entries.count() == 5

    def test_retention_takes_what_is_old_and_pushes_go_on(
        self, stocked: Account
    ) -> None:
        """Lists are confirmed while older ones of the same playlists are deleted."""
        playlists = make_playlists(4, account=stocked, cooldown_days=0, size=10)
        long_ago = clock.now() - timedelta(days=200)
        for playlist in playlists:
            for number in range(3):
                begins = long_ago + timedelta(days=number)
                make_snapshot(
                    playlist,
                    confirmed_at=begins,
                    replaced_at=begins + timedelta(days=1),
                )
        tracks = list(Track.objects.filter(is_playable=True)[:10])
        pushes = [
            threading.Thread(target=confirm_lists, args=[one, tracks, 5])
            for one in playlists
        ]
        for push in pushes:
            push.start()
        prune(RuntimeSettings(history_retention_days=90), now=clock.now())
        for push in pushes:
            push.join()
        prune(RuntimeSettings(history_retention_days=90), now=clock.now())
        for playlist in playlists:
            assert playlist.snapshots.count() == 5
            assert playlist.snapshots.current().count() == 1
            assert playlist.history.count() == 5 * len(tracks)
        deleted = HistoryAudit.objects.aggregate(all=Sum("entries_deleted"))["all"]
        assert deleted == len(playlists) * 3 * 5
        assert not HistoryUnlock.objects.exists()


def confirm_lists(playlist: Playlist, tracks: list[Track], count: int) -> None:
    """Confirm lists one after another, as pushes do; for a thread of its own."""
    try:
        for _ in range(count):
            now = clock.now()
            with transaction.atomic():
                plan = make_planned_snapshot(playlist, tracks, sent_at=now)
                pushing.confirm(
                    plan,
                    playlist,
                    remote_version="",
                    settings=RuntimeSettings(),
                    now=now,
                )
    finally:
        connection.close()
