"""Rows of the library for tests; `make_tracks` fills a large one quickly."""

import itertools
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.apps import apps

from accounts.tests.factories import make_account
from library.models import (
    Album,
    Artist,
    Collection,
    CollectionAlbum,
    LibraryVersion,
    Track,
    TrackArtist,
)

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
TRACKS_PER_ALBUM = 10
BATCH = 5_000
_numbers = itertools.count(1)


def spotify_id(prefix: str = "x") -> str:
    """Return a well-formed Spotify id that no other call returned."""
    return f"{prefix}{next(_numbers):0>{22 - len(prefix)}}"


def make_artist(**fields: Any) -> Artist:
    """Save an artist."""
    number = next(_numbers)
    return Artist.objects.create(
        **{"spotify_id": spotify_id("ar"), "name": f"Artist {number}"} | fields
    )


def make_album(
    *, tracks: int = 0, artist: Artist | None = None, **fields: Any
) -> Album:
    """Save an album, with `tracks` tracks by one artist when asked for."""
    album = _new_album(**fields)
    album.save()
    if tracks:
        artist = artist or make_artist(name=album.artist_line)
        for position in range(1, tracks + 1):
            make_track(album=album, artist=artist, track_number=position)
    return album


def make_track(
    *,
    album: Album | None = None,
    artist: Artist | None = None,
    guests: Sequence[Artist] = (),
    **fields: Any,
) -> Track:
    """Save a track credited to `artist` and then to `guests`; count the change."""
    album = album or make_album()
    artist = artist or make_artist()
    track = _new_track(album=album, artist=artist, **fields)
    if guests and "artist_line" not in fields:
        track.artist_line = ", ".join(a.name for a in (artist, *guests))
    track.save()
    TrackArtist.objects.bulk_create(
        TrackArtist(track=track, artist=credited, position=position)
        for position, credited in enumerate((artist, *guests), start=1)
    )
    LibraryVersion.bump()
    return track


def make_tracks(
    count: int,
    *,
    artists: int | None = None,
    with_features: bool = True,
    collection: Collection | None = None,
    seed: int = 1,
    **fields: Any,
) -> list[Track]:
    """Save `count` tracks, ten an album, by few artists; every fifth has a guest.

    `artists` is how many artists share them (default: one per eight tracks). With
    a `collection` its albums are put into it. `fields` are the same on each track.
    """
    chance = random.Random(seed)
    people = _make_artists(artists or max(1, count // 8))
    albums = _make_albums(-(-count // TRACKS_PER_ALBUM), people)
    tracks = [
        _new_track(
            album=albums[number // TRACKS_PER_ALBUM],
            artist=people[number % len(people)],
            track_number=number % TRACKS_PER_ALBUM + 1,
            **(features(chance) if with_features else {}) | fields,
        )
        for number in range(count)
    ]
    Track.objects.bulk_create(tracks, batch_size=BATCH)
    _credit(tracks, people)
    if collection is not None:
        add_to_collection(collection, albums)
    LibraryVersion.bump()
    return tracks


def make_collection(*, albums: Sequence[Album] = (), **fields: Any) -> Collection:
    """Save a collection that holds `albums`."""
    number = next(_numbers)
    collection = Collection.objects.create(
        **{"name": f"Collection {number}", "created_at": LONG_AGO} | fields
    )
    add_to_collection(collection, albums)
    return collection


def add_to_collection(collection: Collection, albums: Sequence[Album]) -> None:
    """Put albums into a collection; count the change."""
    CollectionAlbum.objects.bulk_create(
        (CollectionAlbum(collection=collection, album=album) for album in albums),
        batch_size=BATCH,
    )
    LibraryVersion.bump()


def features(chance: random.Random) -> dict[str, Any]:
    """Return plausible audio features, with source and time."""
    return {
        "danceability": round(chance.random(), 3),
        "energy": round(chance.random(), 3),
        "key": chance.randint(0, 11),
        "loudness": round(chance.uniform(-30.0, 0.0), 2),
        "mode": chance.randint(0, 1),
        "speechiness": round(chance.random(), 3),
        "acousticness": round(chance.random(), 3),
        "instrumentalness": round(chance.random(), 3),
        "liveness": round(chance.random(), 3),
        "valence": round(chance.random(), 3),
        "tempo": round(chance.uniform(60.0, 200.0), 1),
        "features_source": Track.FeatureSource.SPOTIFY,
        "features_at": LONG_AGO,
    }


def _new_album(**fields: Any) -> Album:
    number = next(_numbers)
    values = {
        "spotify_id": spotify_id("al"),
        "name": f"Album {number}",
        "album_type": "album",
        "artist_line": f"Artist {number}",
        "release_date": f"{1960 + number % 65}",
        "release_date_precision": "year",
        "release_year": 1960 + number % 65,
        "total_tracks": TRACKS_PER_ALBUM,
        "refreshed_at": LONG_AGO,
        "created_at": LONG_AGO,
    } | fields
    values.setdefault(
        "spotify_url", f"https://open.spotify.com/album/{values['spotify_id']}"
    )
    return Album(**values)


def _new_track(*, album: Album, artist: Artist, **fields: Any) -> Track:
    number = next(_numbers)
    values = {
        "spotify_id": spotify_id("tr"),
        "name": f"Track {number}",
        "artist_line": artist.name,
        "duration_ms": 150_000 + number * 997 % 150_000,
        "explicit": number % 7 == 0,
        "popularity": number * 31 % 101,
        "created_at": LONG_AGO,
    } | fields
    values.setdefault("recording_key", f"recording-{values['spotify_id']}")
    return Track(album=album, primary_artist=artist, **values)


def _make_artists(count: int) -> list[Artist]:
    return Artist.objects.bulk_create(
        (
            Artist(spotify_id=spotify_id("ar"), name=f"Artist {number}")
            for number in range(count)
        ),
        batch_size=BATCH,
    )


def _make_albums(count: int, people: Sequence[Artist]) -> list[Album]:
    return Album.objects.bulk_create(
        (
            _new_album(artist_line=people[number % len(people)].name)
            for number in range(count)
        ),
        batch_size=BATCH,
    )


def _credit(tracks: Sequence[Track], people: Sequence[Artist]) -> None:
    rows = [
        TrackArtist(track=track, artist=track.primary_artist, position=1)
        for track in tracks
    ]
    for number, track in enumerate(tracks[::5]):
        guest = people[(number * 7 + 3) % len(people)]
        if guest.pk != track.primary_artist_id:
            rows.append(TrackArtist(track=track, artist=guest, position=2))
    TrackArtist.objects.bulk_create(rows, batch_size=BATCH)


def draw_from(collection: Collection) -> Any:
    """Let a playlist of the app above draw from a collection; return it."""
    playlist = apps.get_model("playlists", "Playlist").objects.create(
        account=make_account(),
        prefix="Vibe",
        index=1,
        name="Vibe • 001",
        marker="marker",
        created_at=LONG_AGO,
    )
    playlist.collections.add(collection)
    return playlist
