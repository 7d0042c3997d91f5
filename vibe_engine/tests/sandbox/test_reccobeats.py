from pathlib import Path
from typing import Any

import pytest
import requests

from vibe_engine.tests.sandbox.running import RunningSandbox

FIELDS = {
    *("id", "href", "isrc", "acousticness", "danceability", "energy", "key"),
    *("instrumentalness", "liveness", "loudness", "mode", "speechiness", "tempo"),
    "valence",
}


@pytest.fixture
def known(local: RunningSandbox) -> list[str]:
    """A hundred tracks whose features the catalogue knows."""
    ids = [uri.rpartition(":")[2] for uri in local.track_uris(200)]
    features = local.world.catalogue.features
    return [each for each in ids if features(each) is not None][:100]


def ask(local: RunningSandbox, **query: Any) -> requests.Response:
    address = f"{local.url}/reccobeats/v1/audio-features"
    return local.session.get(address, params=query, timeout=9)


def found(local: RunningSandbox, **query: Any) -> list[str]:
    content = ask(local, **query).json()["content"]
    return [row["href"].rpartition("/")[2] for row in content]


class TestReccoBeats:
    @pytest.fixture(autouse=True)
    def _knowing_all(self, local: RunningSandbox) -> None:
        local.control("POST", "options", reccobeats_misses=0.0)

    def test_tells_how_tracks_sound(
        self, local: RunningSandbox, known: list[str]
    ) -> None:
        row = ask(local, ids=known[0]).json()["content"][0]
        features = local.world.catalogue.features(known[0])
        assert features is not None
        assert row.keys() == FIELDS
        assert (row["tempo"], row["key"]) == (features.tempo, features.key)
        assert row["href"] == f"https://open.spotify.com/track/{known[0]}"

    def test_takes_ids_in_both_forms(
        self, local: RunningSandbox, known: list[str]
    ) -> None:
        expected = set(known[:5])
        assert set(found(local, ids=",".join(known[:5]))) == expected
        assert set(found(local, ids=known[:5])) == expected

    def test_keeps_no_order(self, local: RunningSandbox, known: list[str]) -> None:
        answered = found(local, ids=known[:20])
        assert answered != known[:20]
        assert sorted(answered) == sorted(known[:20])

    def test_drops_what_is_more_than_forty(
        self, local: RunningSandbox, known: list[str]
    ) -> None:
        assert set(found(local, ids=known)) == set(known[:40])

    def test_leaves_out_what_it_does_not_know(
        self, local: RunningSandbox, known: list[str]
    ) -> None:
        assert found(local, ids=["0" * 22, known[0], "x"]) == [known[0]]
        assert ask(local, ids="x").json() == {"content": []}

    def test_always_misses_the_same_part(
        self, local: RunningSandbox, known: list[str]
    ) -> None:
        local.control("POST", "options", reccobeats_misses=0.5)
        answered = found(local, ids=known[:40])
        assert 8 < len(answered) < 32
        assert found(local, ids=known[:40]) == answered

    def test_asks_to_wait(
        self, local: RunningSandbox, known: list[str], clock_file: Path
    ) -> None:
        local.control("POST", "options", reccobeats_rate=1)
        assert ask(local, ids=known[0]).status_code == 200
        refused = ask(local, ids=known[0])
        assert (refused.status_code, refused.json()["code"]) == (429, 4291)
        clock_file.write_text(refused.headers["Retry-After"])
        assert ask(local, ids=known[0]).status_code == 200

    def test_says_what_is_wrong(self, local: RunningSandbox) -> None:
        assert (ask(local).status_code, ask(local).json()["code"]) == (400, 4001)
        base = f"{local.url}/reccobeats/v1"
        assert local.session.get(f"{base}/album", timeout=9).status_code == 404
        answer = local.session.post(f"{base}/audio-features", timeout=9)
        assert answer.status_code == 405

    def test_fails_when_told_to(self, local: RunningSandbox, known: list[str]) -> None:
        local.fault("status", path="^/reccobeats/", status=503)
        assert ask(local, ids=known[0]).status_code == 503
        local.fault("malformed", path="^/reccobeats/")
        with pytest.raises(requests.JSONDecodeError):
            ask(local, ids=known[0]).json()

    def test_stands_in_the_log(self, local: RunningSandbox, known: list[str]) -> None:
        ask(local, ids=known[0])
        entry = local.log("/reccobeats/")[0]
        assert (entry["status"], entry["applied"]) == (200, True)
