"""A stand-in for ReccoBeats: audio features by Spotify id, without a key.

As its reference and its users describe it (reccobeats.com/docs, 2026): 40 ids a
request, more are dropped silently; what it does not know is left out; the order is
not that of the request. How much it knows and how much it lets one ask is not
published: both are options.
"""

import uuid
from random import Random
from typing import Any

from werkzeug.wrappers import Request, Response

from vibe_engine.sandbox.answers import json_answer
from vibe_engine.sandbox.catalogue import Features, Track
from vibe_engine.sandbox.ids import stable_hash
from vibe_engine.sandbox.options import Options
from vibe_engine.sandbox.requestlog import Entry
from vibe_engine.sandbox.world import World

PREFIX = "/reccobeats/v1"
MAX_IDS = 40

_WHO = "ReccoBeats"
_FIELDS = (
    "acousticness",
    "danceability",
    "energy",
    "instrumentalness",
    "key",
    "liveness",
    "loudness",
    "mode",
    "speechiness",
    "tempo",
    "valence",
)
_UNKNOWN_KEY = -1
_SHARES = 1_000_000


class ReccoBeats:
    """Answers what is asked of `/v1/audio-features`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, request: Request, entry: Entry) -> Response:
        """Return the features of the tracks that are known, or an error."""
        if request.path.rstrip("/") != f"{PREFIX}/audio-features":
            return _refusal(404, 4041, "Not found")
        if request.method != "GET":
            return _refusal(405, 4051, "Method not allowed")
        options = self._world.options()
        wait_s = self._wait_s(options, entry)
        if wait_s is not None:
            refusal = _refusal(429, 4291, "Too many requests")
            refusal.headers["Retry-After"] = str(wait_s)
            return refusal
        ids = _ids(request)
        if not ids:
            return _refusal(400, 4001, "ids must be given")
        entry.applied = True
        return json_answer({"content": self._content(ids[:MAX_IDS], options)})

    def _wait_s(self, options: Options, entry: Entry) -> int | None:
        return self._world.limits.wait_for_rate_s(
            _WHO, options.reccobeats_rate, now_s=entry.at_s
        )

    def _content(self, ids: list[str], options: Options) -> list[dict[str, Any]]:
        found = []
        for track_id in dict.fromkeys(ids):
            track = self._world.catalogue.track(track_id)
            features = self._world.catalogue.features(track_id)
            is_missed = _draw(track_id) < options.reccobeats_misses
            if track is not None and features is not None and not is_missed:
                found.append(_row(track, features))
        Random(stable_hash("order", *ids)).shuffle(found)
        return found


def _ids(request: Request) -> list[str]:
    """Return the ids, given with commas, one by one, or both."""
    given = ",".join(request.args.getlist("ids"))
    return [each.strip() for each in given.split(",") if each.strip()]


def _draw(track_id: str) -> float:
    """Return a number from 0 to 1 that is the track's own."""
    return stable_hash("reccobeats", track_id) % _SHARES / _SHARES


def _row(track: Track, features: Features) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(features, name) for name in _FIELDS}
    if row["key"] is None:
        row["key"] = _UNKNOWN_KEY
    return {
        "id": str(uuid.UUID(int=stable_hash("recording", track.id) % 2**128)),
        "href": f"https://open.spotify.com/track/{track.id}",
        "isrc": track.isrc or None,
        **row,
    }


def _refusal(status: int, code: int, message: str) -> Response:
    return json_answer({"status": status, "code": code, "error": message}, status)
