"""The Web API as typed calls; the one place that knows spotipy."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from vibe_engine.spotify.errors import SpotifyError
from vibe_engine.spotify.types import AlbumData, AudioFeatures, Me, PlaylistData


class TokenSource(Protocol):
    """Where the client gets its access token from."""

    def access_token(self) -> str:
        """Return a token that should still be accepted."""

    def refreshed(self, rejected: str) -> str:
        """Return another token than the one that Spotify has just refused (401)."""


class Gate(Protocol):
    """Asked before every single request and told how it ended.

    Groups: "profile", "catalogue", "playlist_read", "playlist_write", "features".
    """

    def enter(self, group: str) -> None:
        """Let one request pass.

        :raises WaitError: it is too early; nothing is sent.
        """

    def leave(self, group: str, error: SpotifyError | None) -> None:
        """Take note of how the request ended; `error` is None on success.

        :raises WaitError: instead of an `error` in which Spotify clearly refused.
            Not on success: the result would be lost. After an ambiguous error it
            is ignored, since the doubt must reach the caller.
        """


class SpotifyClient:
    """One account's view of the Web API; for one thread, closed after use.

    Every call may raise any `SpotifyError`, and what the token source and the gate
    raise. Nothing is repeated, except once after a 401 with another token; nothing
    sleeps, nothing touches the database.

    :param api_url: base URL with a trailing slash, "https://api.spotify.com/v1/".
    :param market: ISO 3166-1 alpha-2 country for reads of the catalogue, or "".
    """

    def __init__(
        self, *, api_url: str, tokens: TokenSource, gate: Gate, market: str = ""
    ) -> None:
        raise NotImplementedError

    def me(self) -> Me:
        """Return who the token belongs to."""
        raise NotImplementedError

    def album(self, album_id: str) -> AlbumData:
        """Return an album with all its tracks: one call per 50 of them."""
        raise NotImplementedError

    def audio_features(self, track_ids: Sequence[str]) -> dict[str, AudioFeatures]:
        """Return the features of at most 100 tracks by id; unknown ones are absent.

        :raises EndpointClosedError: this app may not read audio features.
        """
        raise NotImplementedError

    def create_playlist(
        self, *, name: str, description: str, public: bool
    ) -> PlaylistData:
        """Create a playlist; after an `ambiguous` error it may stand all the same."""
        raise NotImplementedError

    def replace_items(self, playlist_id: str, uris: Sequence[str]) -> str:
        """Make a playlist hold exactly `uris`, in order; return its snapshot id.

        One idempotent call for at most 100 URIs.

        :raises ValueError: more than 100 URIs.
        """
        raise NotImplementedError

    def playlist_items(self, playlist_id: str) -> tuple[str, ...]:
        """Return the URIs of a playlist in order; "" where an item is gone."""
        raise NotImplementedError

    def playlist(self, playlist_id: str) -> PlaylistData:
        """Return a playlist without its items."""
        raise NotImplementedError

    def change_details(
        self,
        playlist_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        public: bool | None = None,
    ) -> None:
        """Change what is given and leave the rest."""
        raise NotImplementedError

    def my_playlists(self) -> Iterator[PlaylistData]:
        """Yield the playlists that the account owns or follows, page by page."""
        raise NotImplementedError

    def unfollow(self, playlist_id: str) -> None:
        """Take a playlist out of the account's library: Spotify's way to delete."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connections."""
        raise NotImplementedError
