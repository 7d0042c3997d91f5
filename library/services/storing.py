"""An album as Spotify tells it, written into the library without duplicates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from library.models import Album, Artist, LibraryVersion, Track, TrackArtist
from library.recordings import recording_key
from library.services.blanking import blank_albums
from library.texts import artist_line, clean_name
from vibe_engine.spotify.types import AlbumData, ArtistRef, TrackData

BATCH = 500
SMALLEST, LARGEST = 1, 32_767
"""What disc and track numbers can be stored as."""

_ALBUM_FIELDS = (
    "name",
    "album_type",
    "artist_line",
    "release_date",
    "release_date_precision",
    "release_year",
    "total_tracks",
    "image_url",
    "spotify_url",
    "upc",
    "refreshed_at",
)
_TRACK_FIELDS = (
    "disc_number",
    "track_number",
    "name",
    "artist_line",
    "primary_artist",
    "duration_ms",
    "explicit",
    "isrc",
    "recording_key",
    "popularity",
    "is_playable",
)


@dataclass(frozen=True)
class StoredAlbum:
    """What an answer of Spotify changed in the library."""

    album: Album
    is_new: bool
    new_tracks: int
    refreshed_tracks: int
    gone_tracks: int


@dataclass(frozen=True)
class _Known:
    """What a stored track keeps where Spotify no longer tells it."""

    isrc: str
    popularity: int | None


def store_album(*, data: AlbumData, submitted_url: str, now: datetime) -> StoredAlbum:
    """Insert or refresh an album with its artists and tracks, within a transaction.

    Everything is matched by Spotify ids. ISRC and popularity stay where this answer
    does not tell them. Tracks that the album no longer has become unplayable; they
    are not deleted, since lists and history name them. Rows are locked in the order
    of primary keys, then written in the order of Spotify ids.
    """
    tracks = {track.id: track for track in data.tracks}
    known = _lock_tracks(tracks)
    artists = _store_artists(_all_artists(data))
    is_new = not Album.objects.filter(spotify_id=data.id).exists()
    album = _store_album(data, submitted_url, now)
    stored = _store_tracks(album, tracks, known, artists, now)
    _store_credits(stored, tracks, artists)
    gone = _mark_gone(album, tracks)
    LibraryVersion.bump()
    return StoredAlbum(
        album=album,
        is_new=is_new,
        new_tracks=len(tracks) - len(known),
        refreshed_tracks=len(known),
        gone_tracks=gone,
    )


def mark_missing(*, album: Album) -> int:
    """Forget an album that Spotify no longer has, within a transaction.

    Its tracks become unplayable; returns how many were not. It is not read again
    unless a person asks for it.
    """
    count = album.tracks.filter(is_playable=True).update(is_playable=False)
    blank_albums([album.pk])
    Album.objects.filter(pk=album.pk).update(refreshed_at=None)
    return count


def _lock_tracks(ids: Iterable[str]) -> dict[str, _Known]:
    rows = Track.objects.filter(spotify_id__in=list(ids)).order_by("pk")
    return {
        spotify_id: _Known(isrc, popularity)
        for spotify_id, isrc, popularity in rows.select_for_update(
            no_key=True
        ).values_list("spotify_id", "isrc", "popularity")
    }


def _all_artists(data: AlbumData) -> dict[str, ArtistRef]:
    """Return every credited artist once, by Spotify id, in the order of ids."""
    credited = [*data.artists, *(a for track in data.tracks for a in track.artists)]
    return {artist.id: artist for artist in sorted(credited, key=lambda a: a.id)}


def _store_artists(artists: Mapping[str, ArtistRef]) -> dict[str, Artist]:
    rows = [
        Artist(spotify_id=artist.id, name=clean_name(artist.name))
        for artist in artists.values()
    ]
    Artist.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["spotify_id"],
        update_fields=["name"],
        batch_size=BATCH,
    )
    return {row.spotify_id: row for row in rows}


def _store_album(data: AlbumData, submitted_url: str, now: datetime) -> Album:
    album = Album(
        spotify_id=data.id,
        name=clean_name(data.name),
        album_type=data.album_type[:16],
        artist_line=artist_line([artist.name for artist in data.artists]),
        release_date=data.release_date[:10],
        release_date_precision=data.release_date_precision[:5],
        release_year=_year(data.release_date),
        total_tracks=data.total_tracks,
        image_url=_fitting(data.image_url, 500),
        spotify_url=_fitting(data.url, 500),
        upc=_fitting(data.upc, 32),
        submitted_url=submitted_url[:500],
        refreshed_at=now,
        created_at=now,
    )
    Album.objects.bulk_create(
        [album],
        update_conflicts=True,
        unique_fields=["spotify_id"],
        update_fields=list(_ALBUM_FIELDS),
    )
    return album


def _store_tracks(
    album: Album,
    tracks: Mapping[str, TrackData],
    known: Mapping[str, _Known],
    artists: Mapping[str, Artist],
    now: datetime,
) -> dict[str, Track]:
    rows = [
        _new_track(album, track, known.get(track.id), artists, now)
        for track in sorted(tracks.values(), key=lambda track: track.id)
    ]
    Track.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["spotify_id"],
        update_fields=list(_TRACK_FIELDS),
        batch_size=BATCH,
    )
    return {row.spotify_id: row for row in rows}


def _new_track(
    album: Album,
    data: TrackData,
    known: _Known | None,
    artists: Mapping[str, Artist],
    now: datetime,
) -> Track:
    isrc = _fitting(data.isrc.strip().upper(), 15) or (known.isrc if known else "")
    primary = data.artists[0].id if data.artists else ""
    popularity = data.popularity
    if popularity is None and known:
        popularity = known.popularity
    return Track(
        spotify_id=data.id,
        album=album,
        disc_number=_numbered(data.disc_number),
        track_number=_numbered(data.track_number),
        name=clean_name(data.name),
        artist_line=artist_line([artist.name for artist in data.artists]),
        primary_artist=artists.get(primary),
        duration_ms=data.duration_ms,
        explicit=data.explicit,
        isrc=isrc,
        recording_key=_recording_key(data, isrc=isrc, primary=primary),
        popularity=popularity,
        is_playable=data.is_playable,
        created_at=now,
    )


def _recording_key(data: TrackData, *, isrc: str, primary: str) -> str:
    return recording_key(
        isrc=isrc,
        title=data.name,
        artist_id=primary,
        duration_ms=data.duration_ms,
        track_id=data.id,
    )


def _store_credits(
    stored: Mapping[str, Track],
    tracks: Mapping[str, TrackData],
    artists: Mapping[str, Artist],
) -> None:
    """Make the credits of these tracks what Spotify says; touch only what differs."""
    wanted = {
        stored[track.id].pk: [artists[pk].pk for pk in _credited(track)]
        for track in tracks.values()
    }
    present: dict[int, list[int]] = {pk: [] for pk in wanted}
    credits = TrackArtist.objects.filter(track__in=list(wanted))
    for track_pk, artist_pk in credits.values_list("track_id", "artist_id"):
        present[track_pk].append(artist_pk)
    changed = [pk for pk in wanted if wanted[pk] != present[pk]]
    if any(present[pk] for pk in changed):
        TrackArtist.objects.filter(track__in=changed).delete()
    TrackArtist.objects.bulk_create(
        (
            TrackArtist(track_id=track_pk, artist_id=artist_pk, position=position)
            for track_pk in changed
            for position, artist_pk in enumerate(wanted[track_pk], start=1)
        ),
        batch_size=BATCH,
    )


def _credited(track: TrackData) -> list[str]:
    """Return the ids of a track's artists, each once, in order."""
    return list(dict.fromkeys(artist.id for artist in track.artists))


def _mark_gone(album: Album, tracks: Mapping[str, TrackData]) -> int:
    gone = album.tracks.exclude(spotify_id__in=list(tracks)).filter(is_playable=True)
    return gone.update(is_playable=False)


def _year(release_date: str) -> int | None:
    return int(release_date[:4]) if release_date[:4].isdecimal() else None


def _numbered(number: int) -> int:
    return min(max(number, SMALLEST), LARGEST)


def _fitting(text: str, length: int) -> str:
    """Return `text`, or "" where a part of it would be wrong."""
    return text if len(text) <= length else ""
