"""Answers of many pages: where the next one may be, and when there is no end."""

import pytest

from vibe_engine.spotify import errors
from vibe_engine.spotify.client import SpotifyClient
from vibe_engine.tests.spotify import bodies
from vibe_engine.tests.spotify.bodies import ALBUM_ID, PLAYLIST_ID
from vibe_engine.tests.spotify.calls import CALLS
from vibe_engine.tests.spotify.scripted import ScriptedServer, reply


class TestPages:
    @pytest.mark.parametrize("name", ["album", "playlist_items", "my_playlists"])
    @pytest.mark.parametrize(
        "next_url",
        [
            "http://127.0.0.1:1/v1/albums/x",
            "https://evil.example/v1/me",
            "//evil.example/",
            "file:///etc/passwd",
            "x",
        ],
    )
    def test_at_a_foreign_address_are_refused(
        self, server: ScriptedServer, spotify: SpotifyClient, name: str, next_url: str
    ) -> None:
        server.will(reply(200, self.first_page(name, next_url)))
        with pytest.raises(errors.BadResponseError, match="foreign"):
            CALLS[name][1](spotify)
        assert len(server.seen) == 1

    @pytest.mark.parametrize("name", ["album", "playlist_items", "my_playlists"])
    def test_in_a_circle_are_left(
        self, server: ScriptedServer, spotify: SpotifyClient, name: str
    ) -> None:
        again = f"{server.url}v1/again"
        server.will(reply(200, self.first_page(name, again)))
        server.will(*[reply(200, self.later_page(name, again))] * 5)
        with pytest.raises(errors.BadResponseError, match="come to an end"):
            CALLS[name][1](spotify)
        assert len(server.seen) == 2

    def test_that_are_empty_but_not_the_last_are_left(
        self, server: ScriptedServer, spotify: SpotifyClient
    ) -> None:
        server.will(reply(200, bodies.page(next_url=f"{server.url}v1/more")))
        with pytest.raises(errors.BadResponseError, match="come to an end"):
            spotify.playlist_items(PLAYLIST_ID)
        assert len(server.seen) == 1

    def test_without_end_are_left(
        self,
        server: ScriptedServer,
        spotify: SpotifyClient,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("vibe_engine.spotify.client._MAX_PAGES", 3)
        for number in range(9):
            url = f"{server.url}v1/page/{number}"
            server.will(reply(200, bodies.page({}, next_url=url)))
        with pytest.raises(errors.BadResponseError, match="come to an end"):
            spotify.playlist_items(PLAYLIST_ID)
        assert len(server.seen) == 4

    def test_that_fail_in_the_middle_yield_no_half_album(
        self, server: ScriptedServer, spotify: SpotifyClient
    ) -> None:
        more = f"{server.url}v1/albums/{ALBUM_ID}/tracks?offset=1"
        server.will(
            reply(200, bodies.album(bodies.track(1), next_url=more)), reply(502)
        )
        with pytest.raises(errors.UnavailableError):
            spotify.album(ALBUM_ID)

    @staticmethod
    def first_page(name: str, next_url: str) -> object:
        if name == "album":
            return bodies.album(bodies.track(), next_url=next_url)
        return TestPages.later_page(name, next_url)

    @staticmethod
    def later_page(name: str, next_url: str) -> object:
        rows = {
            "album": bodies.track(),
            "playlist_items": {"item": bodies.track()},
            "my_playlists": bodies.playlist(),
        }
        return bodies.page(rows[name], next_url=next_url)
