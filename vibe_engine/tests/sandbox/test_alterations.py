import pytest

from vibe_engine.tests.sandbox.running import Account, RunningSandbox


@pytest.fixture
def album_id(local: RunningSandbox) -> str:
    return str(local.albums(1)[0]["id"])


@pytest.fixture
def track_ids(account: Account, album_id: str) -> list[str]:
    tracks = account.get(f"albums/{album_id}/tracks", market="SE", limit=50)["items"]
    return [track["id"] for track in tracks if track["is_playable"]]


class TestUnplayableTrack:
    def test_is_playable_nowhere(
        self, local: RunningSandbox, veteran: Account, track_ids: list[str]
    ) -> None:
        local.control("POST", f"tracks/{track_ids[0]}", state="unplayable")
        track = veteran.get(f"tracks/{track_ids[0]}", market="SE")
        assert track["is_playable"] is False
        assert track["restrictions"] == {"reason": "market"}
        assert track["available_markets"] == []

    def test_comes_back(
        self, local: RunningSandbox, account: Account, track_ids: list[str]
    ) -> None:
        for state in ("unplayable", "available"):
            local.control("POST", f"tracks/{track_ids[0]}", state=state)
        assert account.get(f"tracks/{track_ids[0]}", market="SE")["is_playable"]


class TestWithdrawnTrack:
    def test_is_known_to_its_album_alone(
        self,
        local: RunningSandbox,
        account: Account,
        album_id: str,
        track_ids: list[str],
    ) -> None:
        gone = track_ids[0]
        local.control("POST", f"tracks/{gone}", state="withdrawn")
        assert account.ask("GET", f"tracks/{gone}").status_code == 404
        page = account.get(f"albums/{album_id}", market="SE")["tracks"]
        shown = {track["id"]: track["is_playable"] for track in page["items"]}
        assert shown[gone] is False

    def test_leaves_an_empty_place_in_playlists(
        self, local: RunningSandbox, account: Account, track_ids: list[str]
    ) -> None:
        path = f"playlists/{account.create()['id']}/items"
        uris = [f"spotify:track:{each}" for each in track_ids[:2]]
        assert account.ask("PUT", path, json={"uris": uris}).status_code == 200
        local.control("POST", f"tracks/{track_ids[0]}", state="withdrawn")
        first, second = account.get(path)["items"]
        assert first["item"] is None
        assert second["item"]["uri"] == uris[1]
        assert account.ask("PUT", path, json={"uris": uris}).status_code == 200


class TestRelinkedTrack:
    def test_has_another_in_its_place_where_a_market_is_named(
        self, local: RunningSandbox, veteran: Account, track_ids: list[str]
    ) -> None:
        asked, given = track_ids[:2]
        path = f"tracks/{asked}"
        local.control("POST", path, state="relinked", target_id=given)
        track = veteran.get(path, market="SE")
        assert (track["id"], track["linked_from"]["id"]) == (given, asked)
        assert veteran.get(path)["id"] == asked

    def test_is_not_explained_to_new_apps(
        self, local: RunningSandbox, account: Account, track_ids: list[str]
    ) -> None:
        asked, given = track_ids[:2]
        path = f"tracks/{asked}"
        local.control("POST", path, state="relinked", target_id=given)
        track = account.get(path, market="SE")
        assert track["id"] == given
        assert "linked_from" not in track


class TestAlteringATrack:
    @pytest.mark.parametrize(
        ("track", "order"),
        [
            ("0" * 22, {"state": "withdrawn"}),
            ("known", {"state": "lost"}),
            ("known", {"state": "relinked"}),
            ("known", {"state": "relinked", "target_id": "0" * 22}),
            ("known", {}),
        ],
    )
    def test_is_refused_where_it_makes_no_sense(
        self,
        local: RunningSandbox,
        track_ids: list[str],
        track: str,
        order: dict[str, str],
    ) -> None:
        track_id = track_ids[0] if track == "known" else track
        address = f"{local.url}/_sandbox/tracks/{track_id}"
        answer = local.session.post(address, json=order, timeout=9)
        assert answer.status_code == 400
        assert answer.json()["error"]["message"]
