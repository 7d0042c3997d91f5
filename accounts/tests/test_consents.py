"""The known end of a consent: warned of, out of what is due, and back in."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts import services
from accounts.models import Account, App
from accounts.services import signin
from accounts.tests.factories import make_account, make_app
from accounts.tests.test_jobs import run_of
from accounts.tests.tokens import connected, statuses
from automation.models import Run
from vibe_engine import clock as product_clock
from vibe_engine.errors import BlockedError, ConflictError
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

NOW = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)


def ending(**left: float) -> Account:
    """Return an account whose consent ends so long after `NOW`."""
    return make_account(
        authorized_at=NOW - timedelta(days=150), consent_ends_at=NOW + timedelta(**left)
    )


class TestWarning:
    @pytest.mark.parametrize(
        ("hours_left", "stage"),
        [
            (30 * 24 + 1, None),
            (30 * 24, 30),
            (14 * 24 + 1, 30),
            (14 * 24, 14),
            (7 * 24, 7),
            (24 + 1, 7),
            (24, 1),
            (-1, 1),
        ],
    )
    def test_stands_from_30_14_7_and_1_days_before(
        self, hours_left: int, stage: int | None
    ) -> None:
        account = Account(consent_ends_at=NOW + timedelta(hours=hours_left))
        assert account.consent_warning(now=NOW) == stage


class TestWatch:
    def test_warns_once_at_each_stage(self, caplog: pytest.LogCaptureFixture) -> None:
        account = ending(days=40)
        with caplog.at_level(logging.WARNING, "accounts.services.signin"):
            for day in range(40):
                services.watch_consents(now=NOW + timedelta(days=day))
        told = [record.getMessage() for record in caplog.records]
        assert [text.rpartition("within ")[2] for text in told] == [
            "30 days.",
            "14 days.",
            "7 days.",
            "1 day.",
        ]
        assert all(f"account {account.pk} ends on 2026-07-11" in text for text in told)

    def test_counts_what_it_warned_of_and_what_is_over(self) -> None:
        ending(days=3), ending(days=20), ending(minutes=5), ending(days=100)
        assert services.watch_consents(now=NOW) == {"warned": 2, "ended": 1}
        assert services.watch_consents(now=NOW) == {"warned": 0, "ended": 0}

    def test_leaves_out_who_is_at_work_no_more(self) -> None:
        account = ending(days=3)
        Account.objects.update(status=Account.Status.INACTIVE)
        assert services.watch_consents(now=NOW) == {"warned": 0, "ended": 0}
        assert statuses(account) == ["inactive"]


class TestEnd:
    def test_takes_the_account_out_an_hour_before(self) -> None:
        soon, later = ending(minutes=60), ending(minutes=61)
        assert services.end_consents(now=NOW) == 1
        soon.refresh_from_db()
        assert statuses(soon, later) == ["needs_reauth", "active"]
        assert soon.status_reason == (
            "The consent ends on 1 June 2026, six months after it was given. "
            "Connect the account again."
        )

    def test_does_not_undo_a_renewal_that_came_in_between(self) -> None:
        account = ending(minutes=5)
        Account.objects.update(consent_ends_at=NOW + timedelta(days=180))
        assert not signin.end_consent(account, now=NOW)
        assert statuses(account) == ["active"]

    def test_blocks_runs_even_where_no_schedule_has_noticed_it(
        self, clock: MovableClock
    ) -> None:
        clock.set(NOW)
        account = ending(minutes=30)
        with pytest.raises(BlockedError, match="six months after") as caught:
            services.client_for(account, now=NOW)
        assert caught.value.reason == "needs_reauth"
        assert statuses(account) == ["needs_reauth"]

    def test_gives_no_such_account_for_reading_the_catalogue(self) -> None:
        over, good = ending(minutes=30), ending(days=20)
        assert services.any_usable_account(over, now=NOW) == good
        assert services.features_account(now=NOW) is None

    def test_gives_a_refused_account_only_where_there_is_no_other(self) -> None:
        refused = ending(days=20)
        Account.objects.update(recheck_at=NOW + timedelta(minutes=15))
        assert services.any_usable_account(now=NOW) == refused
        good = ending(days=20)
        assert services.any_usable_account(refused, now=NOW) == good

    def test_keeps_a_paused_account_from_being_resumed(self) -> None:
        account = ending(minutes=30)
        services.pause_account(account=account)
        with pytest.raises(ConflictError, match="renew it first"):
            services.resume_account(account=account, now=NOW)
        assert statuses(account) == ["inactive"]

    def test_needs_no_second_refusal(
        self, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        account = connected(sandbox, name="Half a year")
        clock.forward(days=190)
        run = run_of("accounts.refresh_token", account)
        assert (run.state, run.reason) == (Run.State.BLOCKED, "needs_reauth")
        assert "six months after" in run.error
        account.refresh_from_db()
        assert account.state(now=product_clock.now()) == ("bad", "Consent ended")


class TestPage:
    def test_says_that_a_sign_in_was_refused_and_when_it_is_checked(
        self, operator: Client, clock: MovableClock
    ) -> None:
        clock.set(NOW)
        account = make_account(recheck_at=NOW + timedelta(minutes=15))
        said = "Spotify refused the sign-in; checking again at"
        for path in ("/accounts/", account.get_absolute_url()):
            page = operator.get(path).content.decode()
            assert said in page
            assert ">06:15</time>" in page.partition(said)[2][:200]
            assert "Sign-in refused" in page

    @pytest.mark.parametrize(
        ("left", "word"),
        [(20, "30 days"), (10, "14 days"), (2, "7 days"), (1, "a day")],
    )
    def test_says_how_soon_a_consent_ends(
        self, operator: Client, clock: MovableClock, left: int, word: str
    ) -> None:
        clock.set(NOW)
        ending(days=left)
        page = operator.get("/accounts/").content.decode()
        assert f"Consent ends within {word}" in page
        assert "1 needs consent within the month." in page

    @pytest.mark.parametrize(
        ("cause", "words"),
        [
            ("credentials", "no account is at fault"),
            ("doubt", "Nobody is disconnected"),
            ("rate", "asks for a pause"),
        ],
    )
    def test_says_why_no_token_is_refreshed(
        self, operator: Client, cause: str, words: str
    ) -> None:
        account = make_account(app=make_app())
        until = product_clock.now() + timedelta(minutes=5)
        App.objects.update(refresh_halted_until=until, refresh_halt_cause=cause)
        for path in ("/accounts/", account.get_absolute_url()):
            page = operator.get(path).content.decode()
            assert words in page
            assert "The next check is" in page
