"""The Web API as typed calls; the one place that knows spotipy."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Protocol, Self

import requests
import spotipy
from requests.auth import AuthBase

from vibe_engine.errors import WaitError
from vibe_engine.spotify import answers, parse, transport
from vibe_engine.spotify.errors import (
    BadResponseError,
    SpotifyError,
    UnauthorizedError,
)
from vibe_engine.spotify.types import AlbumData, AudioFeatures, Me, PlaylistData

MAX_URIS = 100
MAX_FEATURES = 100

# An account holds some 11,000 playlists at most, a playlist 10,000 items: with 50 a
# page that is 220 pages.
_MAX_PAGES = 400
_PAGE_SIZE = 50
_PLAYLIST_FIELDS = (
    "id,name,description,public,snapshot_id,owner.id,external_urls,"
    "items.total,tracks.total"
)
_ID = re.compile(r"[0-9A-Za-z]{22}")
_ITEM_URI = re.compile(r"spotify:(track|episode):[0-9A-Za-z]{22}")


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """At DEBUG spotipy writes down every request and answer in full."""
    return record.levelno >= logging.WARNING


# A filter holds whatever level the loggers are set to later.
logging.getLogger("spotipy.client").addFilter(_is_worth_a_line)


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
    """One account's view of the Web API; for one thread.

    Every call may raise any `SpotifyError`, and what the token source and the gate
    raise. Nothing is repeated, except one request in the client's life after a 401
    with another token; nothing sleeps, nothing touches the database.

    :param api_url: base URL, "https://api.spotify.com/v1/".
    :param market: ISO 3166-1 alpha-2 country for reads of the catalogue, or "".
    :param deadline_s: for each request, from connecting to the last byte.
    :param worker: who sends, for the log of a sandbox; "" towards Spotify itself.
    """

    def __init__(
        self,
        *,
        api_url: str,
        tokens: TokenSource,
        gate: Gate,
        market: str = "",
        deadline_s: float = transport.DEADLINE_S,
        worker: str = "",
    ) -> None:
        self._tokens = tokens
        self._gate = gate
        self._market = market or None
        self._api_url = api_url.rstrip("/") + "/"
        self._session = transport.new_session(
            answers.check_api_answer, deadline_s=deadline_s, worker=worker
        )
        self._spotify = _spotipy_client(self._session, self._api_url)
        self._has_new_token = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; they also close when the client is let go."""
        self._session.close()

    def me(self) -> Me:
        """Return who the token belongs to."""
        return parse.me(self._call("profile", self._spotify.me))

    def album(self, album_id: str) -> AlbumData:
        """Return an album with all its tracks: one call per 50 of them."""
        send = partial(self._spotify.album, _checked_id(album_id), self._market)
        more = partial(self._spotify.album_tracks, album_id, market=self._market)
        answer = self._call("catalogue", send)
        rows = self._rows("catalogue", parse.album_page(answer), more)
        return parse.album(answer, rows)

    def audio_features(self, track_ids: Sequence[str]) -> dict[str, AudioFeatures]:
        """Return the features of at most 100 tracks by id; unknown ones are absent.

        :raises EndpointClosedError: this app may not read audio features.
        :raises ValueError: more than 100 ids, or something that is no id.
        """
        if len(track_ids) > MAX_FEATURES:
            raise ValueError(f"{len(track_ids)} ids; at most {MAX_FEATURES} fit.")
        if not track_ids:
            return {}
        ids = ",".join(_checked_id(track_id) for track_id in track_ids)
        send = partial(self._spotify._get, "audio-features", ids=ids)
        return parse.audio_features(self._call("features", send))

    def create_playlist(
        self, *, name: str, description: str, public: bool
    ) -> PlaylistData:
        """Create a playlist; after an `ambiguous` error it may stand all the same."""
        send = partial(
            self._spotify.current_user_playlist_create,
            name,
            public=public,
            description=description,
        )
        return parse.playlist(self._call("playlist_write", send))

    def replace_items(self, playlist_id: str, uris: Sequence[str]) -> str:
        """Make a playlist hold exactly `uris`, in order; return its snapshot id.

        One idempotent call. The snapshot id is "" where Spotify gives none.

        :raises ValueError: more than 100 URIs, or one that Spotify never takes.
        """
        if len(uris) > MAX_URIS:
            raise ValueError(f"{len(uris)} URIs; at most {MAX_URIS} fit in one call.")
        for uri in uris:
            if not _ITEM_URI.fullmatch(uri):
                raise ValueError(f"{uri!r} is no URI of a track.")
        replace = self._spotify.playlist_replace_items
        send = partial(replace, _checked_id(playlist_id), uris)
        return parse.snapshot_id(self._call("playlist_write", send))

    def playlist_items(self, playlist_id: str) -> tuple[str, ...]:
        """Return the URIs of a playlist in order; "" where an item is gone."""
        items = self._spotify.playlist_items
        read = partial(items, _checked_id(playlist_id), limit=_PAGE_SIZE)
        first = parse.page(self._call("playlist_read", read))
        rows = self._rows("playlist_read", first, read)
        return tuple(parse.item_uri(row) for row in rows)

    def playlist(self, playlist_id: str) -> PlaylistData:
        """Return a playlist without its items."""
        playlist = self._spotify.playlist
        send = partial(playlist, _checked_id(playlist_id), fields=_PLAYLIST_FIELDS)
        return parse.playlist(self._call("playlist_read", send))

    def change_details(
        self,
        playlist_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        public: bool | None = None,
    ) -> None:
        """Change what is given and leave the rest.

        An empty description goes as a space: Spotify answers 400 to an empty one.

        :raises ValueError: nothing is given.
        """
        if name is None and description is None and public is None:
            raise ValueError("There is nothing to change.")
        if description is not None:
            description = description or " "
        change = self._spotify.playlist_change_details
        send = partial(
            change,
            _checked_id(playlist_id),
            name=name,
            description=description,
            public=public,
        )
        self._call("playlist_write", send)

    def my_playlists(self) -> Iterator[PlaylistData]:
        """Yield the playlists that the account owns or follows, page by page."""
        read = partial(self._spotify.current_user_playlists, limit=_PAGE_SIZE)
        first = parse.page(self._call("playlist_read", read))
        for row in self._rows("playlist_read", first, read):
            if row is not None:
                yield parse.playlist(row)

    def unfollow(self, playlist_id: str) -> None:
        """Take a playlist out of the account's library: Spotify's way to delete."""
        uri = f"spotify:playlist:{_checked_id(playlist_id)}"
        send = partial(self._spotify._delete, "me/library", uris=uri)
        self._call("playlist_write", send)

    def _rows(
        self, group: str, page: parse.Page, more: Callable[..., object]
    ) -> Iterator[object]:
        """Yield the rows of a page and of all after it, got by `more(offset=...)`.

        Spotify's `next` only says that there is more: the token never goes to an
        address out of an answer, and the one for a person's playlists has long
        named a route that is closed to new apps.
        """
        seen, offset = set[str](), 0
        yield from page.rows
        while page.next_url:
            self._check_next(page, seen)
            seen.add(page.next_url)
            offset += len(page.rows)
            page = parse.page(self._call(group, partial(more, offset=offset)))
            yield from page.rows

    def _check_next(self, page: parse.Page, seen: set[str]) -> None:
        if not page.next_url.startswith(self._api_url):
            raise BadResponseError("Spotify's next page is at a foreign address.")
        if not page.rows or page.next_url in seen or len(seen) >= _MAX_PAGES:
            raise BadResponseError("Spotify's pages do not come to an end.")

    def _call(self, group: str, send: Callable[[], object]) -> object:
        """Send one request; once more with another token if this one is refused.

        Only once in the client's life: a fresh token that is refused as well shows
        that another one would not help.
        """
        token = self._tokens.access_token()
        try:
            return self._attempt(group, send, token)
        except UnauthorizedError:
            if self._has_new_token:
                raise
            self._has_new_token = True
            return self._attempt(group, send, self._tokens.refreshed(token))

    def _attempt(self, group: str, send: Callable[[], object], token: str) -> object:
        self._gate.enter(group)
        self._session.auth = _Bearer(token)
        try:
            answer = send()
        except SpotifyError as error:
            self._leave_failed(group, error)
            raise
        self._gate.leave(group, None)
        return answer

    def _leave_failed(self, group: str, error: SpotifyError) -> None:
        try:
            self._gate.leave(group, error)
        except WaitError as wait:
            if not error.ambiguous:
                raise wait from error


class _Bearer(AuthBase):
    """Adds the token below spotipy, which therefore never has one to log."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _spotipy_client(session: requests.Session, api_url: str) -> Any:
    spotify = spotipy.Spotify(requests_session=session)
    spotify.prefix = api_url
    return spotify


def _checked_id(spotify_id: str) -> str:
    if _ID.fullmatch(spotify_id):
        return spotify_id
    raise ValueError(f"{spotify_id!r} is no Spotify id.")
