"""What of the accounts is told outside of the pages."""

from datetime import datetime, timedelta

import pytest

from accounts import concerns
from accounts.models import Account, Developer
from accounts.tests.factories import make_account, make_developer
from accounts.throttle import circuit
from accounts.throttle.circuit import Cause
from automation import registry
from automation.models import Notice
from automation.notices.concerns import Concern
from automation.runtime import RuntimeSettings
from automation.tests.factories import make_notice
from vibe_engine import clock

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

HOURS = timedelta(hours=3)


def seen(now: datetime) -> dict[str, Concern]:
    found: list[Concern] = []
    concerns.collect(
        note=found.append, settings=RuntimeSettings(notify_circuit_hours=3), now=now
    )
    return {concern.key: concern for concern in found}


class TestConsents:
    def test_are_told_a_month_ahead_and_on_the_last_day(self) -> None:
        now = clock.now()
        account = make_account(display_name="Mira")
        for days, messages in ((31, 0), (29, 1), (2, 1), (0.5, 2)):
            ends_at = now + timedelta(days=days)
            Account.objects.update(consent_ends_at=ends_at)
            assert len(seen(now)) == messages, days
        first, last = seen(now).values()
        assert first.title.startswith("The consent of Mira ends on")
        assert first.path == f"/accounts/{account.pk}/renew/"
        assert first.lane == last.lane == account.lane

    def test_are_news_again_after_they_were_renewed(self) -> None:
        now = clock.now()
        make_account(consent_ends_at=now + timedelta(days=20))
        before = set(seen(now))
        Account.objects.update(consent_ends_at=now + timedelta(days=200))
        assert seen(now) == {}
        assert not before & set(seen(now + timedelta(days=180)))


class TestAccounts:
    def test_that_are_lost_are_told_with_what_to_do(self) -> None:
        make_account(status=Account.Status.NEEDS_REAUTH, display_name="Mira")
        make_account(status=Account.Status.BLOCKED, display_name="Noor")
        mira, noor = seen(clock.now()).values()
        assert (mira.title, mira.topic) == ("Mira needs a new consent", "account")
        assert noor.title == "Noor holds no seat of its app"
        assert "User Management" in noor.todo

    def test_that_were_taken_out_on_purpose_are_not(self) -> None:
        now = clock.now()
        make_account(status=Account.Status.NEEDS_REAUTH, disconnected_at=now)
        make_account(status=Account.Status.INACTIVE)
        make_account(status=Account.Status.ERASING)
        assert seen(now) == {}


class TestCircuits:
    def test_have_to_last_for_hours(self) -> None:
        now = clock.now()
        developer = make_developer(name="Main")
        circuit.trip(developer.pk, cause=Cause.RATE, retry_after_s=60.0, now=now)
        (short,) = seen(now).values()
        assert short.patience == HOURS
        assert short.title == "Calls for Main rest"

    def test_are_told_at_once_where_spotify_says_for_how_long(self) -> None:
        now = clock.now()
        developer = make_developer()
        circuit.trip(developer.pk, cause=Cause.QUOTA, retry_after_s=None, now=now)
        (long,) = seen(now).values()
        assert long.patience == timedelta()
        assert "quota is used up" in long.text

    def test_stay_the_same_cause_until_a_call_has_passed(self) -> None:
        now = clock.now()
        developer = make_developer()
        until = circuit.trip(
            developer.pk, cause=Cause.RATE, retry_after_s=60.0, now=now
        )
        soon = until + timedelta(minutes=5)
        assert set(seen(soon)) == {f"circuit:{developer.pk}"}
        circuit.close(developer.pk, now=soon)
        assert seen(soon) == {}

    def test_that_nobody_has_tried_again_are_no_news(self) -> None:
        now = clock.now()
        make_developer(circuit_open_until=now - timedelta(hours=1))
        assert Developer.objects.count() == 1
        assert seen(now) == {}


class TestErasing:
    def test_takes_along_what_was_told_of_the_account(self) -> None:
        now = clock.now()
        account = make_account()
        make_notice(now=now, lane=account.lane)
        other = make_notice(now=now, lane="account:0")
        registry.emit("account.erased", account=account)
        assert Notice.objects.get() == other
