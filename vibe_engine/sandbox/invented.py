"""Albums made up on the spot for ids that nobody has given out."""

from collections.abc import Sequence
from random import Random

from vibe_engine.sandbox import names, recordings
from vibe_engine.sandbox.catalogue import (
    Album,
    Artist,
    ArtistRef,
    Catalogue,
    Features,
    Track,
)
from vibe_engine.sandbox.ids import IdCodec, is_well_formed, stable_hash
from vibe_engine.sandbox.store import Store

LABEL = "(invented)"

_MAX_TRACKS = 64
_YEAR = 2024


class CatalogueWithInventions:
    """A catalogue that makes up an album where the id is unknown but well formed.

    Made up once, such an album stays: its id is kept in the state, and title,
    artist and tracks follow from the id. Its name carries a label, so that nobody
    takes it for a real one. While not `is_open`, nothing new is made up.
    """

    def __init__(
        self, base: Catalogue, store: Store, seed: int, *, is_open: bool
    ) -> None:
        self._base = base
        self._store = store
        self._ids = IdCodec(seed)
        self._is_open = is_open

    @property
    def album_count(self) -> int:
        """How many albums there are, the invented ones left out."""
        return self._base.album_count

    def albums(self, offset: int, limit: int) -> Sequence[Album]:
        """Return a page of all albums, the invented ones left out."""
        return self._base.albums(offset, limit)

    def album(self, album_id: str) -> Album | None:
        """Return the album, made up if need be; None where the id is malformed."""
        album = self._base.album(album_id)
        if album is not None or not is_well_formed(album_id):
            return album
        number = self._number(album_id)
        return None if number is None else self._make_album(number, album_id)

    def album_tracks(self, album: Album, offset: int, limit: int) -> Sequence[Track]:
        """Return a page of the album's tracks in playing order."""
        if not album.is_invented:
            return self._base.album_tracks(album, offset, limit)
        number = self._number(album.id)
        if number is None:
            return []
        last = min(offset + limit, album.total_tracks)
        return [self._make_track(number, album.id, at) for at in range(offset, last)]

    def track(self, track_id: str) -> Track | None:
        """Return the track, or None where the id is unknown."""
        place = self._place(track_id)
        if place is None:
            return self._base.track(track_id)
        return self._make_track(*place)

    def has_track(self, track_id: str) -> bool:
        """Tell whether the id is a track's."""
        return self._base.has_track(track_id) or self._place(track_id) is not None

    def features(self, track_id: str) -> Features | None:
        """Return the track's audio features, or None where unknown."""
        place = self._place(track_id)
        if place is None:
            return self._base.features(track_id)
        _, album_id, position = place
        return recordings.make_features(
            recordings.style_of(album_id), album_id, position
        )

    def artist(self, artist_id: str) -> Artist | None:
        """Return the artist, or None where the id is unknown."""
        album_id = self._album_of_artist(artist_id)
        if album_id is None:
            return self._base.artist(artist_id)
        return Artist(artist_id, _artist_name(album_id), popularity=20)

    def artist_albums(
        self, artist_id: str, offset: int, limit: int
    ) -> tuple[Sequence[Album], int]:
        """Return a page of the artist's own albums, and how many there are."""
        album_id = self._album_of_artist(artist_id)
        if album_id is None:
            return self._base.artist_albums(artist_id, offset, limit)
        album = self.album(album_id)
        albums = [] if album is None else [album]
        return albums[offset : offset + limit], len(albums)

    def _number(self, album_id: str) -> int | None:
        """Return the invented album's number, giving one out if that is open."""
        query = "SELECT number FROM invented_albums WHERE album_id = ?"
        row = self._store.row(query, album_id)
        if row is not None:
            return int(row["number"])
        if not self._is_open:
            return None
        return self._store.execute(
            "INSERT INTO invented_albums (album_id) VALUES (?)", album_id
        ).lastrowid

    def _album_id(self, number: int) -> str | None:
        query = "SELECT album_id FROM invented_albums WHERE number = ?"
        row = self._store.row(query, number)
        return None if row is None else str(row["album_id"])

    def _album_of_artist(self, artist_id: str) -> str | None:
        number = self._ids.decode("invented artist", artist_id)
        return None if number is None else self._album_id(number)

    def _place(self, track_id: str) -> tuple[int, str, int] | None:
        """Return number, album id and position of an invented track."""
        index = self._ids.decode("invented track", track_id)
        if index is None:
            return None
        number, position = divmod(index, _MAX_TRACKS)
        album_id = self._album_id(number)
        return None if album_id is None else (number, album_id, position)

    def _make_album(self, number: int, album_id: str) -> Album:
        random = Random(stable_hash("invented", album_id))
        return Album(
            id=album_id,
            name=f"{names.album_name(random)} {LABEL}",
            album_type="album",
            artists=(self._credit(number, album_id),),
            release_date=f"{_YEAR}-{random.randint(1, 12):02d}-01",
            release_date_precision="day",
            total_tracks=random.randint(9, 14),
            label="Invented Records",
            popularity=20,
            style=recordings.style_of(album_id).name,
            is_invented=True,
        )

    def _make_track(self, number: int, album_id: str, position: int) -> Track:
        made = recordings.make_recording(album_id, position)
        index = number * _MAX_TRACKS + position
        return Track(
            id=self._ids.encode("invented track", index),
            name=made.title,
            album_id=album_id,
            artists=(self._credit(number, album_id),),
            disc_number=1,
            track_number=position + 1,
            duration_ms=made.duration_ms,
            explicit=made.explicit,
            isrc=f"QZX{index:09d}",
            popularity=20,
        )

    def _credit(self, number: int, album_id: str) -> ArtistRef:
        artist_id = self._ids.encode("invented artist", number)
        return ArtistRef(artist_id, _artist_name(album_id))


def _artist_name(album_id: str) -> str:
    return names.artist_name(Random(stable_hash("invented artist", album_id)))
