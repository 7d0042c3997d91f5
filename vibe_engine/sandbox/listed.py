"""A catalogue read from a CSV file, one track a line."""

import csv
import gzip
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from vibe_engine.sandbox.catalogue import Album, Artist, ArtistRef, Features, Track

_ESCAPED_CHARACTER = re.compile(r"<U\+([0-9A-F]{4,6})>")
_SEPARATOR = ";"
_FLOATS = (
    "danceability energy loudness speechiness acousticness instrumentalness "
    "liveness valence tempo"
)

Row = Mapping[str, str]


class CatalogueFileError(Exception):
    """The catalogue file cannot be used; the text says why."""


class ListedCatalogue:
    """The catalogue of a file, held in memory.

    Columns: album_id, album_name, album_type, release_date,
    release_date_precision, track_id, track_name, disc_number, track_number,
    artist_names and artist_ids (`;` between several), duration_ms, explicit, isrc,
    popularity and the audio features. An empty cell means unknown.

    :raises CatalogueFileError: the file is missing, or a line lacks what it needs.
    """

    def __init__(self, path: Path) -> None:
        self._albums: dict[str, Album] = {}
        self._tracks: dict[str, Track] = {}
        self._features: dict[str, Features] = {}
        self._artists: dict[str, Artist] = {}
        self._album_tracks: dict[str, list[Track]] = defaultdict(list)
        self._artist_albums: dict[str, list[str]] = defaultdict(list)
        for line, row in _read(path):
            try:
                self._take_in(row)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise CatalogueFileError(f"{path}, line {line}: {error!r}") from error
        if not self._tracks:
            raise CatalogueFileError(f"{path} holds no tracks")
        self._finish_albums()
        self._order = list(self._albums)

    @property
    def album_count(self) -> int:
        """How many albums there are."""
        return len(self._order)

    def albums(self, offset: int, limit: int) -> Sequence[Album]:
        """Return a page of all albums, in the order of the file."""
        return [self._albums[each] for each in self._order[offset : offset + limit]]

    def album(self, album_id: str) -> Album | None:
        """Return the album, or None where the id is unknown."""
        return self._albums.get(album_id)

    def album_tracks(self, album: Album, offset: int, limit: int) -> Sequence[Track]:
        """Return a page of the album's tracks in playing order."""
        return self._album_tracks[album.id][offset : offset + limit]

    def track(self, track_id: str) -> Track | None:
        """Return the track, or None where the id is unknown."""
        return self._tracks.get(track_id)

    def has_track(self, track_id: str) -> bool:
        """Tell whether the id is a track's."""
        return track_id in self._tracks

    def features(self, track_id: str) -> Features | None:
        """Return the track's audio features, or None where unknown."""
        return self._features.get(track_id)

    def artist(self, artist_id: str) -> Artist | None:
        """Return the artist, or None where the id is unknown."""
        return self._artists.get(artist_id)

    def artist_albums(
        self, artist_id: str, offset: int, limit: int
    ) -> tuple[Sequence[Album], int]:
        """Return a page of the artist's own albums, and how many there are."""
        album_ids = self._artist_albums.get(artist_id, [])
        page = album_ids[offset : offset + limit]
        return [self._albums[each] for each in page], len(album_ids)

    def _take_in(self, row: Row) -> None:
        track = _track(row)
        self._tracks[track.id] = track
        self._album_tracks[track.album_id].append(track)
        features = _features(row)
        if features is not None:
            self._features[track.id] = features
        for artist in track.artists:
            self._artists.setdefault(
                artist.id, Artist(artist.id, artist.name, popularity=track.popularity)
            )
        if track.album_id not in self._albums:
            self._albums[track.album_id] = _album(row, track)
            self._artist_albums[track.artists[0].id].append(track.album_id)

    def _finish_albums(self) -> None:
        for album_id, tracks in self._album_tracks.items():
            tracks.sort(key=lambda track: (track.disc_number, track.track_number))
            self._albums[album_id] = _with_total(self._albums[album_id], tracks)


def _read(path: Path) -> Iterator[tuple[int, Row]]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            for row in reader:
                yield reader.line_num, row
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise CatalogueFileError(f"{path} cannot be read: {error}") from error


def _track(row: Row) -> Track:
    return Track(
        id=row["track_id"],
        name=_text(row["track_name"]),
        album_id=row["album_id"],
        artists=_artists(row),
        disc_number=int(row["disc_number"] or 1),
        track_number=int(row["track_number"] or 1),
        duration_ms=int(row["duration_ms"]),
        explicit=row["explicit"].lower() in ("1", "true"),
        isrc=row["isrc"],
        popularity=int(row["popularity"] or 0),
    )


def _artists(row: Row) -> tuple[ArtistRef, ...]:
    ids = row["artist_ids"].split(_SEPARATOR)
    names = _text(row["artist_names"]).split(_SEPARATOR)
    return tuple(map(ArtistRef, ids, names))


def _album(row: Row, track: Track) -> Album:
    return Album(
        id=row["album_id"],
        name=_text(row["album_name"]),
        album_type=row["album_type"] or "album",
        artists=track.artists[:1],
        release_date=row["release_date"],
        release_date_precision=row["release_date_precision"],
        total_tracks=0,
    )


def _with_total(album: Album, tracks: Sequence[Track]) -> Album:
    return Album(
        id=album.id,
        name=album.name,
        album_type=album.album_type,
        artists=album.artists,
        release_date=album.release_date,
        release_date_precision=album.release_date_precision,
        total_tracks=len(tracks),
        popularity=max(track.popularity for track in tracks),
    )


def _features(row: Row) -> Features | None:
    floats = {name: float(row[name]) if row[name] else None for name in _FLOATS.split()}
    key, mode = (int(row[name]) if row[name] else None for name in ("key", "mode"))
    if key is None and mode is None and not any(floats.values()):
        return None
    return Features(key=key, mode=mode, **floats)


def _text(cell: str) -> str:
    """Return the text with characters like `<U+00E9>` written out."""
    return _ESCAPED_CHARACTER.sub(lambda match: chr(int(match[1], 16)), cell)
