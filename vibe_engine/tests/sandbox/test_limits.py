from pathlib import Path

import pytest

from vibe_engine.sandbox.people import App
from vibe_engine.tests.sandbox.running import Account, RunningSandbox

DAY_S = 86_400


@pytest.fixture
def sister(local: RunningSandbox) -> Account:
    """An account of another app that belongs to the same developer."""
    app = App("sister", "sister-secret", "development", "northpier")
    local.control(
        "POST",
        "apps",
        client_id=app.client_id,
        client_secret=app.client_secret,
        developer=app.developer,
    )
    return local.connect("late-shift", app)


class TestRate:
    def test_counts_over_all_apps_of_a_developer(
        self, local: RunningSandbox, account: Account, sister: Account, veteran: Account
    ) -> None:
        local.control("POST", "options", rate=2)
        assert account.ask("GET", "me").status_code == 200
        assert sister.ask("GET", "me").status_code == 200
        answer = account.ask("GET", "me")
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["Retry-After"]) <= 30
        assert answer.json()["error"] == {
            "status": 429,
            "message": "API rate limit exceeded",
        }
        assert veteran.ask("GET", "me").status_code == 200

    def test_opens_when_the_window_has_passed(
        self, local: RunningSandbox, account: Account, clock_file: Path
    ) -> None:
        local.control("POST", "options", rate=1)
        account.ask("GET", "me")
        wait_s = int(account.ask("GET", "me").headers["Retry-After"])
        clock_file.write_text(str(wait_s))
        assert account.ask("GET", "me").status_code == 200

    def test_does_nothing_of_what_it_refuses(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.control("POST", "options", rate=1)
        account.ask("GET", "me")
        answer = account.ask("POST", "me/playlists", json={"name": "x"})
        assert answer.status_code == 429
        assert local.control("GET", "playlists")["playlists"] == []

    def test_survives_a_clock_that_goes_back(
        self, local: RunningSandbox, account: Account, clock_file: Path
    ) -> None:
        clock_file.write_text("1000")
        local.control("POST", "options", rate=1)
        account.ask("GET", "me")
        clock_file.write_text("0")
        assert account.ask("GET", "me").status_code == 200


class TestQuota:
    def test_names_itself_and_can_ask_for_a_day(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.control("POST", "options", quota=1)
        account.ask("GET", "me")
        answer = account.ask("GET", "me")
        assert answer.status_code == 429
        assert answer.json()["error"] == {
            "status": 429,
            "message": "Too many requests",
            "reason": "QUOTA_EXCEEDED",
        }
        assert DAY_S - 60 < int(answer.headers["Retry-After"]) <= DAY_S

    def test_counts_groups_of_endpoints_apart(
        self, local: RunningSandbox, account: Account
    ) -> None:
        local.control("POST", "options", quota=1)
        album_id = local.albums(1)[0]["id"]
        assert account.ask("GET", "me").status_code == 200
        assert account.ask("GET", f"albums/{album_id}").status_code == 200
        assert account.ask("GET", f"albums/{album_id}/tracks").status_code == 429

    def test_is_shared_by_a_developers_apps(
        self, local: RunningSandbox, account: Account, sister: Account
    ) -> None:
        local.control("POST", "options", quota=1)
        assert account.ask("GET", "me").status_code == 200
        assert sister.ask("GET", "me").status_code == 429

    def test_rolls_on(
        self, local: RunningSandbox, account: Account, clock_file: Path
    ) -> None:
        local.control("POST", "options", quota=2)
        account.ask("GET", "me")
        clock_file.write_text("3000")
        account.ask("GET", "me")
        wait_s = int(account.ask("GET", "me").headers["Retry-After"])
        assert DAY_S - 3060 < wait_s <= DAY_S - 3000
        clock_file.write_text(str(DAY_S + 1))
        fresh = local.connect()
        assert fresh.ask("GET", "me").status_code == 200
        assert fresh.ask("GET", "me").status_code == 429
