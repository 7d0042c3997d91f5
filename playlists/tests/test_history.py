"""The history is append-only on every database, and has one door for deletion."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.tests.factories import make_account
from library.models import Track
from playlists import triggers
from playlists.models import (
    HistoryAudit,
    HistoryEntry,
    HistoryUnlock,
    Playlist,
    PlaylistSnapshot,
)
from playlists.services import history
from playlists.tests.factories import make_playlist, make_playlists, make_snapshot
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
class TestEraseAccount:
    def test_takes_the_accounts_playlists_with_their_history(self) -> None:
        account, other = make_account(), make_account()
        for playlist in [*make_playlists(2, account=account), make_playlist()]:
            make_snapshot(playlist)
        stays = make_snapshot(make_playlist(account=other))
        history.erase_account(account=account, now=clock.now())
        assert not Playlist.objects.filter(account=account).exists()
        assert not PlaylistSnapshot.objects.filter(playlist__account=account).exists()
        assert stays.entries.count() == 5
        assert Track.objects.count() == 20
        assert HistoryAudit.objects.get().entries_deleted == 10


@pytest.mark.portable
class TestApplyRetention:
    def test_keeps_what_stands_now_however_old(self) -> None:
        now = clock.now()
        playlist = make_playlist()
        old = now - timedelta(days=400)
        make_snapshot(playlist, confirmed_at=old, replaced_at=old + timedelta(days=5))
        current = make_snapshot(playlist, confirmed_at=old + timedelta(days=5))
        count = history.apply_retention(keep_after=now - timedelta(days=90), now=now)
        assert count == 5
        assert list(playlist.snapshots.all()) == [current]
        assert current.entries.count() == 5
