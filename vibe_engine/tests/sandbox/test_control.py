from typing import Any

import pytest

from vibe_engine.tests.sandbox.running import Account, RunningSandbox


def refused(local: RunningSandbox, method: str, name: str, **options: Any) -> str:
    answer = local.session.request(
        method, f"{local.url}/_sandbox/{name}", timeout=9, **options
    )
    assert answer.status_code in (400, 404, 405)
    text: str = answer.json()["error"]["message"]
    return text


class TestUsers:
    def test_are_there_from_the_start(self, local: RunningSandbox) -> None:
        users = local.control("GET", "users")["users"]
        assert [user["display_name"] for user in users][:2] == [
            "Harbour Radio",
            "Late Shift",
        ]
        assert len({user["account_id"] for user in users}) == len(users)

    def test_are_created_once(self, local: RunningSandbox) -> None:
        first = local.control("POST", "users", name="Night Bus")
        again = local.control("POST", "users", name="Night Bus")
        assert first == again
        assert first["user_id"] == "night-bus"

    @pytest.mark.parametrize("name", ["夜行バス", "<b>", "🚌", "../x"])
    def test_may_have_any_name(self, local: RunningSandbox, name: str) -> None:
        user = local.control("POST", "users", name=name)
        assert user["display_name"] == name
        assert local.connect(user["user_id"]).get("me")["display_name"] == name
        page = local.session.get(f"{local.url}/user/{user['user_id']}", timeout=9)
        assert page.status_code == 200

    def test_may_bring_their_account_id(self, local: RunningSandbox) -> None:
        user = local.control("POST", "users", name="x", account_id="aB3dE5fG7h")
        assert local.connect(user["user_id"]).get("me")["account_id"] == "aB3dE5fG7h"

    def test_do_not_share_an_account_id(self, local: RunningSandbox) -> None:
        local.control("POST", "users", name="x", account_id="same")
        assert "account id" in refused(
            local, "POST", "users", json={"name": "y", "account_id": "same"}
        )


class TestApps:
    def test_are_shown_without_their_secrets(self, local: RunningSandbox) -> None:
        answer = local.session.get(f"{local.url}/_sandbox/apps", timeout=9)
        assert "newcomer" in answer.text
        assert "secret" not in answer.text

    def test_are_refused_without_what_they_need(self, local: RunningSandbox) -> None:
        body = {"client_id": "x", "client_secret": "y", "profile": "gold"}
        assert "profile" in refused(local, "POST", "apps", json=body)
        assert "client_secret" in refused(
            local, "POST", "apps", json={"client_id": "x"}
        )


class TestPlaylists:
    def test_are_edited_by_hand(self, local: RunningSandbox, account: Account) -> None:
        playlist = account.create()
        uris = local.track_uris(2)
        path = f"playlists/{playlist['id']}/edit"
        edited = local.control("POST", path, items=uris, name="By hand")
        assert (edited["items"], edited["name"]) == (uris, "By hand")
        assert edited["snapshot_id"] != playlist["snapshot_id"]
        assert account.uris(playlist["id"]) == uris

    def test_are_deleted_by_hand(self, local: RunningSandbox, account: Account) -> None:
        playlist = account.create()
        path = f"playlists/{playlist['id']}/edit"
        assert local.control("POST", path, followed=False)["followed"] is False
        assert account.get("me/playlists")["total"] == 0
        assert account.get(f"playlists/{playlist['id']}")

    def test_vanish(self, local: RunningSandbox, account: Account) -> None:
        playlist = account.create()
        local.control("POST", f"playlists/{playlist['id']}/edit", removed=True)
        assert account.ask("GET", f"playlists/{playlist['id']}").status_code == 404
        assert account.get("me/playlists")["total"] == 0

    def test_are_listed_by_owner(self, local: RunningSandbox, account: Account) -> None:
        account.create("Mine")
        local.connect("late-shift").create("Theirs")
        query = "playlists?user_id=late-shift"
        listed = local.control("GET", query)["playlists"]
        assert [playlist["name"] for playlist in listed] == ["Theirs"]


class TestOptions:
    def test_are_checked(self, local: RunningSandbox) -> None:
        assert "no option" in refused(local, "POST", "options", json={"colour": "red"})
        assert "rate" in refused(local, "POST", "options", json={"rate": "fast"})
        assert "rate" in refused(local, "POST", "options", json={"rate": True})
        assert local.control("GET", "options")["rate"] == 0

    def test_are_changed_all_or_none(self, local: RunningSandbox) -> None:
        refused(local, "POST", "options", json={"rate": 5, "quota": "x"})
        assert local.control("GET", "options")["rate"] == 0


class TestCatalogue:
    def test_is_paged(self, local: RunningSandbox) -> None:
        page = local.control("GET", "catalogue?offset=3&limit=2")
        assert [album["id"] for album in page["albums"]] == [
            album["id"] for album in local.albums(5)[3:]
        ]
        assert page["total"] > 100

    def test_tells_which_names_are_odd(self, local: RunningSandbox) -> None:
        odd = [album for album in local.albums() if album["is_odd"]]
        assert len(odd) == 1


class TestControl:
    @pytest.mark.parametrize(
        ("method", "name", "body"),
        [
            ("POST", "users", b"{"),
            ("POST", "users", b"[]"),
            ("POST", "users", b""),
            ("POST", "grant", b"{}"),
            ("POST", "grant", b'{"client_id": "nobody"}'),
            ("POST", "premium", b'{"developer": "nobody"}'),
            ("POST", "playlists/x/edit", b"{}"),
            ("GET", "log?since=x", b""),
            ("GET", "catalogue?limit=x", b""),
            ("GET", "nothing", b""),
            ("PUT", "users", b""),
        ],
    )
    def test_says_what_is_wrong(
        self, local: RunningSandbox, method: str, name: str, body: bytes
    ) -> None:
        assert refused(local, method, name, data=body)

    def test_does_not_answer_pages_of_other_sites(self, local: RunningSandbox) -> None:
        headers = {"Origin": "https://evil.example"}
        assert "other sites" in refused(
            local, "POST", "users", json={"name": "x"}, headers=headers
        )
