from datetime import datetime

import pytest
import requests

from vibe_engine.sandbox.options import change_options
from vibe_engine.sandbox.playlists import digest
from vibe_engine.sandbox.requestlog import Entry, RequestLog
from vibe_engine.sandbox.store import Store
from vibe_engine.testing.live import wait_until
from vibe_engine.tests.sandbox.running import Account, RunningSandbox


class TestRequestLog:
    def test_tells_who_asked_what_and_what_came_of_it(
        self, local: RunningSandbox, account: Account
    ) -> None:
        playlist = account.create()
        uris = local.track_uris(3)
        path = f"playlists/{playlist['id']}/items"
        answer = account.ask("PUT", f"{path}?x=1", json={"uris": uris}).json()
        entry = local.log()[-1]
        assert entry["method"] == "PUT"
        assert entry["path"] == f"/v1/{path}"
        assert entry["query"] == "x=1"
        assert (entry["status"], entry["applied"], entry["fault"]) == (200, True, None)
        assert (entry["client_id"], entry["user_id"]) == ("newcomer", "harbour-radio")
        assert entry["at"] <= entry["finished_at"]
        assert entry["effect"] == {
            "playlist_id": playlist["id"],
            "snapshot_id": answer["snapshot_id"],
            "items_sha256": digest(uris),
        }

    def test_tells_that_a_request_was_refused(
        self, local: RunningSandbox, account: Account
    ) -> None:
        account.ask("POST", "me/playlists", json={})
        entry = local.log()[-1]
        assert (entry["status"], entry["applied"], entry["effect"]) == (
            400,
            False,
            None,
        )

    def test_tells_who_asked_what_was_never_done(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.fault("status", status=502)
        account.ask("GET", "me")
        entry = local.log()[-1]
        assert (entry["client_id"], entry["user_id"]) == ("newcomer", "harbour-radio")
        assert (entry["status"], entry["applied"], entry["fault"]) == (
            502,
            False,
            "status",
        )

    def test_goes_on_where_it_ended(
        self, local: RunningSandbox, account: Account
    ) -> None:
        account.get("me")
        position = local.control("GET", "log?since=0")["next"]
        assert local.control("GET", f"log?since={position}")["requests"] == []
        account.get("me/")
        page = local.control("GET", f"log?since={position}")
        assert [entry["path"] for entry in page["requests"]] == ["/v1/me/"]
        assert page["next"] == position + 1

    def test_tells_its_end_to_who_asks_from_far_beyond(
        self, local: RunningSandbox, account: Account
    ) -> None:
        account.get("me")
        newest = local.control("GET", "log?since=0")["next"]
        beyond = local.control("GET", "log?since=999999999")
        assert (beyond["next"], beyond["requests"]) == (newest, [])

    def test_keeps_to_a_path(self, local: RunningSandbox, account: Account) -> None:
        account.get("me")
        assert {entry["path"] for entry in local.log("/api/")} == {"/api/token"}
        assert {entry["path"] for entry in local.log("/v1/me")} == {"/v1/me"}

    def test_holds_no_secrets(self, local: RunningSandbox) -> None:
        granted = local.grant()
        Account(local.url, local.session, granted["access_token"]).get("me")
        whole = local.session.get(f"{local.url}/_sandbox/log", timeout=9).text
        assert granted["access_token"] not in whole
        assert granted["refresh_token"] not in whole

    def test_leaves_pictures_and_its_own_control_out(
        self, local: RunningSandbox
    ) -> None:
        local.session.get(f"{local.url}/", timeout=9)
        local.session.get(f"{local.url}/images/user/64/x.svg", timeout=9)
        assert local.log("") == []

    def test_forgets_the_oldest_and_says_so(self) -> None:
        store = Store()
        log = RequestLog(store)
        with store.transaction():
            change_options(store, {"kept_requests": 2_000})
            for _ in range(5_000):
                log.add(Entry(at_s=0, method="GET", path="/v1/me", query=""))
        page = log.since(0)
        assert (page["oldest"], page["newest"]) == (3_001, 5_000)
        assert len(page["requests"]) == 2_000
        store.close()

    def test_is_read_in_pieces(self, local: RunningSandbox, account: Account) -> None:
        for _ in range(5):
            account.get("me")
        seen, position = [], 0
        while page := local.control("GET", f"log?since={position}&limit=2")["requests"]:
            seen += [entry["n"] for entry in page]
            position = page[-1]["n"]
        assert seen == [entry["n"] for entry in local.log("")]

    def test_counts_on_over_what_another_path_left_out(
        self, local: RunningSandbox, account: Account
    ) -> None:
        account.get("me")
        page = local.control("GET", "log?path=/nowhere&limit=5")
        assert (page["requests"], page["next"]) == ([], page["newest"])

    def test_tells_when_a_slow_answer_was_through(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.fault("latency_after", seconds=0.3)
        account.get("me")
        account.get("me")
        entry = local.log()[0]
        began, ended = map(
            datetime.fromisoformat, (entry["applied_at"], entry["finished_at"])
        )
        assert (ended - began).total_seconds() >= 0.3

    def test_counts_what_a_fault_holds_back(
        self, local: RunningSandbox, account: Account
    ) -> None:
        def awaited() -> int:
            return int(local.control("GET", "log")["awaited"])

        local.fault("stall", seconds=3)
        with pytest.raises(requests.ReadTimeout):
            local.session.get(
                f"{local.url}/v1/me",
                headers={"Authorization": f"Bearer {account.token}"},
                timeout=0.1,
            )
        wait_until(lambda: awaited() == 1)
        assert local.log() == []
        wait_until(lambda: awaited() == 0)
        assert [entry["fault"] for entry in local.log()] == ["stall"]

    def test_names_the_worker_that_asked(
        self, local: RunningSandbox, account: Account
    ) -> None:
        account.ask("GET", "me", headers={"X-Worker": "celery@1"})
        account.ask("GET", "me", headers={"User-Agent": "VibeEngine (worker 2)"})
        workers = [entry["worker"] for entry in local.log()]
        assert workers == ["celery@1", "VibeEngine (worker 2)"]

    def test_tells_tokens_apart_and_follows_them(self, local: RunningSandbox) -> None:
        granted = local.grant()
        Account(local.url, local.session, granted["access_token"]).get("me")
        local.token(grant_type="refresh_token", refresh_token=granted["refresh_token"])
        issued, used, renewed = local.log("")
        assert used["token"] == issued["effect"]["access_token"]
        assert renewed["token"] == issued["effect"]["refresh_token"]
        assert renewed["effect"]["grant_type"] == "refresh_token"
        assert renewed["effect"]["access_token"] != used["token"]
        assert {issued["user_id"], renewed["user_id"]} == {"harbour-radio"}
