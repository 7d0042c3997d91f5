"""The yardstick itself: it must find what is wrong."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from vibe_engine.tests.sandbox.contract import Contract
from vibe_engine.tests.sandbox.running import running_sandbox
from vibe_engine.tests.sandbox.scene import Scene

FULL, REDUCED = Contract(is_extended=True), Contract(is_extended=False)


@pytest.fixture(scope="module")
def answers() -> Iterator[dict[str, Any]]:
    with running_sandbox() as local:
        scene = Scene(local)
        album = f"albums/{local.albums(1)[0]['id']}"
        playlist = scene.asker("veteran").create()["id"]
        scene.edit(playlist, items=local.track_uris(1))
        yield {
            "full": scene.asker("veteran").get(album),
            "reduced": scene.asker("newcomer").get(album),
            "playlist": scene.asker("veteran").get(f"playlists/{playlist}"),
        }


def problems(contract: Contract, album: Any) -> list[str]:
    return contract.problems("GET", "/albums/{id}", 200, album)


class TestContract:
    def test_tells_the_profiles_apart(self, answers: dict[str, Any]) -> None:
        assert problems(FULL, answers["full"]) == []
        assert problems(REDUCED, answers["reduced"]) == []
        assert problems(FULL, answers["reduced"])
        assert problems(REDUCED, answers["full"])

    @pytest.mark.parametrize("name", ["id", "artists", "popularity", "tracks"])
    def test_misses_what_is_not_there(self, answers: dict[str, Any], name: str) -> None:
        album = deepcopy(answers["full"])
        del album[name]
        assert any(name in each for each in problems(FULL, album))

    def test_sees_what_does_not_belong(self, answers: dict[str, Any]) -> None:
        album = deepcopy(answers["full"])
        album["artists"][0]["colour"] = "red"
        assert any("colour" in each for each in problems(FULL, album))

    @pytest.mark.parametrize(
        ("name", "value"),
        [("total_tracks", "12"), ("name", None), ("album_type", "cassette")],
    )
    def test_sees_what_has_the_wrong_form(
        self, answers: dict[str, Any], name: str, value: object
    ) -> None:
        assert problems(FULL, {**answers["full"], name: value})

    def test_looks_into_the_depth(self, answers: dict[str, Any]) -> None:
        playlist = deepcopy(answers["playlist"])
        row = playlist["items"]["items"][0]
        del row["item"]["album"]["images"][0]["url"]
        found = FULL.problems("GET", "/playlists/{playlist_id}", 200, playlist)
        assert any("url" in each for each in found)

    def test_lets_a_withdrawn_track_be_null(self, answers: dict[str, Any]) -> None:
        playlist = deepcopy(answers["playlist"])
        row = playlist["items"]["items"][0]
        row["item"] = row["track"] = None
        assert not FULL.problems("GET", "/playlists/{playlist_id}", 200, playlist)

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"error": "flat"},
            {"error": {"status": 404}},
            {"error": {"status": "404", "message": "x"}},
            {"error": {"status": 404, "message": "x", "hint": "y"}},
        ],
    )
    def test_knows_an_error_by_its_form(self, body: Any) -> None:
        assert FULL.error_problems(body)
