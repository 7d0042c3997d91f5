"""Spotify's JSON objects, in the full and in the reduced form.

An app in development mode does not get the fields that Spotify removed in
February 2026 (popularity, genres, labels, markets, followers and others).
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from vibe_engine.sandbox.catalogue import (
    Album,
    Artist,
    ArtistRef,
    Catalogue,
    Features,
    Track,
)
from vibe_engine.sandbox.clock import iso
from vibe_engine.sandbox.people import User
from vibe_engine.sandbox.playlists import Item, Playlist

Json = dict[str, Any]

EMBEDDED_TRACKS = 50
IMAGE_SIZES = (640, 300, 64)
MARKETS = ("DE", "ES", "FR", "GB", "JP", "SE", "US")
TRACK_URI = "spotify:track:"


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list: what was asked for, and how long the whole is."""

    path: str
    offset: int
    limit: int
    total: int
    query: Mapping[str, str] | None = None


class Shaper:
    """Writes objects for one request: with its own host, in the app's form."""

    def __init__(self, base_url: str, *, is_extended: bool, market: str = "") -> None:
        self._base = base_url.rstrip("/")
        self._is_extended = is_extended
        self._market = market

    def paging(self, items: Sequence[Any], page: Page) -> Json:
        """Return a paging object with absolute links on our own host."""
        next_offset = page.offset + page.limit
        previous_offset = max(page.offset - page.limit, 0)
        return {
            "href": self._page_url(page, page.offset),
            "limit": page.limit,
            "next": self._page_url(page, next_offset)
            if next_offset < page.total
            else None,
            "offset": page.offset,
            "previous": self._page_url(page, previous_offset) if page.offset else None,
            "total": page.total,
            "items": list(items),
        }

    def artist_ref(self, artist: ArtistRef) -> Json:
        """Return a SimplifiedArtistObject."""
        return {**self._identity("artist", artist.id), "name": artist.name}

    def artist(self, artist: Artist) -> Json:
        """Return an ArtistObject; no genres in the reduced form either."""
        shown = {
            **self._identity("artist", artist.id),
            "name": artist.name,
            "images": self._images("artist", artist.id),
        }
        if self._is_extended:
            shown["genres"] = list(artist.genres)
            shown["popularity"] = artist.popularity
            shown["followers"] = {"href": None, "total": artist.followers}
        return shown

    def simple_album(self, album: Album) -> Json:
        """Return a SimplifiedAlbumObject."""
        shown = {
            **self._identity("album", album.id),
            "album_type": album.album_type,
            "name": album.name,
            "artists": [self.artist_ref(artist) for artist in album.artists],
            "images": self._images("album", album.id),
            "release_date": album.release_date,
            "release_date_precision": album.release_date_precision,
            "total_tracks": album.total_tracks,
        }
        if self._is_extended:
            shown["available_markets"] = list(MARKETS)
        return shown

    def artists_album(self, album: Album) -> Json:
        """Return an album as the list of an artist's albums shows it."""
        shown = self.simple_album(album)
        if self._is_extended:
            shown["album_group"] = album.album_type
        return shown

    def album(self, album: Album, tracks: Sequence[Track]) -> Json:
        """Return an AlbumObject with its first tracks, 50 at most."""
        page = Page(
            path=f"albums/{album.id}/tracks",
            offset=0,
            limit=EMBEDDED_TRACKS,
            total=album.total_tracks,
            query={"market": self._market} if self._market else None,
        )
        shown = self.simple_album(album)
        shown["tracks"] = self.paging(
            [self.simple_track(each) for each in tracks], page
        )
        shown["copyrights"] = [{"text": f"(P) {album.label}", "type": "P"}]
        shown["external_ids"] = {"upc": album.upc} if album.upc else {}
        if self._is_extended:
            shown["genres"] = []
            shown["label"] = album.label
            shown["popularity"] = album.popularity
        return shown

    def simple_track(self, track: Track) -> Json:
        """Return a SimplifiedTrackObject, which carries no ISRC."""
        shown = {
            **self._identity("track", track.id),
            "name": track.name,
            "artists": [self.artist_ref(artist) for artist in track.artists],
            "disc_number": track.disc_number,
            "track_number": track.track_number,
            "duration_ms": track.duration_ms,
            "explicit": track.explicit,
            "is_local": False,
            "preview_url": None,
        }
        if self._market:
            shown["is_playable"] = track.is_playable
            if not track.is_playable:
                shown["restrictions"] = {"reason": "market"}
        if self._is_extended:
            shown["available_markets"] = list(MARKETS) if track.is_playable else []
            if track.linked_from_id:
                shown["linked_from"] = self._identity("track", track.linked_from_id)
        return shown

    def track(self, track: Track, catalogue: Catalogue) -> Json:
        """Return a TrackObject with its album and ISRC."""
        album = catalogue.album(track.album_id)
        shown = self.simple_track(track)
        if album is not None:
            shown["album"] = self.simple_album(album)
        shown["external_ids"] = {"isrc": track.isrc} if track.isrc else {}
        if self._is_extended:
            shown["popularity"] = track.popularity
        return shown

    def features(self, track: Track, features: Features) -> Json:
        """Return an AudioFeaturesObject."""
        return {
            **asdict(features),
            "id": track.id,
            "uri": f"{TRACK_URI}{track.id}",
            "type": "audio_features",
            "track_href": f"{self._base}/v1/tracks/{track.id}",
            "analysis_url": f"{self._base}/v1/audio-analysis/{track.id}",
            "duration_ms": track.duration_ms,
            "time_signature": 4,
        }

    def me(self, user: User) -> Json:
        """Return a PrivateUserObject."""
        shown = {
            **self.owner(user),
            "account_id": user.account_id,
            "images": self._images("user", user.user_id),
        }
        if self._is_extended:
            shown["country"] = "SE"
            shown["email"] = f"{user.user_id}@example.com"
            shown["explicit_content"] = {
                "filter_enabled": False,
                "filter_locked": False,
            }
            shown["followers"] = {"href": None, "total": 0}
            shown["product"] = "premium"
        return shown

    def owner(self, user: User) -> Json:
        """Return a PlaylistOwnerObject."""
        return {
            **self._identity("user", user.user_id),
            "display_name": user.display_name,
        }

    def simple_playlist(self, playlist: Playlist, owner: User) -> Json:
        """Return a SimplifiedPlaylistObject, which counts the items only."""
        count = {
            "href": f"{self._base}/v1/playlists/{playlist.id}/items",
            "total": len(playlist.items),
        }
        shown = {
            **self._identity("playlist", playlist.id),
            "collaborative": playlist.collaborative,
            "description": html.escape(playlist.description),
            "images": self._images("playlist", playlist.id) if playlist.items else [],
            "name": playlist.name,
            "owner": self.owner(owner),
            "primary_color": None,
            "public": playlist.public,
            "snapshot_id": playlist.snapshot_id,
            "items": count,
        }
        if self._is_extended:
            shown["tracks"] = count
        return shown

    def playlist(self, playlist: Playlist, owner: User, rows: Json | None) -> Json:
        """Return a PlaylistObject; without items for those who do not own it."""
        shown = self.simple_playlist(playlist, owner)
        for name in ("items", "tracks"):
            if shown.pop(name, None) is not None and rows is not None:
                shown[name] = rows
        if self._is_extended:
            shown["followers"] = {"href": None, "total": 0}
        return shown

    def row(self, item: Item, owner: User, track: Json | None) -> Json:
        """Return a PlaylistTrackObject; `track` None where it was withdrawn."""
        shown = {
            "added_at": iso(item.added_at_s),
            "added_by": self._identity("user", owner.user_id),
            "is_local": False,
            "primary_color": None,
            "video_thumbnail": {"url": None},
            "item": track,
        }
        if self._is_extended:
            shown["track"] = track
        return shown

    def _identity(self, kind: str, spotify_id: str) -> Json:
        plural = f"{kind}s"
        return {
            "external_urls": {"spotify": f"{self._base}/{kind}/{spotify_id}"},
            "href": f"{self._base}/v1/{plural}/{spotify_id}",
            "id": spotify_id,
            "type": kind,
            "uri": f"spotify:{kind}:{spotify_id}",
        }

    def _images(self, kind: str, spotify_id: str) -> list[Json]:
        return [
            {
                "url": f"{self._base}/images/{kind}/{size}/{spotify_id}.svg",
                "height": size,
                "width": size,
            }
            for size in IMAGE_SIZES
        ]

    def _page_url(self, page: Page, offset: int) -> str:
        query = urlencode({**(page.query or {}), "offset": offset, "limit": page.limit})
        return f"{self._base}/v1/{page.path}?{query}"
