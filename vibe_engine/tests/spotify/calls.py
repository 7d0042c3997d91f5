"""Every call of the client once, for what holds for all of them."""

from collections.abc import Callable

import pytest

from vibe_engine.spotify.client import SpotifyClient
from vibe_engine.tests.spotify import bodies
from vibe_engine.tests.spotify.bodies import ALBUM_ID, PLAYLIST_ID, track_uri

CALLS: dict[str, tuple[str, Callable[[SpotifyClient], object]]] = {
    "me": ("profile", lambda spotify: spotify.me()),
    "album": ("catalogue", lambda spotify: spotify.album(ALBUM_ID)),
    "audio_features": (
        "features",
        lambda spotify: spotify.audio_features([bodies.track_id(1)]),
    ),
    "create_playlist": (
        "playlist_write",
        lambda spotify: spotify.create_playlist(name="n", description="d", public=True),
    ),
    "replace_items": (
        "playlist_write",
        lambda spotify: spotify.replace_items(PLAYLIST_ID, [track_uri(1)]),
    ),
    "playlist_items": (
        "playlist_read",
        lambda spotify: spotify.playlist_items(PLAYLIST_ID),
    ),
    "playlist": ("playlist_read", lambda spotify: spotify.playlist(PLAYLIST_ID)),
    "change_details": (
        "playlist_write",
        lambda spotify: spotify.change_details(PLAYLIST_ID, name="n"),
    ),
    "my_playlists": ("playlist_read", lambda spotify: list(spotify.my_playlists())),
    "unfollow": ("playlist_write", lambda spotify: spotify.unfollow(PLAYLIST_ID)),
}
WITHOUT_ANSWER = ("change_details", "unfollow")
every_call = pytest.mark.parametrize("name", CALLS)
