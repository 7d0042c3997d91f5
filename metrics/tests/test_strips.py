"""The strips above every page: only what the operator must know."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Account
from accounts.tests.factories import make_account, make_app, make_developer
from automation.reads import Pulse
from metrics.strips import Strip, strips_for

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.portable]


@pytest.fixture(autouse=True)
def _live(settings: Any) -> None:
    settings.DEMO = False


def strips(*accounts: Account, heard: timedelta = timedelta(seconds=1)) -> list[Strip]:
    """Return the strips of these accounts; the engine was heard so long ago."""
    pulse = Pulse(
        NOW - heard, broker_ok=True, working=0, waiting=0, blocked=0, failed=0
    )
    return strips_for(accounts=accounts, pulse=pulse, now=NOW)


def ending(**left: float) -> Account:
    """Return an account whose consent ends so long after `NOW`."""
    given_at = NOW - timedelta(days=100)
    return make_account(authorized_at=given_at, consent_ends_at=NOW + timedelta(**left))


class TestStrips:
    def test_are_silent_while_all_is_well(self) -> None:
        assert strips(make_account(now=NOW)) == []

    def test_tell_that_the_engine_is_silent(self) -> None:
        (strip,) = strips(heard=timedelta(minutes=2))
        assert strip.title == "The engine does not answer."
        assert strip.url == "/health/"

    def test_tell_until_when_calls_rest_once_a_developer(self) -> None:
        developer = make_developer(
            name="Kiosk",
            circuit_open_until=NOW + timedelta(hours=2),
            circuit_cause="quota",
        )
        accounts = [
            make_account(app=make_app(developer=developer), now=NOW) for _ in range(2)
        ]
        (strip,) = strips(*accounts)
        assert strip.title == "Calls for Kiosk rest until today 14:00."
        assert strip.text.startswith("Spotify's quota")

    def test_tell_of_each_lost_consent_up_to_two(self) -> None:
        lost = [
            make_account(now=NOW, status=Account.Status.NEEDS_REAUTH) for _ in range(2)
        ]
        first, second = strips(*lost)
        assert first.title == f"{lost[0]} needs a new consent."
        assert first.url == f"/accounts/{lost[0].pk}/renew/"
        assert second.title == f"{lost[1]} needs a new consent."

    def test_sum_lost_consents_up_beyond_two(self) -> None:
        lost = [
            make_account(
                now=NOW, status=Account.Status.NEEDS_REAUTH, playlists_count=600
            )
            for _ in range(4)
        ]
        (strip,) = strips(*lost)
        assert strip.title == "4 accounts need a new consent."
        assert strip.text == "Their 2,400 playlists stand still until then."
        assert strip.url == "/accounts/"

    @pytest.mark.parametrize(
        ("days", "kind"), [(31, None), (30, "info"), (15, "info"), (14, "warn")]
    )
    def test_warn_of_the_end_of_a_consent(self, days: int, kind: str | None) -> None:
        account = ending(days=days)
        found = strips(account)
        assert [strip.kind for strip in found] == ([kind] if kind else [])
        if kind:
            assert found[0].title.startswith(f"The consent of {account} ends ")

    def test_sum_ending_consents_up_with_the_first_of_them(self) -> None:
        later = [ending(days=20), ending(days=25)]
        first = ending(hours=3)
        (strip,) = strips(*later, first)
        assert strip.kind == "warn"
        assert strip.title == "3 consents end within 30 days."
        assert strip.text.startswith(f"That of {first} is the first, today 15:00;")

    def test_tell_when_a_refused_sign_in_is_checked_again(self) -> None:
        account = make_account(now=NOW, recheck_at=NOW + timedelta(minutes=15))
        (strip,) = strips(account)
        assert strip.title == (
            f"Spotify refused the sign-in of {account}; checking again at 12:15."
        )
        other = make_account(now=NOW, recheck_at=NOW + timedelta(minutes=9))
        (strip,) = strips(account, other)
        assert "2 accounts; checking again at 12:09." in strip.title

    def test_tell_why_no_token_is_refreshed_once_an_app(self) -> None:
        app = make_app(name="Kiosk")
        app.refresh_halted_until = NOW + timedelta(minutes=5)
        app.refresh_halt_cause = "doubt"
        recheck_at = NOW + timedelta(minutes=15)
        accounts = [
            make_account(app=app, now=NOW, recheck_at=recheck_at) for _ in range(3)
        ]
        (strip,) = strips(*accounts)
        assert strip.title == "No token of Kiosk is refreshed."
        assert "Nobody is disconnected" in strip.text
        assert strip.text.endswith("The next check is today 12:05.")

    def test_do_not_nag_about_accounts_that_were_disconnected(self) -> None:
        account = make_account(
            now=NOW, status=Account.Status.NEEDS_REAUTH, disconnected_at=NOW
        )
        assert strips(account) == []

    def test_tell_that_a_local_spotify_answers(self, settings: Any) -> None:
        settings.DEMO = True
        (strip,) = strips()
        assert (strip.kind, strip.title) == ("info", "Sandbox.")
