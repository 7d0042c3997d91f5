"""A realistic library and its past, written the quickest way each database has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, repeat
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection, models, transaction

from accounts.models import Account, App, Developer
from library.models import Album, Artist, LibraryVersion, Track, TrackArtist
from metrics.bench.indexes import without_care, without_indexes
from playlists.models import HistoryEntry, Playlist, PlaylistSnapshot
from playlists.services import planning

BATCH = 50_000
INTERVAL_DAYS = 5
LIST_SIZE = 50
LARGE = (Album, Track, TrackArtist, PlaylistSnapshot, HistoryEntry)
STRIDE = 7_919
"""Prime: the past goes through the library in such steps, so that it uses all of it."""

LISTS = 1_000
"""Lists of the past whose entries are written by one statement."""
ENTRIES = """
    INSERT INTO playlist_entries_history
        (snapshot_id, playlist_id, track_id, position, batch_tag, added_at)
    WITH RECURSIVE places(place) AS (
        SELECT 0 UNION ALL SELECT place + 1 FROM places WHERE place + 1 < %(size)s
    )
    SELECT id, playlist_id,
        1 + ((id - 1) * %(size)s + place) * %(stride)s %% %(tracks)s,
        place + 1, batch_tag, confirmed_at
    FROM playlist_snapshots CROSS JOIN places
    WHERE id BETWEEN %(first)s AND %(last)s ORDER BY id, place
