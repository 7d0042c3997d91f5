import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from vibe_engine.errors import WaitError
from vibe_engine.spotify import errors
from vibe_engine.spotify.client import SpotifyClient
from vibe_engine.spotify.errors import SpotifyError
from vibe_engine.tests.spotify import bodies
from vibe_engine.tests.spotify.bodies import ALBUM_ID, PLAYLIST_ID, track_uri
from vibe_engine.tests.spotify.calls import CALLS, WITHOUT_ANSWER, every_call
from vibe_engine.tests.spotify.conftest import NotedGate, Tokens
from vibe_engine.tests.spotify.scripted import ScriptedServer, reply

TRACK, LOCAL = track_uri(1), "spotify:local:a:b:c:1"


def sent(server: ScriptedServer, index: int = -1) -> tuple[str, str, dict[str, str]]:
    """Return method, path and query of a request."""
    seen = server.seen[index]
    address = urlsplit(seen.path)
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    return seen.method, address.path.rstrip("/"), query


class TestReads:
    def test_me(self, server: ScriptedServer, spotify: SpotifyClient) -> None:
        server.will(reply(200, bodies.profile()))
        assert spotify.me().account_id == "acc-1"
        assert sent(server) == ("GET", "/v1/me", {})
        assert server.seen[0].headers["Authorization"] == "Bearer first-token"

    def test_album_in_one_call(
        self, server: ScriptedServer, spotify: SpotifyClient
    ) -> None:
        server.will(reply(200, bodies.album(bodies.track(1), bodies.track(2))))
        assert len(spotify.album(ALBUM_ID).tracks) == 2
        assert sent(server) == ("GET", f"/v1/albums/{ALBUM_ID}", {})

    def test_album_for_a_market(
        self, server: ScriptedServer, tokens: Tokens, gate: NotedGate
    ) -> None:
        more = f"{server.url}v1/albums/{ALBUM_ID}/tracks?offset=1&limit=50"
        server.will(
            reply(200, bodies.album(bodies.track(1), next_url=more)),
            reply(200, bodies.page(bodies.track(2))),
        )
        with SpotifyClient(
            api_url=f"{server.url}v1", tokens=tokens, gate=gate, market="SE"
        ) as spotify:
            assert len(spotify.album(ALBUM_ID).tracks) == 2
        assert sent(server, 0)[2]["market"] == "SE"
        assert sent(server, 1)[2]["market"] == "SE"

    def test_album_of_517_tracks_whole_and_in_order(
        self, server: ScriptedServer, spotify: SpotifyClient, gate: NotedGate
    ) -> None:
        rows = [bodies.track(number) for number in range(517)]
        tracks = f"{server.url}v1/albums/{ALBUM_ID}/tracks"
        nexts = [f"{tracks}?offset={at}&limit=50" for at in range(50, 517, 50)]
        server.will(reply(200, bodies.album(*rows[:50], next_url=nexts[0])))
        for number, at in enumerate(range(50, 517, 50), start=1):
            following = nexts[number] if number < len(nexts) else None
            page = bodies.page(*rows[at : at + 50], next_url=following)
            server.will(reply(200, page))
        album = spotify.album(ALBUM_ID)
        assert [track.track_number for track in album.tracks] == list(range(517))
        assert gate.entered == ["catalogue"] * 11
        assert sent(server) == (
            "GET",
            f"/v1/albums/{ALBUM_ID}/tracks",
            {"limit": "50", "offset": "500"},
        )

    def test_audio_features_in_one_call(
        self, server: ScriptedServer, spotify: SpotifyClient
    ) -> None:
        server.will(reply(200, {"audio_features": [bodies.features(1), None]}))
        ids = [bodies.track_id(1), bodies.track_id(2)]
        assert list(spotify.audio_features(ids)) == ids[:1]
        assert sent(server) == ("GET", "/v1/audio-features", {"ids": ",".join(ids)})

    def test_audio_features_of_nothing_without_a_call(
        self, server: ScriptedServer, spotify: SpotifyClient
    ) -> None:
        assert spotify.audio_features([]) == {}
        assert server.seen == []

    def test_playlist_items_over_all_pages(
        self, server: ScriptedServer, spotify: SpotifyClient
    ) -> None:
        following = f"{server.url}v1/playlists/{PLAYLIST_ID}/items?offset=2&limit=50"
        rows = [{"item": bodies.track(number)} for number in (1, 2, 3)]
        server.will(
            reply(200, bodies.page(*rows[:2], next_url=following)),
            reply(200, bodies.page({"item": None}, rows[2])),
        )
        uris = spotify.playlist_items(PLAYLIST_ID)
        assert uris == (track_uri(1), track_uri(2), "", track_uri(3))
        method, path, query = sent(server)
        assert (method, path) == ("GET", f"/v1/playlists/{PLAYLIST_ID}/items")
        assert (query["limit"], query["offset"]) == ("50", "2")

    def test_playlist(self, server: ScriptedServer, spotify: SpotifyClient) -> None:
        server.will(reply(200, bodies.playlist()))
        assert spotify.playlist(PLAYLIST_ID).description == "Tom & Jerry's"
        method, path, query = sent(server)
        assert (method, path) == ("GET", f"/v1/playlists/{PLAYLIST_ID}")
        assert "snapshot_id" in query["fields"]

    def test_my_playlists_over_all_pages(
        self, server: ScriptedServer, spotify: SpotifyClient, gate: NotedGate
    ) -> None:
        elsewhere = f"{server.url}v1/users/joe.bloggs/playlists?offset=50&limit=50"
        server.will(
            reply(200, bodies.page(bodies.playlist(), None, next_url=elsewhere)),
            reply(200, bodies.page(bodies.playlist(name="last"))),
        )
        names = [playlist.name for playlist in spotify.my_playlists()]
        assert names == ["Vibe Collection • 001", "last"]
        assert sent(server) == (
            "GET",
            "/v1/me/playlists",
            {"limit": "50", "offset": "2"},
        )
        assert gate.left == [None, None]


