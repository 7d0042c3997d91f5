"""What is made of `invalid_grant`: asked again, compared with others, or doubted."""

from datetime import timedelta

import pytest

from accounts import services
from accounts.models import Account, App, Token
from accounts.services import doubting, halting
from accounts.services.refreshing import AccountTokens
from accounts.tests.factories import make_app, make_developer, sandbox_app
from accounts.tests.test_jobs import run_of
from accounts.tests.tokens import (
    busy,
    expired,
    live_through,
    refreshes,
    refuse_everybody,
    revoke,
    statuses,
    wave,
)
from automation import worker
from automation.models import Run
from vibe_engine import clock as product_clock
from vibe_engine.errors import BlockedError, WaitError
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

ACTIVE, GONE = Account.Status.ACTIVE, Account.Status.NEEDS_REAUTH


def revoked(sandbox: SandboxControl, name: str = "Revoked") -> Account:
    account = expired(sandbox, name=name)
    revoke(sandbox, account)
    return account


def refused(account: Account) -> WaitError:
    """Ask for the account's token; return the wait that comes of a refusal."""
    with pytest.raises(WaitError) as caught:
        AccountTokens(account.pk).access_token()
    account.refresh_from_db()
    return caught.value


def fleet(sandbox: SandboxControl, count: int) -> list[Account]:
    accounts = [busy(sandbox, name=f"Fleet {number}") for number in range(count)]
    sandbox.mark()
    return accounts


def the_app() -> App:
    return App.objects.get(pk=sandbox_app().pk)


