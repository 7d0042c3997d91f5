import threading
from typing import Any

import pytest

from vibe_engine.tests.sandbox.running import NEWCOMER, Account, RunningSandbox

UNKNOWN_ID = "0000000000000000000000"
PUBLIC_ONLY = "playlist-modify-public playlist-read-private"


@pytest.fixture
def uris(local: RunningSandbox) -> list[str]:
    """A hundred and one tracks."""
    return local.track_uris(101)


@pytest.fixture
def playlist(account: Account) -> dict[str, Any]:
    return account.create()


def message(answer: Any) -> str:
    text: str = answer.json()["error"]["message"]
    return text


class TestCreating:
    def test_answers_with_the_empty_playlist(self, account: Account) -> None:
        created = account.create(
            "Late Night", description="Rock & Roll's <best>", public=False
        )
        assert created["owner"]["id"] == "harbour-radio"
        assert created["public"] is False
        assert created["description"] == "Rock &amp; Roll&#x27;s &lt;best&gt;"
        assert created["items"]["total"] == 0
        assert "tracks" not in created
        assert created["external_urls"]["spotify"] == (
            f"{account.url}/playlist/{created['id']}"
        )

    def test_is_public_unless_told_otherwise(self, account: Account) -> None:
        assert account.create()["public"] is True

    def test_makes_a_second_one_of_the_same_name(self, account: Account) -> None:
        assert account.create("Twin")["id"] != account.create("Twin")["id"]

    def test_may_echo_private_ones_as_public(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.control("POST", "options", public_echo=True)
        assert account.create(public=False)["public"] is True

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({}, 400),
            ({"name": ""}, 400),
            ({"name": "  "}, 400),
            ({"name": 7}, 400),
            ({"name": "x" * 101}, 400),
            ({"name": "x", "public": "yes"}, 400),
            ({"name": "x", "description": 7}, 400),
            ({"name": "x", "description": "y" * 301}, 500),
            ({"name": "x", "description": "two\nlines"}, 500),
            (["x"], 400),
        ],
    )
    def test_refuses_what_cannot_be(
        self, local: RunningSandbox, account: Account, body: Any, status: int
    ) -> None:
        assert account.ask("POST", "me/playlists", json=body).status_code == status
        assert local.control("GET", "playlists")["playlists"] == []

    def test_refuses_what_is_not_json(self, account: Account) -> None:
        answer = account.ask("POST", "me/playlists", data=b"{name")
        assert (answer.status_code, message(answer)) == (400, "Error parsing JSON.")

    def test_can_answer_bad_descriptions_with_400(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.control("POST", "options", description_error_status=400)
        body = {"name": "x", "description": "y" * 301}
        assert account.ask("POST", "me/playlists", json=body).status_code == 400

    def test_wants_the_scope_that_fits(self, local: RunningSandbox) -> None:
        account = local.connect(scope=PUBLIC_ONLY)
        assert account.create(public=True)
        answer = account.ask(
            "POST", "me/playlists", json={"name": "x", "public": False}
        )
        assert (answer.status_code, message(answer)) == (
            403,
            "Insufficient client scope",
        )

    def test_ends_at_the_limit(self, local: RunningSandbox, account: Account) -> None:
        local.control("POST", "options", max_playlists=1)
        account.create()
        assert (
            account.ask("POST", "me/playlists", json={"name": "x"}).status_code == 400
        )


class TestReplacing:
    def test_makes_the_playlist_hold_exactly_these(
        self, account: Account, playlist: dict[str, Any], uris: list[str]
    ) -> None:
        path = f"playlists/{playlist['id']}/items"
        account.ask("PUT", path, json={"uris": uris[50:100]})
        answer = account.ask("PUT", path, json={"uris": uris[:50]})
        assert answer.status_code == 200
        assert set(answer.json()) == {"snapshot_id"}
        assert account.uris(playlist["id"]) == uris[:50]

    def test_clears_with_an_empty_list(
        self, account: Account, playlist: dict[str, Any], uris: list[str]
    ) -> None:
        path = f"playlists/{playlist['id']}/items"
        account.ask("PUT", path, json={"uris": uris[:3]})
        assert account.ask("PUT", path, json={"uris": []}).status_code == 200
        assert account.uris(playlist["id"]) == []

    def test_prefers_the_query_to_the_body(
        self, account: Account, playlist: dict[str, Any], uris: list[str]
    ) -> None:
        path = f"playlists/{playlist['id']}/items"
        answer = account.ask(
            "PUT", path, params={"uris": ",".join(uris[:2])}, json={"uris": uris[5:9]}
        )
        assert answer.status_code == 200
        assert account.uris(playlist["id"]) == uris[:2]

    def test_keeps_repeated_tracks(
        self, account: Account, playlist: dict[str, Any], uris: list[str]
    ) -> None:
        path = f"playlists/{playlist['id']}/items"
        account.ask("PUT", path, json={"uris": [uris[0], uris[0]]})
        assert account.uris(playlist["id"]) == [uris[0], uris[0]]

    def test_takes_a_hundred_and_no_more(
        self, account: Account, playlist: dict[str, Any], uris: list[str]
    ) -> None:
        path = f"playlists/{playlist['id']}/items"
        assert account.ask("PUT", path, json={"uris": uris[:100]}).status_code == 200
        answer = account.ask("PUT", path, json={"uris": uris})
        assert (answer.status_code, message(answer)) == (
            400,
            "You can add a maximum of 100 tracks per request",
        )
        assert account.uris(playlist["id"]) == uris[:100]

    @pytest.mark.parametrize(
        "uri",
        [
            "spotify:local:a:b:c:1",
            "spotify:album:0000000000000000000000",
            "spotify:track:short",
            f"spotify:track:{UNKNOWN_ID}",
            "",
            7,
            None,
        ],
    )
    def test_refuses_what_is_not_a_track(
        self, account: Account, playlist: dict[str, Any], uris: list[str], uri: Any
    ) -> None:
        path = f"playlists/{playlist['id']}/items"
        account.ask("PUT", path, json={"uris": uris[:2]})
        answer = account.ask("PUT", path, json={"uris": [uris[5], uri]})
        assert answer.status_code == 400
        assert account.uris(playlist["id"]) == uris[:2]

    @pytest.mark.parametrize("body", [{}, {"uris": "x"}, ["x"], "x", 7])
    def test_refuses_other_bodies(
        self, account: Account, playlist: dict[str, Any], body: Any
    ) -> None:
        path = f"playlists/{playlist['id']}/items"
        assert account.ask("PUT", path, json=body).status_code == 400

    def test_is_for_the_owner_only(
        self, local: RunningSandbox, playlist: dict[str, Any], uris: list[str]
    ) -> None:
        stranger = local.connect("late-shift")
        path = f"playlists/{playlist['id']}/items"
        for method, body in (("PUT", {"uris": uris[:1]}), ("GET", None)):
            answer = stranger.ask(method, path, json=body)
            assert (answer.status_code, message(answer)) == (403, "Forbidden")

    def test_moves_a_range(
        self, account: Account, playlist: dict[str, Any], uris: list[str]
    ) -> None:
        path = f"playlists/{playlist['id']}/items"
        account.ask("PUT", path, json={"uris": uris[:5]})
        body = {"range_start": 0, "range_length": 2, "insert_before": 4}
        assert account.ask("PUT", path, json=body).status_code == 200
        expected = [uris[2], uris[3], uris[0], uris[1], uris[4]]
        assert account.uris(playlist["id"]) == expected

    def test_does_not_find_playlists_that_are_not_there(self, account: Account) -> None:
        path = f"playlists/{UNKNOWN_ID}/items"
        assert account.ask("PUT", path, json={"uris": []}).status_code == 404


class TestAddingAndRemoving:
    def test_adds_at_the_end_or_at_a_position(
        self, account: Account, playlist: dict[str, Any], uris: list[str]
    ) -> None:
        path = f"playlists/{playlist['id']}/items"
        assert account.ask("POST", path, json={"uris": uris[:2]}).status_code == 201
        assert account.ask("POST", path, json=uris[2:3]).status_code == 201
        account.ask("POST", f"{path}?position=1", json={"uris": uris[3:4]})
        expected = [uris[0], uris[3], uris[1], uris[2]]
        assert account.uris(playlist["id"]) == expected

    @pytest.mark.parametrize("key", ["items", "tracks"])
    def test_removes_every_place_of_a_track(
        self, account: Account, playlist: dict[str, Any], uris: list[str], key: str
    ) -> None:
        path = f"playlists/{playlist['id']}/items"
        account.ask("PUT", path, json={"uris": [uris[0], uris[1], uris[0]]})
        answer = account.ask("DELETE", path, json={key: [{"uri": uris[0]}]})
        assert answer.status_code == 200
        assert account.uris(playlist["id"]) == [uris[1]]

    @pytest.mark.parametrize("body", [{}, {"items": ["x"]}, {"items": [{}]}])
    def test_refuses_other_bodies(
        self, account: Account, playlist: dict[str, Any], body: Any
    ) -> None:
        path = f"playlists/{playlist['id']}/items"
        assert account.ask("DELETE", path, json=body).status_code == 400

    def test_loses_nothing_to_concurrent_requests(
        self, local: RunningSandbox, playlist: dict[str, Any], uris: list[str]
    ) -> None:
        def add(mine: list[str]) -> None:
            account = local.connect()
            for uri in mine:
                account.ask(
                    "POST", f"playlists/{playlist['id']}/items", json={"uris": [uri]}
                )

        threads = [
            threading.Thread(target=add, args=(uris[at * 10 : at * 10 + 10],))
            for at in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        kept = local.control("GET", "playlists")["playlists"][0]
        assert sorted(kept["items"]) == sorted(uris[:60])
        assert kept["revision"] == 61


class TestReading:
    def test_shows_rows_in_the_new_form(
        self,
        account: Account,
        veteran: Account,
        playlist: dict[str, Any],
        uris: list[str],
    ) -> None:
        path = f"playlists/{playlist['id']}/items"
        account.ask("PUT", path, json={"uris": uris[:1]})
        row = account.get(path)["items"][0]
        assert set(row) == {
            "added_at",
            "added_by",
            "is_local",
            "primary_color",
            "video_thumbnail",
            "item",
        }
        old_row = veteran.get(f"playlists/{playlist['id']}/tracks")["items"][0]
        assert old_row["track"]["uri"] == row["item"]["uri"] == uris[0]

    def test_hides_items_from_strangers(
        self, local: RunningSandbox, playlist: dict[str, Any]
    ) -> None:
        shown = local.connect("late-shift").get(f"playlists/{playlist['id']}")
        assert shown["name"] == "Late Night"
        assert "items" not in shown

    def test_shows_the_fields_that_are_named(
        self, account: Account, playlist: dict[str, Any], uris: list[str]
    ) -> None:
        path = f"playlists/{playlist['id']}"
        account.ask("PUT", f"{path}/items", json={"uris": uris[:2]})
        shown = account.get(path, fields="name,items(total,items(item(uri)))")
        assert shown == {
            "name": "Late Night",
            "items": {
                "total": 2,
                "items": [{"item": {"uri": uri}} for uri in uris[:2]],
            },
        }

    def test_pages_through_the_items(
        self, account: Account, playlist: dict[str, Any], uris: list[str]
    ) -> None:
        path = f"playlists/{playlist['id']}/items"
        account.ask("PUT", path, json={"uris": uris[:100]})
        assert account.get(f"{path}?limit=20")["next"]
        assert account.uris(playlist["id"]) == uris[:100]

    def test_lists_the_newest_first(self, account: Account) -> None:
        names = [f"Number {number}" for number in range(60)]
        for name in names:
            account.create(name)
        page = account.get("me/playlists", limit=50)
        rest = account.get(page["next"].partition("/v1/")[2])
        listed = [each["name"] for each in page["items"] + rest["items"]]
        assert listed == names[::-1]
        assert page["total"] == 60
        assert set(page["items"][0]["items"]) == {"href", "total"}

    def test_lists_nothing_of_others(
        self, local: RunningSandbox, account: Account
    ) -> None:
        account.create()
        assert local.connect("late-shift").get("me/playlists")["total"] == 0

    def test_wants_the_scope_to_list(self, local: RunningSandbox) -> None:
        account = local.connect(scope="playlist-modify-public")
        assert account.ask("GET", "me/playlists").status_code == 403


class TestChangingDetails:
    def test_answers_with_nothing(
        self, account: Account, playlist: dict[str, Any]
    ) -> None:
        path = f"playlists/{playlist['id']}"
        body = {"name": "New", "description": "A & B", "public": True}
        answer = account.ask("PUT", path, json=body)
        assert (answer.status_code, answer.content) == (200, b"")
        shown = account.get(path)
        assert (shown["name"], shown["description"]) == ("New", "A &amp; B")
        assert shown["snapshot_id"] != playlist["snapshot_id"]

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({"description": ""}, 400),
            ({"description": "x" * 301}, 500),
            ({"name": ""}, 400),
            ({"name": "x" * 101}, 400),
        ],
    )
    def test_refuses_what_cannot_be(
        self, account: Account, playlist: dict[str, Any], body: Any, status: int
    ) -> None:
        path = f"playlists/{playlist['id']}"
        assert account.ask("PUT", path, json=body).status_code == status
        assert account.get(path)["name"] == "Late Night"


