"""What Spotify tells us, as plain immutable values.

Texts are never None ("" where Spotify gives nothing) and hold neither NUL nor
lone surrogates, so every database takes them. URLs are http(s) or "".
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Token:
    """An answer of the token endpoint; `expires_in_s` counts from the answer on.

    `refresh_token` is None where the old one stays valid. `scopes` is empty where
    Spotify does not name them, which means: those that were asked for.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in_s: int
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Me:
    """The person behind a token; `account_id` never changes, `user_id` owns playlists.

    `account_id` falls back to the user id where Spotify does not give it.
    """

    account_id: str
    user_id: str
    display_name: str
    image_url: str
    url: str


@dataclass(frozen=True, slots=True)
class ArtistRef:
    """An artist as a track or an album credits it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class TrackData:
    """One track of an album.

    `isrc` is "" and `popularity` (0 to 100) None where the app may not see them.
    """

    id: str
    name: str
    artists: tuple[ArtistRef, ...]
    disc_number: int
    track_number: int
    duration_ms: int
    explicit: bool
    isrc: str
    popularity: int | None
    is_playable: bool


@dataclass(frozen=True, slots=True)
class AlbumData:
    """An album with all its tracks, in Spotify's order.

    `release_date` is "2019", "2019-06" or "2019-06-14", as
    `release_date_precision` ("year", "month", "day") says, or both are "".
    `total_tracks` counts what Spotify announces; tracks that it hides are missing
    in `tracks`.
    """

    id: str
    name: str
    album_type: str
    release_date: str
    release_date_precision: str
    total_tracks: int
    image_url: str
    upc: str
    url: str
    artists: tuple[ArtistRef, ...]
    tracks: tuple[TrackData, ...]


@dataclass(frozen=True, slots=True)
class AudioFeatures:
    """A track's measured character; None where Spotify does not know.

    0.0 to 1.0 each, but `loudness` (dB, mostly -60 to 0), `tempo` (beats a minute),
    `key` (0 is C, 11 is B) and `mode` (1 major, 0 minor).
    """

    track_id: str
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
class PlaylistData:
    """A playlist without its items; `description` is plain text, HTML unescaped.

    `total` is the number of items, None where Spotify keeps it to the owner.
    """

    id: str
    name: str
    description: str
    owner_id: str
    snapshot_id: str
    url: str
    is_public: bool | None
    total: int | None
