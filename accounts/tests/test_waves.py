"""Tokens refreshed ahead of time: which, when, and never all at once."""

from datetime import timedelta

import pytest

from accounts import services
from accounts.models import Account, App, Token
from accounts.services import waves
from accounts.services.waves import Pace
from accounts.tests.factories import make_account, make_accounts, sandbox_app
from accounts.tests.tokens import busy, give_work, refreshes, revoke, statuses, wave
from vibe_engine import clock as product_clock
from vibe_engine.errors import TransientError
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = [pytest.mark.django_db, pytest.mark.portable]


def with_work(account: Account, **ahead: float) -> Account:
    give_work(account, **ahead)
    return account


class TestWanted:
    def test_is_what_ends_soon_and_has_work_soon(self, clock: MovableClock) -> None:
        one = with_work(make_account())
        make_account()
        later = with_work(make_account(), hours=20)
        paused = with_work(make_account(status=Account.Status.INACTIVE))
        assert services.wanted(now=product_clock.now()) == []
        clock.forward(minutes=56)
        assert services.wanted(now=product_clock.now()) == [one]
        assert {later.status, paused.status} == {"active", "inactive"}

    def test_is_a_refused_account_whose_time_has_come_even_without_work(self) -> None:
        now = product_clock.now()
        due = make_account(recheck_at=now)
        with_work(make_account(recheck_at=now + timedelta(minutes=1)))
        assert services.wanted(now=now) == [due]

    def test_is_one_account_of_an_app_whose_halt_is_over(self) -> None:
        now = product_clock.now()
        accounts = make_accounts(3, token_expires_at=now)
        for account in accounts:
            give_work(account)
        App.objects.update(refresh_halted_until=now, refresh_halt_cause="rate")
        assert len(services.wanted(now=now)) == 1
        App.objects.update(refresh_halted_until=now + timedelta(seconds=1))
        assert services.wanted(now=now) == []

    def test_is_never_more_than_a_minute_can_bear(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(waves, "MOST_A_WAVE", 2)
        now = product_clock.now()
        urgent = make_accounts(2, token_expires_at=now)
        others = make_accounts(2, token_expires_at=now + timedelta(seconds=1))
        for account in (*others, *urgent):
            give_work(account)
        assert services.wanted(now=now) == urgent

    def test_spreads_accounts_connected_in_one_second_over_ten_minutes(self) -> None:
        now = product_clock.now()
        times = [
            services.refresh_at(Account(pk=number, token_expires_at=now))
            for number in range(1, 5_001)
        ]
        seconds = [int((now - moment).total_seconds()) for moment in times]
        assert min(seconds) >= 5 * 60
        assert max(seconds) <= 15 * 60
        minutes = [second // 60 for second in seconds]
        assert max(minutes.count(minute) for minute in set(minutes)) < 600


class TestPace:
    def test_begins_at_most_four_turns_a_second(self) -> None:
        time_s = [100.0]

        def sleep(seconds: float) -> None:
            time_s[0] += seconds

        pace = Pace(monotonic=lambda: time_s[0], sleep=sleep)
        for _ in range(9):
            pace.wait()
        assert time_s[0] == pytest.approx(102.0)

    def test_does_not_wait_where_turns_take_long_anyway(self) -> None:
        time_s: list[float] = [100.0]
        slept: list[float] = []
        pace = Pace(monotonic=lambda: time_s[0], sleep=slept.append)
        for _ in range(3):
            pace.wait()
            time_s[0] += 1.0
        assert slept == []


class TestRefreshWanted:
    def test_refreshes_each_and_goes_on_after_a_refusal(
        self, sandbox: SandboxControl
    ) -> None:
        accounts = [
            busy(sandbox, name=name, app=sandbox_app())
            for name in ("Wave one", "Wave two", "Wave three")
        ]
        revoke(sandbox, accounts[0])
        assert wave() == {"refreshed": 2, "refused": 0, "postponed": 1}
        assert services.wanted(now=product_clock.now()) == []

    def test_lets_the_app_rest_when_the_token_endpoint_asks_to_wait(
        self, sandbox: SandboxControl
    ) -> None:
        for name in ("Wave one", "Wave two"):
            busy(sandbox, name=name)
        sandbox.mark()
        sandbox.fault(
            "POST", "/api/token", status=429, headers={"Retry-After": "600"}, count=-1
        )
        assert wave() == {"refreshed": 0, "refused": 0, "postponed": 2}
        assert wave() == {"refreshed": 0, "refused": 0, "postponed": 0}
        assert refreshes(sandbox) == 1

    def test_passes_over_one_failure_and_gives_up_after_three(
        self, sandbox: SandboxControl
    ) -> None:
        for number in range(4):
            busy(sandbox, name=f"Wave {number}")
        sandbox.fault("POST", "/api/token", status=503)
        assert wave()["refreshed"] == 3
        Account.objects.update(token_expires_at=product_clock.now())
        sandbox.mark()
        sandbox.fault("POST", "/api/token", status=503, count=-1)
        with pytest.raises(TransientError):
            wave()
        assert refreshes(sandbox) == 3

    def test_reads_the_clock_for_every_account(self, sandbox: SandboxControl) -> None:
        accounts = [busy(sandbox, name=name) for name in ("Wave one", "Wave two")]
        start = product_clock.now()
        minutes = iter(range(1, 3))
        services.refresh_wanted(
            now=start, before_each=lambda: start + timedelta(minutes=next(minutes))
        )
        refreshed = Token.objects.order_by("pk").values_list("refreshed_at", flat=True)
        assert [moment - start for moment in refreshed if moment] == [
            timedelta(minutes=1),
            timedelta(minutes=2),
        ]
        assert set(statuses(*accounts)) == {"active"}
