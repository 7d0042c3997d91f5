"""Answers of Spotify as a new development-mode app gets them."""

from typing import Any

ALBUM_ID = "4aawyAB9vmqN3uQ7FjRGTy"
ARTIST_ID = "1DFixLWuPkv3KT3TnV35m3"
PLAYLIST_ID = "3cEYpjA9oz9GiPac4AsH4n"
EPISODE_URI = "spotify:episode:512ojhOuo1ktJprKbVcKyQ"


def track_id(number: int) -> str:
    return f"track{number:017}"


def track_uri(number: int) -> str:
    return f"spotify:track:{track_id(number)}"


def artist(**changes: Any) -> dict[str, Any]:
    return {"id": ARTIST_ID, "name": "Pitbull", "type": "artist"} | changes


def track(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "artists": [artist()],
        "disc_number": 1,
        "duration_ms": 210_000,
        "explicit": False,
        "external_urls": {"spotify": f"https://open.spotify.com/track/{number}"},
        "id": track_id(number),
        "is_local": False,
        "name": f"Song {number}",
        "preview_url": None,
        "track_number": number,
        "type": "track",
        "uri": track_uri(number),
    } | changes


def page(*rows: object, next_url: str | None = None) -> dict[str, Any]:
    return {"href": "", "items": list(rows), "next": next_url, "total": len(rows)}


def album(*rows: object, next_url: str | None = None, **changes: Any) -> dict[str, Any]:
    url = f"https://open.spotify.com/album/{ALBUM_ID}"
    return {
        "album_type": "album",
        "artists": [artist()],
        "copyrights": [],
        "external_ids": {"upc": "886443671584"},
        "external_urls": {"spotify": url},
        "genres": [],
        "id": ALBUM_ID,
        "images": [
            {"url": "https://i.scdn.co/image/small", "width": 64, "height": 64},
            {"url": "https://i.scdn.co/image/large", "width": 640, "height": 640},
            {"url": "https://i.scdn.co/image/unknown", "width": None, "height": None},
        ],
        "name": "Global Warming",
        "release_date": "2012-11-16",
        "release_date_precision": "day",
        "total_tracks": len(rows),
        "tracks": page(*rows, next_url=next_url),
        "type": "album",
    } | changes


def playlist(**changes: Any) -> dict[str, Any]:
    url = f"https://open.spotify.com/playlist/{PLAYLIST_ID}"
    return {
        "collaborative": False,
        "description": "Tom &amp; Jerry&#x27;s",
        "external_urls": {"spotify": url},
        "id": PLAYLIST_ID,
        "images": None,
        "items": {"href": "", "total": 50},
        "name": "Vibe Collection • 001",
        "owner": {"display_name": "Joe", "id": "joe.bloggs", "type": "user"},
        "primary_color": None,
        "public": True,
        "snapshot_id": "AAAAB8C+GjVHq8v4vzStbL6AUYzo1cDV",
        "type": "playlist",
    } | changes


def profile(**changes: Any) -> dict[str, Any]:
    return {
        "account_id": "acc-1",
        "display_name": "Joe",
        "external_urls": {"spotify": "https://open.spotify.com/user/joe.bloggs"},
        "id": "joe.bloggs",
        "images": [],
        "type": "user",
        "uri": "spotify:user:joe.bloggs",
    } | changes


def features(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "acousticness": 0.00242,
        "danceability": 0.585,
        "duration_ms": 237_040,
        "energy": 0.842,
        "id": track_id(number),
        "instrumentalness": 0.00686,
        "key": 9,
        "liveness": 0.0866,
        "loudness": -5.883,
        "mode": 0,
        "speechiness": 0.0556,
        "tempo": 118.211,
        "time_signature": 4,
        "valence": 0.428,
    } | changes


def token(**changes: Any) -> dict[str, Any]:
    return {
        "access_token": "BQ-access",
        "token_type": "Bearer",
        "expires_in": 3600,
        "refresh_token": "AQ-refresh",
        "scope": "playlist-read-private playlist-modify-public",
    } | changes


def error(status: int, message: str = "", **more: Any) -> dict[str, Any]:
    return {"error": {"status": status, "message": message} | more}
