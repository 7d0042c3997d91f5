"""What the bench measures on: written quickly, and whole afterwards."""

import pytest
from django.db import IntegrityError, connection, transaction

from library.models import Track
from metrics.bench import data
from metrics.bench.data import World, write_world
from metrics.bench.indexes import without_indexes
from playlists.models import HistoryEntry, Playlist, PlaylistSnapshot
from vibe_engine import clock

pytestmark = pytest.mark.django_db


def keys_of(table: str) -> dict[str, object]:
    """Return every constraint and index of a table, as the database tells them."""
    with connection.cursor() as cursor:
        return dict(connection.introspection.get_constraints(cursor, table))


@pytest.fixture
def world(db: None) -> World:
    return write_world(tracks=300, playlists=3, snapshots=4, now=clock.now())


class TestWithoutIndexes:
    @pytest.mark.portable
    def test_takes_them_away_and_gives_them_back(self) -> None:
        table = HistoryEntry._meta.db_table
        before = keys_of(table)
        with transaction.atomic(), without_indexes(data.LARGE):
            meanwhile = keys_of(table)
        assert len(meanwhile) < len(before)
        assert keys_of(table).keys() == before.keys()

    def test_finds_what_is_wrong_in_the_end(self, world: World) -> None:
        twice = HistoryEntry.objects.values_list(
            "snapshot_id", "playlist_id", "track_id", "position", "batch_tag"
        )[0]
        names = ("snapshot_id", "playlist_id", "track_id", "position", "batch_tag")
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            without_indexes(data.LARGE),
        ):
            data.insert_rows(
                HistoryEntry._meta.db_table,
                (*names, "added_at"),
                [(*twice, clock.now())],
            )


@pytest.mark.portable
class TestWriteWorld:
    def test_writes_lists_whose_history_says_the_same(self, world: World) -> None:
        assert Track.objects.count() == 300
        assert Playlist.objects.count() == 3
        assert PlaylistSnapshot.objects.current().count() == 3
        for snapshot in PlaylistSnapshot.objects.all():
            entries = HistoryEntry.objects.filter(snapshot=snapshot)
            listed = entries.order_by("position").values_list("track_id", flat=True)
            assert list(listed) == snapshot.track_ids()