class TestUnfollowing:
    def test_takes_the_playlist_out_of_the_library(
        self, account: Account, playlist: dict[str, Any]
    ) -> None:
        uri = f"spotify:playlist:{playlist['id']}"
        assert account.get("me/library/contains", uris=uri) == [True]
        answer = account.ask("DELETE", "me/library", params={"uris": uri})
        assert (answer.status_code, answer.content) == (200, b"")
        assert account.get("me/library/contains", uris=uri) == [False]
        assert account.get("me/playlists")["total"] == 0
        assert account.get(f"playlists/{playlist['id']}")["name"] == "Late Night"

    def test_can_be_undone(self, account: Account, playlist: dict[str, Any]) -> None:
        uri = f"spotify:playlist:{playlist['id']}"
        account.ask("DELETE", "me/library", params={"uris": uri})
        assert account.ask("PUT", "me/library", params={"uris": uri}).status_code == 200
        assert account.get("me/playlists")["total"] == 1

    @pytest.mark.parametrize(
        "uris", ["", "x", "spotify:album:x", ",".join(["spotify:playlist:x"] * 41)]
    )
    def test_refuses_other_uris(self, account: Account, uris: str) -> None:
        answer = account.ask("DELETE", "me/library", params={"uris": uris})
        assert answer.status_code == 400

    def test_ignores_uris_in_the_body(
        self, account: Account, playlist: dict[str, Any]
    ) -> None:
        body = {"uris": [f"spotify:playlist:{playlist['id']}"]}
        assert account.ask("DELETE", "me/library", json=body).status_code == 400

    def test_wants_a_scope(
        self, local: RunningSandbox, playlist: dict[str, Any]
    ) -> None:
        account = local.connect(scope="playlist-modify-private")
        uri = f"spotify:playlist:{playlist['id']}"
        answer = account.ask("DELETE", "me/library", params={"uris": uri})
        assert answer.status_code == 403


class TestCover:
    def test_is_accepted(self, local: RunningSandbox) -> None:
        scope = "playlist-modify-public ugc-image-upload"
        account = local.connect("harbour-radio", NEWCOMER, scope=scope)
        playlist = account.create()
        path = f"playlists/{playlist['id']}/images"
        answer = account.ask("PUT", path, data=b"/9j/4AAQ")
        assert (answer.status_code, answer.content) == (202, b"")
        assert account.ask("PUT", path, data=b"x" * 262_145).status_code == 413


class TestMovingARange:
    def test_keeps_what_stands_twice(
        self, local: RunningSandbox, account: Account
    ) -> None:
        first, second, third = local.track_uris(3)
        path = f"playlists/{account.create()['id']}"
        uris = [first, second, first, third]
        account.ask("PUT", f"{path}/items", json={"uris": uris})
        order = {"range_start": 0, "range_length": 1, "insert_before": 4}
        account.ask("PUT", f"{path}/items", json=order)
        assert account.uris(path.partition("/")[2]) == [second, first, third, first]
