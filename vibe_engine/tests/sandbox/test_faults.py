import time
from pathlib import Path
from typing import Any

import pytest
import requests

from vibe_engine.tests.sandbox.running import Account, RunningSandbox


def names(local: RunningSandbox) -> list[str]:
    playlists = local.control("GET", "playlists")["playlists"]
    return [playlist["name"] for playlist in playlists]


class TestFault:
    def test_answers_before_anything_was_done(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.fault("status", method="POST", path="^/v1/me/playlists$", status=502)
        answer = account.ask("POST", "me/playlists", json={"name": "x"})
        assert answer.status_code == 502
        assert names(local) == []

    def test_answers_after_everything_was_done(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.fault("status_after", path="playlists", status=503)
        answer = account.ask("POST", "me/playlists", json={"name": "x"})
        assert answer.status_code == 503
        assert names(local) == ["x"]

    @pytest.mark.parametrize(
        ("kind", "applied"),
        [
            ("drop_before", False),
            ("reset_before", False),
            ("stall", False),
            ("drop_after", True),
            ("reset_after", True),
        ],
    )
    def test_hangs_up(
        self, local: RunningSandbox, account: Account, kind: str, *, applied: bool
    ) -> None:
        local.fault(kind, path="playlists")
        with pytest.raises(requests.ConnectionError):
            account.ask("POST", "me/playlists", json={"name": "x"})
        assert names(local) == (["x"] if applied else [])
        entry = local.log()[-1]
        assert (entry["fault"], entry["status"], entry["applied"]) == (kind, 0, applied)

    def test_says_wait_in_any_form(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.fault("status", status=429)
        local.fault("status", status=429, headers={"Retry-After": "86400"})
        local.fault("status", status=429, headers={})
        answers = [account.ask("GET", "me") for _ in range(3)]
        waits = [answer.headers.get("Retry-After") for answer in answers]
        assert waits == ["1", "86400", None]

    @pytest.mark.parametrize(
        ("body", "text"),
        [
            ("Service down", "Service down"),
            ({"error": "flat"}, '{"error":"flat"}'),
            ([], "[]"),
            ("", ""),
        ],
    )
    def test_says_what_it_is_told_to(
        self, local: RunningSandbox, account: Account, body: Any, text: str
    ) -> None:
        local.fault("status", status=500, body=body)
        answer = account.ask("GET", "me")
        assert (answer.status_code, answer.text) == (500, text)

    def test_makes_a_good_answer_unreadable(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.fault("malformed", path="playlists")
        answer = account.ask("POST", "me/playlists", json={"name": "x"})
        assert answer.status_code == 201
        with pytest.raises(requests.JSONDecodeError):
            answer.json()
        assert names(local) == ["x"]

    def test_makes_a_good_answer_another(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.fault("malformed", body="[1, 2]")
        assert account.get("me") == [1, 2]

    def test_makes_a_good_answer_huge(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.fault("huge", megabytes=6)
        answer = account.ask("GET", "me")
        assert len(answer.content) == 6_000_000
        assert answer.json()["id"] == "harbour-radio"

    def test_lets_a_good_answer_drip(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.fault("drip", seconds=0.2)
        started_s = time.monotonic()
        assert account.get("me")["id"] == "harbour-radio"
        assert time.monotonic() - started_s >= 0.2

    @pytest.mark.parametrize("kind", ["latency", "latency_after"])
    def test_takes_its_time(
        self, local: RunningSandbox, account: Account, kind: str
    ) -> None:
        local.fault(kind, seconds=0.2)
        started_s = time.monotonic()
        account.create("x")
        assert time.monotonic() - started_s >= 0.2

    def test_lets_others_go_ahead_and_still_strikes_late(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.fault("latency", path="playlists", seconds=1)
        with pytest.raises(requests.ReadTimeout):
            local.session.post(
                f"{local.url}/v1/me/playlists",
                json={"name": "late"},
                headers={"Authorization": f"Bearer {account.token}"},
                timeout=0.1,
            )
        account.get("me")
        assert names(local) == []
        give_up_s = time.monotonic() + 20
        while not names(local) and time.monotonic() < give_up_s:
            time.sleep(0.05)
        assert names(local) == ["late"]

    def test_strikes_as_often_as_told(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.fault("status", status=500, count=2)
        codes = [account.ask("GET", "me").status_code for _ in range(3)]
        assert codes == [500, 500, 200]

    def test_strikes_until_taken_back(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.fault("status", status=500, count=-1)
        assert {account.ask("GET", "me").status_code for _ in range(5)} == {500}
        assert local.control("GET", "faults")["faults"][0]["met"] == 5
        local.control("DELETE", "faults")
        assert account.ask("GET", "me").status_code == 200

    def test_strikes_a_share(self, local: RunningSandbox, account: Account) -> None:
        local.fault("status", status=500, count=-1, share=0.5)
        codes = [account.ask("GET", "me").status_code for _ in range(100)]
        assert 20 < codes.count(500) < 80

    def test_follows_a_script(self, local: RunningSandbox, account: Account) -> None:
        local.fault("pass")
        local.fault("status", status=502)
        local.fault("pass", count=2)
        local.fault("status", status=503)
        codes = [account.ask("GET", "me").status_code for _ in range(6)]
        assert codes == [200, 502, 200, 200, 503, 200]

    def test_meets_only_its_method_and_path(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.fault("status", method="POST", path="/items$", status=500, count=-1)
        assert account.get("me")
        playlist = account.create()
        path = f"playlists/{playlist['id']}/items"
        assert account.ask("PUT", path, json={"uris": []}).status_code == 200
        assert account.ask("POST", path, json={"uris": []}).status_code == 500

    @pytest.mark.parametrize(
        "wanted",
        [
            {},
            {"kind": "explosion"},
            {"kind": "status", "path": "("},
            {"kind": "status", "status": 42},
            {"kind": "status", "status": "500"},
            {"kind": "latency", "seconds": -1},
            {"kind": "status", "colour": "red"},
            {"kind": "status", "id": 7},
            {"kind": "status", "count": 0},
            {"kind": "status", "share": 2},
            {"kind": "status", "count": 1.5},
            {"kind": "status", "for_s": -1},
            {"kind": "status", "method": 7},
            {"kind": "status", "headers": {"Retry-After": "1\r\nX: y"}},
            {"kind": "status", "headers": {"Retry-After": "\u221e"}},
            {"kind": "status", "headers": ["Retry-After"]},
            {"kind": "huge", "megabytes": 100_000},
            {"mix": []},
            {"mix": {"kind": "status"}},
            {"mix": ["status"]},
            {"mix": [{"kind": "status"}, {"kind": "explosion"}]},
            {"mix": [{"kind": "status"}], "script": [{"kind": "status"}]},
            {"script": [{"kind": "status"}], "repeat": 0},
            {"script": [{"kind": "status"}], "repeat": "ever"},
            {"kind": "status", "seed": "x"},
        ],
    )
    def test_is_refused_where_it_makes_no_sense(
        self, local: RunningSandbox, wanted: dict[str, Any]
    ) -> None:
        answer = local.session.post(
            f"{local.url}/_sandbox/faults", json=wanted, timeout=9
        )
        assert answer.status_code == 400
        assert answer.json()["error"]["message"]
        assert local.control("GET", "faults") == {"faults": []}


class TestMix:
    def test_strikes_each_request_once_at_most(
        self, local: RunningSandbox, account: Account
    ) -> None:
        mix = [{"status": 500, "share": 0.3}, {"status": 502, "share": 0.3}]
        local.control(
            "POST", "faults", mix=mix, kind="status", path="/me$", count=-1, seed=7
        )
        codes = [account.ask("GET", "me").status_code for _ in range(200)]
        assert 30 < codes.count(500) < 90
        assert 30 < codes.count(502) < 90
        assert 40 < codes.count(200) < 120

    def test_strikes_the_same_requests_for_the_same_seed(
        self, local: RunningSandbox, account: Account
    ) -> None:
        mix = [{"kind": "status", "share": 0.5, "count": -1}]
        rows = []
        for seed in (7, 7, 8):
            local.control("POST", "faults", mix=mix, seed=seed)
            rows.append([account.ask("GET", "me").status_code for _ in range(40)])
            local.control("DELETE", "faults")
        assert rows[0] == rows[1] != rows[2]

    def test_always_strikes_where_shares_make_a_whole(
        self, local: RunningSandbox, account: Account
    ) -> None:
        mix = [{"status": 500, "share": 0.5}, {"status": 502}]
        local.control("POST", "faults", mix=mix, kind="status", count=-1)
        assert 200 not in {account.ask("GET", "me").status_code for _ in range(50)}


class TestScript:
    def test_waits_for_the_request_each_step_is_meant_for(
        self, local: RunningSandbox, account: Account
    ) -> None:
        steps = [
            {"kind": "drop_after", "method": "POST", "path": "/me/playlists$"},
            {"kind": "status", "method": "GET", "path": "/me/playlists$"},
        ]
        local.control("POST", "faults", script=steps)
        assert account.ask("GET", "me/playlists").status_code == 200
        with pytest.raises(requests.ConnectionError):
            account.ask("POST", "me/playlists", json={"name": "x"})
        assert account.ask("GET", "me/playlists").status_code == 500
        assert account.get("me/playlists")["total"] == 1
        assert local.control("GET", "faults") == {"faults": []}

    def test_is_played_again(self, local: RunningSandbox, account: Account) -> None:
        steps = [{"kind": "status"}, {"kind": "pass"}]
        local.control("POST", "faults", script=steps, repeat=2)
        codes = [account.ask("GET", "me").status_code for _ in range(6)]
        assert codes == [500, 200, 500, 200, 200, 200]

    def test_is_played_for_ever(self, local: RunningSandbox, account: Account) -> None:
        steps = [{"kind": "status"}, {"kind": "pass"}]
        local.control("POST", "faults", script=steps, repeat=-1)
        codes = [account.ask("GET", "me").status_code for _ in range(20)]
        assert codes == [500, 200] * 10

    def test_leaves_the_rest_to_what_was_set_up_after_it(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.control("POST", "faults", script=[{"kind": "status", "path": "/items"}])
        local.fault("status", status=502)
        assert account.ask("GET", "me").status_code == 502


class TestFaultsOfAnAccount:
    def test_leave_others_alone(self, local: RunningSandbox, account: Account) -> None:
        other = local.connect("late-shift")
        local.fault("status", user_id="late-shift", count=-1)
        assert account.ask("GET", "me").status_code == 200
        assert other.ask("GET", "me").status_code == 500

    def test_follow_it_to_the_token_endpoint(self, local: RunningSandbox) -> None:
        mine, theirs = local.grant(), local.grant("late-shift")
        local.fault("invalid_grant", user_id="late-shift", path="/api/token$")
        for granted, status in ((mine, 200), (theirs, 400), (theirs, 200)):
            answer = local.token(
                grant_type="refresh_token", refresh_token=granted["refresh_token"]
            )
            assert answer.status_code == status

    def test_leave_other_apps_alone(
        self, local: RunningSandbox, account: Account, veteran: Account
    ) -> None:
        local.fault("status", client_id="veteran", count=-1)
        assert account.ask("GET", "me").status_code == 200
        assert veteran.ask("GET", "me").status_code == 500


class TestTokenEndpointFault:
    def refresh(self, local: RunningSandbox, granted: dict[str, Any]) -> Any:
        return local.token(
            grant_type="refresh_token", refresh_token=granted["refresh_token"]
        )

    def test_refuses_everybody_for_a_while(
        self, local: RunningSandbox, clock_file: Path
    ) -> None:
        everybody = [local.grant(user) for user in ("harbour-radio", "late-shift")]
        local.fault("invalid_grant", path="/api/token$", count=-1, for_s=300)
        for granted in everybody:
            answer = self.refresh(local, granted)
            assert answer.status_code == 400
            assert answer.json() == {
                "error": "invalid_grant",
                "error_description": "Refresh token revoked",
            }
        clock_file.write_text("301")
        assert all(self.refresh(local, each).status_code == 200 for each in everybody)

    @pytest.mark.parametrize(
        ("status", "word"), [(500, "server_error"), (503, "temporarily_unavailable")]
    )
    def test_speaks_flatly(self, local: RunningSandbox, status: int, word: str) -> None:
        local.fault("status", path="/api/token$", status=status)
        answer = self.refresh(local, {"refresh_token": "x"})
        assert (answer.status_code, answer.json()) == (status, {"error": word})

    def test_loses_the_answer_after_a_token_was_rotated(
        self, local: RunningSandbox
    ) -> None:
        local.control("POST", "options", rotate_refresh_tokens=True)
        granted = local.grant()
        local.fault("reset_after", path="/api/token$")
        with pytest.raises(requests.ConnectionError):
            self.refresh(local, granted)
        assert self.refresh(local, granted).json()["error"] == "invalid_grant"


class TestWaitingOrders:
    def test_name_the_quota_and_ask_for_a_day(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.fault("quota_exceeded")
        answer = account.ask("GET", "me")
        assert answer.status_code == 429
        assert answer.json()["error"]["reason"] == "QUOTA_EXCEEDED"
        assert int(answer.headers["Retry-After"]) > 86_000

    @pytest.mark.parametrize(
        "said",
        [
            *("-1", "0", "1.5", "soon", "", " 7", "1e9", "9" * 400, "+5", "5, 7"),
            *("Wed, 21 Oct 2026 07:28:00 GMT", "\u00b2", "0x10", "86400;q=1"),
        ],
    )
    def test_may_take_any_form(
        self, local: RunningSandbox, account: Account, said: str
    ) -> None:
        local.fault("rate_limited", headers={"Retry-After": said})
        answer = account.ask("GET", "me")
        assert answer.status_code == 429
        assert "reason" not in answer.json()["error"]
        assert answer.headers["Retry-After"] == said.strip()


class TestStale:
    def test_shows_a_list_and_items_of_before(
        self, local: RunningSandbox, account: Account
    ) -> None:
        playlist = account.create("New")
        path = f"playlists/{playlist['id']}/items"
        account.ask("PUT", path, json={"uris": local.track_uris(2)})
        local.fault("stale", path="/me/playlists$", seconds=60)
        local.fault("stale", path="/items$", seconds=60)
        assert account.get("me/playlists")["total"] == 0
        assert account.get(path)["total"] == 0
        assert account.get("me/playlists")["total"] == 1
        assert account.get(path)["total"] == 2
