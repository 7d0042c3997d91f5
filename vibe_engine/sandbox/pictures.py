"""Covers and avatars over HTTP, and the stylesheet."""

import re
from functools import lru_cache

from werkzeug.wrappers import Response

from vibe_engine.sandbox import art
from vibe_engine.sandbox.markup import HERE
from vibe_engine.sandbox.world import World

_PICTURE = re.compile(r"/images/(album|artist|playlist|user)/(\d{1,4})/([^/]+)\.svg")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_DAY_S = 86_400
_MAX_SIZE = 2_000
_MOSAIC_TILES = 4


class Pictures:
    """Draws what `/images/<kind>/<size>/<id>.svg` names."""

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, path: str) -> Response | None:
        """Return the picture or the stylesheet at the path; None for other paths."""
        if path == "/static/sandbox.css":
            return _stylesheet()
        if path == "/images/sandbox.svg":
            return _svg(art.avatar("sandbox", size=64))
        named = _PICTURE.fullmatch(path)
        if named is None:
            return None
        kind, size, key = named[1], min(int(named[2]), _MAX_SIZE), named[3]
        if kind == "playlist":
            return _svg(art.mosaic(self._covers_of(key), size=size), max_age_s=0)
        return _svg(_draw(kind, key, size))

    def _covers_of(self, playlist_id: str) -> list[str]:
        """Return the albums of the first tracks, each once, four at most."""
        playlist = self._world.playlists.find(playlist_id)
        albums: list[str] = []
        for item in playlist.items if playlist else ():
            track = self._world.catalogue.track(item.uri.rpartition(":")[2])
            if track is not None and track.album_id not in albums:
                albums.append(track.album_id)
            if len(albums) == _MOSAIC_TILES:
                break
        return albums


@lru_cache(1_024)
def _draw(kind: str, key: str, size: int) -> str:
    draw = art.cover if kind == "album" else art.avatar
    return draw(key, size=size)


def _svg(document: str, *, max_age_s: int = _DAY_S) -> Response:
    response = Response(document, content_type="image/svg+xml; charset=utf-8")
    response.headers["Cache-Control"] = f"public, max-age={max_age_s}"
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _stylesheet() -> Response:
    css = (HERE / "static" / "sandbox.css").read_text(encoding="utf-8")
    response = Response(css, content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    return response
