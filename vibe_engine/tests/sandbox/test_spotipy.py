"""spotipy used as anybody would, against the sandbox."""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import spotipy

from vibe_engine.tests.sandbox.running import Account, RunningSandbox


@pytest.fixture
def client(account: Account) -> Iterator[Any]:
    with requests.Session() as session:
        spotify = spotipy.Spotify(auth=account.token, requests_session=session)
        spotify.prefix = f"{account.url}/v1/"
        yield spotify


@pytest.fixture
def box(local: RunningSandbox) -> dict[str, Any]:
    return next(album for album in local.albums() if album["total_tracks"] > 50)


class TestSpotipy:
    def test_reads_an_album_to_its_end(self, client: Any, box: dict[str, Any]) -> None:
        page = client.album(box["id"])["tracks"]
        tracks = page["items"]
        while page["next"]:
            page = client.next(page)
            tracks += page["items"]
        assert len(tracks) == box["total_tracks"]
        again = client.album_tracks(box["id"], limit=50)["items"]
        assert again == tracks[:50]

    def test_keeps_a_playlist(
        self, client: Any, local: RunningSandbox, account: Account
    ) -> None:
        uris = local.track_uris(6)
        created = client.current_user_playlist_create("Mine", public=True)
        playlist_id = created["id"]
        client.playlist_replace_items(playlist_id, uris[:3])
        client.playlist_add_items(playlist_id, uris[3:], position=0)
        assert account.uris(playlist_id) == uris[3:] + uris[:3]
        client.playlist_reorder_items(playlist_id, 0, 6, range_length=3)
        assert account.uris(playlist_id) == uris
        client.playlist_remove_all_occurrences_of_items(playlist_id, uris[:1])
        client.playlist_change_details(playlist_id, name="Yours")
        assert client.playlist(playlist_id)["name"] == "Yours"
        rows = client.playlist_items(playlist_id)["items"]
        assert [row["item"]["uri"] for row in rows] == uris[1:]
        assert client.current_user_playlists()["items"][0]["id"] == playlist_id
        client._delete("me/library", uris=f"spotify:playlist:{playlist_id}")
        assert client.current_user_playlists()["total"] == 0

    def test_knows_who_it_speaks_for(self, client: Any) -> None:
        assert client.me()["id"] == "harbour-radio"

    def test_keeps_status_reason_and_wait_of_an_error(
        self, client: Any, local: RunningSandbox
    ) -> None:
        local.fault(
            "status",
            status=429,
            headers={"Retry-After": "86207"},
            body={"error": {"status": 429, "message": "m", "reason": "QUOTA_EXCEEDED"}},
        )
        with pytest.raises(spotipy.SpotifyException) as caught:
            client.me()
        assert caught.value.http_status == 429
        assert caught.value.reason == "QUOTA_EXCEEDED"
        assert caught.value.headers["Retry-After"] == "86207"

    def test_is_forbidden_what_new_apps_are(
        self, client: Any, box: dict[str, Any]
    ) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            for ask in (client.albums, client.audio_features):
                with pytest.raises(spotipy.SpotifyException) as caught:
                    ask([box["id"]])
                assert caught.value.http_status == 403
