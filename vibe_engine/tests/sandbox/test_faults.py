import time
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
