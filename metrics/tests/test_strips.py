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

    def test_count_consents_beyond_two(self) -> None:
        lost = [
            make_account(now=NOW, status=Account.Status.NEEDS_REAUTH) for _ in range(4)
        ]
        titles = [strip.title for strip in strips(*lost)]
        assert len(titles) == 3
        assert titles[-1] == "2 more accounts want a new consent."

    def test_do_not_nag_about_accounts_that_were_disconnected(self) -> None:
        account = make_account(
            now=NOW, status=Account.Status.NEEDS_REAUTH, disconnected_at=NOW
        )
        assert strips(account) == []

    def test_tell_that_a_local_spotify_answers(self, settings: Any) -> None:
        settings.DEMO = True
        (strip,) = strips()
        assert (strip.kind, strip.title) == ("info", "Sandbox.")
