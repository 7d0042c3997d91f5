"""What a catalogue is: albums, tracks and artists, found by id."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ArtistRef:
    """An artist as credited on a track or an album."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Artist:
    """An artist; popularity 0 to 100."""

    id: str
    name: str
    genres: tuple[str, ...] = ()
    popularity: int = 0
    followers: int = 0


@dataclass(frozen=True, slots=True)
class Album:
    """An album without its tracks; `is_odd` marks hostile-looking names."""

    id: str
    name: str
    album_type: str
    artists: tuple[ArtistRef, ...]
    release_date: str
    release_date_precision: str
    total_tracks: int
    upc: str = ""
    label: str = ""
    popularity: int = 0
    style: str = ""
    is_odd: bool = False
    is_invented: bool = False


@dataclass(frozen=True, slots=True)
class Features:
    """The audio features of a recording; None where unknown."""

    danceability: float | None
    energy: float | None
    key: int | None
    loudness: float | None
    mode: int | None
    speechiness: float | None
    acousticness: float | None
    instrumentalness: float | None
    liveness: float | None
    valence: float | None
    tempo: float | None


@dataclass(frozen=True, slots=True)
class Track:
    """A track on an album; popularity 0 to 100, `isrc` empty where unknown.

    `linked_from_id`: the track that was asked for, where this one stands in for it.
    """

    id: str
    name: str
    album_id: str
    artists: tuple[ArtistRef, ...]
    disc_number: int
    track_number: int
    duration_ms: int
    explicit: bool
    isrc: str
    popularity: int
    is_playable: bool = True
    linked_from_id: str = ""


class Catalogue(Protocol):
    """Everything that can be looked up, in constant time by id."""

    @property
    def album_count(self) -> int:
        """How many albums there are."""
        ...

    def albums(self, offset: int, limit: int) -> Sequence[Album]:
        """Return a page of all albums, in a stable order."""
        ...

    def album(self, album_id: str) -> Album | None:
        """Return the album, or None where the id is unknown."""
        ...

    def album_tracks(self, album: Album, offset: int, limit: int) -> Sequence[Track]:
        """Return a page of the album's tracks in playing order."""
        ...

    def track(self, track_id: str) -> Track | None:
        """Return the track, or None where the id is unknown."""
        ...

    def has_track(self, track_id: str) -> bool:
        """Tell whether the id is a track's; cheaper than looking at it."""
        ...

    def features(self, track_id: str) -> Features | None:
        """Return the track's audio features, or None where unknown."""
        ...

    def artist(self, artist_id: str) -> Artist | None:
        """Return the artist, or None where the id is unknown."""
        ...

    def artist_albums(
        self, artist_id: str, offset: int, limit: int
    ) -> tuple[Sequence[Album], int]:
        """Return a page of the artist's own albums, and how many there are."""
        ...