class TestWrites:
    def test_create_playlist(
        self, server: ScriptedServer, spotify: SpotifyClient
    ) -> None:
        server.will(reply(201, bodies.playlist()))
        created = spotify.create_playlist(
            name="Mix", description="[ve:1]", public=False
        )
        assert created.id == PLAYLIST_ID
        assert sent(server) == ("POST", "/v1/me/playlists", {})
        assert json.loads(server.seen[0].body) == {
            "name": "Mix",
            "description": "[ve:1]",
            "public": False,
            "collaborative": False,
        }

    @pytest.mark.parametrize("count", [0, 1, 100])
    def test_replace_items(
        self, server: ScriptedServer, spotify: SpotifyClient, count: int
    ) -> None:
        uris = [track_uri(number) for number in range(count)]
        server.will(reply(200, {"snapshot_id": "abc"}))
        assert spotify.replace_items(PLAYLIST_ID, uris) == "abc"
        assert sent(server) == ("PUT", f"/v1/playlists/{PLAYLIST_ID}/items", {})
        assert json.loads(server.seen[0].body) == {"uris": uris}

    def test_replace_items_lives_without_a_snapshot_id(
        self, server: ScriptedServer, spotify: SpotifyClient
    ) -> None:
        server.will(reply(201, {}))
        assert spotify.replace_items(PLAYLIST_ID, [track_uri(1)]) == ""

    @pytest.mark.parametrize(
        ("changes", "body"),
        [
            ({"name": "New"}, {"name": "New"}),
            ({"description": ""}, {"description": " "}),
            (
                {"description": "a", "public": False},
                {"description": "a", "public": False},
            ),
        ],
    )
    def test_change_details(
        self,
        server: ScriptedServer,
        spotify: SpotifyClient,
        changes: dict[str, Any],
        body: dict[str, Any],
    ) -> None:
        server.will(reply(200))
        spotify.change_details(PLAYLIST_ID, **changes)
        assert sent(server) == ("PUT", f"/v1/playlists/{PLAYLIST_ID}", {})
        assert json.loads(server.seen[0].body) == body

    def test_unfollow(self, server: ScriptedServer, spotify: SpotifyClient) -> None:
        server.will(reply(200))
        spotify.unfollow(PLAYLIST_ID)
        uri = f"spotify:playlist:{PLAYLIST_ID}"
        assert sent(server) == ("DELETE", "/v1/me/library", {"uris": uri})

    @pytest.mark.parametrize("name", WITHOUT_ANSWER)
    def test_need_no_body_in_the_answer(
        self, server: ScriptedServer, spotify: SpotifyClient, name: str
    ) -> None:
        server.will(reply(204))
        assert CALLS[name][1](spotify) is None


class TestArguments:
    @pytest.mark.parametrize(
        ("call", "words"),
        [
            (lambda one: one.replace_items(PLAYLIST_ID, [TRACK] * 101), "at most 100"),
            (lambda one: one.replace_items(PLAYLIST_ID, [LOCAL]), "no URI of a track"),
            (lambda one: one.replace_items("../me", [TRACK]), "no Spotify id"),
            (lambda one: one.audio_features(["a" * 22] * 101), "at most 100"),
            (lambda one: one.audio_features(["a,b"]), "no Spotify id"),
            (lambda one: one.album("https://open.spotify.com/x"), "no Spotify id"),
            (lambda one: one.unfollow("x,spotify:playlist:y"), "no Spotify id"),
            (lambda one: one.change_details(PLAYLIST_ID), "nothing to change"),
        ],
    )
    def test_that_make_no_sense_are_not_sent(
        self,
        server: ScriptedServer,
        spotify: SpotifyClient,
        gate: NotedGate,
        call: Callable[[SpotifyClient], object],
        words: str,
    ) -> None:
        with pytest.raises(ValueError, match=words):
            call(spotify)
        assert server.seen == []
        assert gate.entered == []