"""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """What was written: primary keys of tracks are 1 to `tracks`."""

    tracks: int
    playlists: int
    snapshots: int
    now: datetime


def write_world(*, tracks: int, playlists: int, snapshots: int, now: datetime) -> World:
    """Write a library, playlists, and for each playlist a past of some lists.

    PostgreSQL counts what was written, as it does by itself in use; SQLite does not.
    Releases of realistic sizes, artists of a Zipf-like frequency, a second artist on
    15 % of the tracks. The lists are five days apart, the newest stands.
    """
    with without_care(), transaction.atomic(), without_indexes(LARGE):
        _write_library(tracks, now=now)
        _write_playlists(playlists, now=now)
        world = World(tracks, playlists, snapshots, now)
        keys = list(Playlist.objects.order_by("pk").values_list("pk", flat=True))
        _write_snapshots(world, keys)
        _write_history(world)
    if connection.vendor == "postgresql":
        connection.cursor().execute("ANALYZE")
    return world


def _write_library(count: int, *, now: datetime) -> None:
    dice = np.random.default_rng(1)
    albums = _albums(dice, count)
    artists = max(50, int(albums[-1] / 2.2))
    law = np.cumsum(1 / np.power(np.arange(artists) + 8.0, 0.85))
    first = _chosen(dice, law, int(albums[-1]))[albums - 1]
    second = _chosen(dice, law, count)
    has_second = (dice.random(count) < 0.15) & (second != first)
    _write_names(artists, int(albums[-1]), now=now)
    columns: dict[str, Any] = {
        "id": range(1, count + 1),
        "spotify_id": (f"t{number:021d}" for number in range(count)),
        "album_id": albums.tolist(),
        "name": (f"Track {number}" for number in range(count)),
        "primary_artist_id": first.tolist(),
        "duration_ms": dice.integers(60_000, 400_000, count).tolist(),
        "recording_key": (f"isrc:{number}" for number in range(count)),
        "energy": dice.beta(4, 3, count).tolist(),
        "tempo": dice.normal(121, 26, count).clip(50, 220).tolist(),
        "key": dice.integers(0, 12, count).tolist(),
        "mode": dice.integers(0, 2, count).tolist(),
        "created_at": now,
    }
    write_rows(Track, columns, count)
    tracks = np.arange(1, count + 1)
    owners = np.concatenate((tracks, tracks[has_second]))
    _write_credits(owners, np.concatenate((first, second[has_second])), count)
    LibraryVersion.bump()


def _albums(dice: np.random.Generator, count: int) -> Ints:
    """Return the album of each track: singles, EPs, albums, compilations."""
    kinds = dice.choice(4, size=count, p=[0.45, 0.15, 0.37, 0.03])
    low, high = np.array([1, 3, 8, 18])[kinds], np.array([2, 7, 17, 41])[kinds]
    return np.repeat(np.arange(1, count + 1), dice.integers(low, high))[:count]


def _chosen(dice: np.random.Generator, law: npt.NDArray[Any], count: int) -> Ints:
    chosen: Ints = 1 + np.searchsorted(law, dice.random(count) * law[-1])
    return np.minimum(chosen, len(law))


def _write_names(artists: int, albums: int, *, now: datetime) -> None:
    write_rows(
        Artist,
        {
            "id": range(1, artists + 1),
            "spotify_id": (f"a{number:021d}" for number in range(artists)),
            "name": (f"Artist {number}" for number in range(artists)),
        },
        artists,
    )
    write_rows(
        Album,
        {
            "id": range(1, albums + 1),
            "spotify_id": (f"b{number:021d}" for number in range(albums)),
            "name": (f"Album {number}" for number in range(albums)),
            "release_year": (1960 + number % 66 for number in range(albums)),
            "created_at": now,
        },
        albums,
    )


def _write_credits(owners: Ints, artists: Ints, count: int) -> None:
    position = np.where(np.arange(len(owners)) < count, 1, 2)
    columns = {
        "id": range(1, len(owners) + 1),
        "track_id": owners.tolist(),
        "artist_id": artists.tolist(),
        "position": position.tolist(),
    }
    write_rows(TrackArtist, columns, len(owners))


def _write_playlists(count: int, *, now: datetime) -> None:
    developer = Developer.objects.create(name="Bench")
    app = App.objects.create(developer=developer, name="Bench", client_id="bench")
    account = Account.objects.create(
        app=app,
        account_id="bench",
        user_id="bench",
        prefix="Bench",
        authorized_at=now,
        consent_ends_at=now + timedelta(days=180),
        created_at=now,
    )
    Playlist.objects.bulk_create(
        Playlist(
            account=account,
            prefix="Bench",
            index=number,
            name=f"Bench • {number:03d}",
            marker=f"bench{number}",
            spotify_id=f"p{number:021d}",
            status=Playlist.Status.ACTIVE,
            cooldown_days=14,
            created_at=now,
        )
        for number in range(1, count + 1)
    )


def _write_snapshots(world: World, keys: Sequence[int]) -> None:
    """Write the past, the oldest lists first, so that rows lie as time brings them."""
    total = world.playlists * world.snapshots
    placed = [_placed_at(world, number) for number in range(total)]
    interval = timedelta(days=INTERVAL_DAYS)
    columns = {
        "id": range(1, total + 1),
        "playlist_id": [keys[number % world.playlists] for number in range(total)],
        "origin": PlaylistSnapshot.Origin.RESHUFFLE.value,
        "state": PlaylistSnapshot.State.CONFIRMED.value,
        "batch_tag": [planning.batch_tag(at) for at in placed],
        "plan": (
            PlaylistSnapshot.pack(_past_list(number, world.tracks))
            for number in range(total)
        ),
        "track_count": LIST_SIZE,
        "fingerprint": "-",
        "planned_at": placed,
        "sent_at": placed,
        "confirmed_at": placed,
        "replaced_at": [
            at + interval if at + interval < world.now else None for at in placed
        ],
    }
    write_rows(PlaylistSnapshot, columns, total)
    _move_sequence(PlaylistSnapshot)


def _past_list(number: int, tracks: int) -> list[int]:
    places = number * LIST_SIZE + np.arange(LIST_SIZE)
    track_ids: list[int] = (1 + places * STRIDE % tracks).tolist()
    return track_ids


def _write_history(world: World) -> None:
    """Write the entries of the past, as `_past_list` says, in the order of time.

    The database makes them out of the snapshots: many times quicker than to hand it
    every row, and SQLite knows no COPY.
    """
    asked = {"size": LIST_SIZE, "stride": STRIDE, "tracks": world.tracks}
    with connection.cursor() as cursor:
        for first in range(1, world.playlists * world.snapshots + 1, LISTS):
            span = {"first": first, "last": first + LISTS - 1}
            cursor.execute(ENTRIES, asked | span)


def _placed_at(world: World, number: int) -> datetime:
    """Return when a list of the past came, the last ones one interval ago."""
    ago = world.snapshots - number // world.playlists
    return world.now - timedelta(days=INTERVAL_DAYS * ago)


def write_rows(model: type[models.Model], columns: dict[str, Any], count: int) -> None:
    """Write `count` rows; a column is one value for all, or one for each row.

    Columns that are not given have the field's default.
    """
    names: list[str] = []
    values: list[Any] = []
    for field in model._meta.concrete_fields:
        given = columns.get(field.attname)
        if field.attname not in columns:
            if field.null or field.primary_key:
                continue
            given = field.get_db_prep_save(field.get_default(), connection)
        is_one = isinstance(given, str | bytes) or not isinstance(given, Iterable)
        names.append(field.column or field.attname)
        values.append(repeat(given, count) if is_one else given)
    insert_rows(model._meta.db_table, names, zip(*values, strict=True))


def insert_rows(
    table: str, names: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Insert rows as they come: by COPY, or on SQLite in batches."""
    quoted = ", ".join(connection.ops.quote_name(name) for name in names)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({quoted}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(names))
        statement = f"INSERT INTO {table} ({quoted}) VALUES ({marks})"  # noqa: S608
        every = iter(rows)
        while batch := list(islice(every, BATCH)):
            cursor.executemany(statement, batch)


def _move_sequence(model: type[models.Model]) -> None:
    """Let the next row get a key behind those that were written with theirs."""
    from django.core.management.color import no_style

    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [model]):
            cursor.execute(statement)
