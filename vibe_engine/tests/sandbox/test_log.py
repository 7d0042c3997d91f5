from vibe_engine.sandbox import requestlog
from vibe_engine.sandbox.playlists import digest
from vibe_engine.sandbox.requestlog import Entry, RequestLog
from vibe_engine.sandbox.store import Store
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
        assert beyond == {"next": newest, "requests": []}

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

    def test_forgets_the_oldest(self) -> None:
        store = Store()
        log = RequestLog(store)
        with store.transaction():
            for _ in range(requestlog.KEPT_REQUESTS + 1_000):
                log.add(Entry(at_s=0, method="GET", path="/v1/me", query=""))
        kept = store.number("SELECT count(*) FROM requests")
        oldest = store.number("SELECT min(n) FROM requests")
        assert (kept, oldest) == (requestlog.KEPT_REQUESTS, 1_001)
        store.close()