class TestUnauthorized:
    @every_call
    def test_is_answered_with_one_refresh_and_one_repetition(
        self,
        server: ScriptedServer,
        spotify: SpotifyClient,
        tokens: Tokens,
        gate: NotedGate,
        name: str,
    ) -> None:
        group, call = CALLS[name]
        server.will(reply(401, bodies.error(401, "expired")), reply(418))
        with pytest.raises(errors.BadRequestError):
            call(spotify)
        assert tokens.rejected == ["first-token"]
        used = [seen.headers["Authorization"] for seen in server.seen]
        assert used == ["Bearer first-token", "Bearer second-token"]
        assert server.seen[0].body == server.seen[1].body
        assert gate.entered == [group, group]
        assert [type(error) for error in gate.left] == [
            errors.UnauthorizedError,
            errors.BadRequestError,
        ]

    def test_lets_the_call_succeed_with_the_new_token(
        self, server: ScriptedServer, spotify: SpotifyClient
    ) -> None:
        server.will(reply(401, "no"), reply(201, bodies.playlist()))
        created = spotify.create_playlist(name="n", description="d", public=True)
        assert created.id == PLAYLIST_ID

    @every_call
    def test_twice_is_an_error(
        self, server: ScriptedServer, spotify: SpotifyClient, tokens: Tokens, name: str
    ) -> None:
        server.will(*[reply(401, bodies.error(401))] * 9)
        with pytest.raises(errors.UnauthorizedError) as caught:
            CALLS[name][1](spotify)
        assert caught.value.status == 401
        assert not caught.value.ambiguous
        assert len(server.seen) == 2
        assert len(tokens.rejected) == 1

    def test_is_answered_with_one_refresh_in_a_client_s_life(
        self, server: ScriptedServer, spotify: SpotifyClient, tokens: Tokens
    ) -> None:
        server.will(reply(401), reply(200, bodies.playlist()), reply(401))
        spotify.playlist(PLAYLIST_ID)
        with pytest.raises(errors.UnauthorizedError):
            spotify.playlist(PLAYLIST_ID)
        assert len(tokens.rejected) == 1
        assert len(server.seen) == 3


class ClosingGate(NotedGate):
    """Says wait: before the request, or after one that failed."""

    def __init__(self, *, before: bool) -> None:
        super().__init__()
        self.before = before
        self.wait = WaitError(datetime(2026, 11, 23, tzinfo=UTC), "rate")

    def enter(self, group: str) -> None:
        super().enter(group)
        if self.before:
            raise self.wait

    def leave(self, group: str, error: SpotifyError | None) -> None:
        super().leave(group, error)
        if error:
            raise self.wait


class TestGate:
    def test_keeps_a_request_from_being_sent(
        self, server: ScriptedServer, tokens: Tokens
    ) -> None:
        gate = ClosingGate(before=True)
        with (
            self.client(server, tokens, gate) as spotify,
            pytest.raises(WaitError) as caught,
        ):
            spotify.me()
        assert caught.value is gate.wait
        assert server.seen == []
        assert gate.left == []

    def test_turns_a_clear_refusal_into_a_wait(
        self, server: ScriptedServer, tokens: Tokens
    ) -> None:
        gate = ClosingGate(before=False)
        server.will(reply(429))
        with (
            self.client(server, tokens, gate) as spotify,
            pytest.raises(WaitError) as caught,
        ):
            spotify.create_playlist(name="n", description="d", public=True)
        assert isinstance(caught.value.__cause__, errors.RateLimitedError)

    def test_cannot_hide_that_a_call_may_have_been_carried_out(
        self, server: ScriptedServer, tokens: Tokens
    ) -> None:
        gate = ClosingGate(before=False)
        server.will(reply(502))
        with (
            self.client(server, tokens, gate) as spotify,
            pytest.raises(errors.UnavailableError) as caught,
        ):
            spotify.create_playlist(name="n", description="d", public=True)
        assert caught.value.ambiguous

    @staticmethod
    def client(
        server: ScriptedServer, tokens: Tokens, gate: NotedGate
    ) -> SpotifyClient:
        return SpotifyClient(api_url=f"{server.url}v1/", tokens=tokens, gate=gate)