class TestFirstRefusal:
    def test_is_asked_again_a_quarter_of_an_hour_later(
        self, sandbox: SandboxControl
    ) -> None:
        account = revoked(sandbox)
        before = product_clock.now()
        wait = refused(account)
        assert wait.cause == "consent"
        assert "refused the sign-in; checking again at" in str(wait)
        assert account.status == ACTIVE
        assert account.recheck_at == wait.until
        assert wait.until - before >= timedelta(minutes=15)
        assert account.state(now=before) == ("warn", "Sign-in refused")

    def test_lets_nobody_knock_in_between(
        self, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        account = revoked(sandbox)
        wait = refused(account)
        clock.forward(minutes=14)
        assert refused(account).until == wait.until
        with pytest.raises(WaitError):
            services.client_for(account, now=product_clock.now())
        wave()
        assert refreshes(sandbox) == 1

    def test_is_asked_at_once_where_the_clock_was_set_back(
        self, sandbox: SandboxControl
    ) -> None:
        account = expired(sandbox)
        far = product_clock.now() + timedelta(days=200)
        Account.objects.update(recheck_at=far)
        App.objects.update(refresh_halted_until=far, refresh_halt_cause="rate")
        AccountTokens(account.pk).access_token()
        account.refresh_from_db()
        assert account.recheck_at is None
        assert the_app().refresh_halted_until is None

    def test_lets_runs_wait_and_neither_fails_nor_blocks_them(
        self, sandbox: SandboxControl
    ) -> None:
        account = revoked(sandbox)
        run = run_of("accounts.refresh_token", account)
        account.refresh_from_db()
        assert (run.state, run.reason) == (Run.State.PLANNED, "consent")
        assert (run.due_at, run.errors) == (account.recheck_at, 0)

    def test_is_forgotten_when_the_second_answer_is_a_good_one(
        self, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        account = expired(sandbox)
        refuse_everybody(sandbox)
        refused(account)
        sandbox.clear_faults()
        clock.forward(minutes=15)
        AccountTokens(account.pk).access_token()
        account.refresh_from_db()
        token = Token.objects.get(account=account)
        assert (account.status, account.recheck_at) == (ACTIVE, None)
        assert (token.refused_at, token.refusals) == (None, 0)

    def test_is_followed_up_although_the_access_token_would_last(
        self, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        account = expired(sandbox)
        refuse_everybody(sandbox)
        refused(account)
        sandbox.clear_faults()
        account.token_expires_at = product_clock.now() + timedelta(hours=1)
        account.save(update_fields=["token_expires_at"])
        clock.forward(minutes=15)
        assert wave()["refreshed"] == 1
        account.refresh_from_db()
        assert account.recheck_at is None

    def test_repeats_no_token_that_spotify_repeats(
        self, sandbox: SandboxControl, caplog: pytest.LogCaptureFixture
    ) -> None:
        account = expired(sandbox)
        (secret,) = Token.objects.get().refresh_tokens
        echo = {"error": "invalid_grant", "error_description": f"Not {secret}"}
        sandbox.fault("POST", "/api/token", status=400, body=echo, count=-1)
        run = run_of("accounts.refresh_token", account)
        account.refresh_from_db()
        told = run.error + account.status_reason + caplog.text + repr(run.result)
        assert "refused" in told
        assert secret not in told


class TestSecondRefusal:
    def test_is_believed_where_another_account_is_accepted(
        self, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        account, other = revoked(sandbox), expired(sandbox, name="Another")
        sandbox.mark()
        run = run_of("accounts.refresh_token", account)
        clock.forward(minutes=15)
        worker.work(run.pk)
        run.refresh_from_db()
        account.refresh_from_db()
        assert (run.state, run.reason) == (Run.State.BLOCKED, "needs_reauth")
        assert (account.status, account.recheck_at) == (GONE, None)
        assert "connect the account again" in account.status_reason
        assert statuses(other) == [ACTIVE]
        assert refreshes(sandbox) == 3

    def test_is_believed_of_an_account_that_is_alone(
        self, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        account = revoked(sandbox)
        refused(account)
        clock.forward(minutes=15)
        with pytest.raises(BlockedError):
            AccountTokens(account.pk).access_token()
        assert statuses(account) == [GONE]

    def test_is_not_believed_where_the_other_one_is_refused_too(
        self, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        account, other = expired(sandbox), expired(sandbox, name="Another")
        refuse_everybody(sandbox)
        refused(account)
        clock.forward(minutes=15)
        refused(account)
        assert statuses(account, other) == [ACTIVE, ACTIVE]
        assert the_app().refresh_halt_cause == halting.Cause.DOUBT

    def test_proves_nothing_while_spotify_is_away_for_the_other_one(
        self, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        account = revoked(sandbox)
        expired(sandbox, name="Another")
        refused(account)
        clock.forward(minutes=15)
        sandbox.fault("POST", "/api/token", kind="pass")
        sandbox.fault("POST", "/api/token", status=503)
        refused(account)
        assert statuses(account) == [ACTIVE]
        clock.forward(minutes=15)
        with pytest.raises(BlockedError):
            AccountTokens(account.pk).access_token()


class TestRefusalsFromEverywhere:
    def test_disconnect_nobody_in_five_minutes_and_a_real_one_is_found(
        self, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        accounts = fleet(sandbox, 6)
        refuse_everybody(sandbox)
        wave()
        revoke(sandbox, accounts[2])
        live_through(clock, minutes=5)
        sandbox.clear_faults()
        assert set(statuses(*accounts)) == {ACTIVE}
        live_through(clock, minutes=60)
        expected = [ACTIVE, ACTIVE, GONE, ACTIVE, ACTIVE, ACTIVE]
        assert statuses(*accounts) == expected
        assert not Account.objects.exclude(recheck_at=None).exists()
        assert the_app().refresh_halted_until is None

    def test_disconnect_nobody_in_two_hours_with_one_question_a_minute(
        self, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        accounts = fleet(sandbox, 5)
        refuse_everybody(sandbox)
        wave()
        asked = refreshes(sandbox)
        assert asked <= doubting.FEWEST
        for _ in range(120):
            before = refreshes(sandbox)
            live_through(clock, minutes=1)
            assert refreshes(sandbox) - before <= 1
        assert refreshes(sandbox) - asked >= 20
        assert set(statuses(*accounts)) == {ACTIVE}
        sandbox.clear_faults()
        live_through(clock, minutes=30)
        assert set(statuses(*accounts)) == {ACTIVE}
        assert not Account.objects.exclude(recheck_at=None).exists()

    def test_are_told_with_the_time_of_the_next_check(
        self, sandbox: SandboxControl
    ) -> None:
        late = expired(sandbox, name="Without work")
        fleet(sandbox, 3)
        refuse_everybody(sandbox)
        wave()
        app = the_app()
        assert app.refresh_halted_until is not None
        assert app.refresh_halted_until > product_clock.now()
        assert "Nobody is disconnected" in halting.words(app)
        wait = refused(late)
        assert f"next check is at {app.refresh_halted_until:%H:%M} UTC" in str(wait)
        assert late.recheck_at is None

    def test_are_believed_in_the_end_where_others_are_accepted(
        self, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        accounts = fleet(sandbox, 6)
        for account in accounts[:3]:
            revoke(sandbox, account)
        live_through(clock, minutes=20)
        assert the_app().refresh_halt_cause == halting.Cause.DOUBT
        live_through(clock, minutes=60)
        assert statuses(*accounts) == [GONE] * 3 + [ACTIVE] * 3
        assert the_app().refresh_halted_until is None

    def test_leave_the_accounts_of_another_developer_alone(
        self, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        developer = make_developer()
        client_id, secret = "f" * 32, "u" * 32
        sandbox.add_app(client_id, secret)
        app = make_app(
            developer=developer, client_id=client_id, client_secret=secret, seats=9
        )
        elsewhere = [busy(sandbox, name=f"There {n}", app=app) for n in range(2)]
        here = fleet(sandbox, 3)
        for account in here:
            revoke(sandbox, account)
        live_through(clock, minutes=2)
        assert the_app().refresh_halt_cause == halting.Cause.DOUBT
        app.refresh_from_db()
        assert app.refresh_halted_until is None
        assert set(statuses(*elsewhere, *here)) == {ACTIVE}
        assert Token.objects.filter(account__app=app, version=2).count() == 2
