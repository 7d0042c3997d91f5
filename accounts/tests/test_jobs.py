"""The app's kinds of run, carried out by the real worker."""

from datetime import timedelta

import pytest

from accounts.models import Account, Token
from accounts.tests.factories import connect_account, make_account
from automation import registry, worker
from automation.ledger import RunSpec, open_run
from automation.models import Run
from vibe_engine import clock as product_clock
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.sandbox import SandboxControl


def run_of(kind: str, account: Account | None = None) -> Run:
    spec = RunSpec(
        kind,
        account.subject if account else "",
        "Test",
        lane=account.lane if account else "",
        arguments={"account": account.pk} if account else {},
    )
    run = open_run(spec, now=product_clock.now())
    worker.work(run.pk)
    return Run.objects.get(pk=run.pk)


@pytest.mark.django_db
@pytest.mark.portable
class TestRefreshToken:
    def test_refreshes_and_says_how_long_it_lasts(
        self, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        account = connect_account(sandbox)
        clock.forward(minutes=20)
        run = run_of("accounts.refresh_token", account)
        account.refresh_from_db()
        assert run.state == Run.State.DONE
        assert account.token_expires_at is not None
        assert run.result == {"token_expires_at": account.token_expires_at.isoformat()}
        assert Token.objects.get().version == 2

    def test_can_be_run_twice(self, sandbox: SandboxControl) -> None:
        account = connect_account(sandbox)
        states = [run_of("accounts.refresh_token", account).state for _ in range(2)]
        assert states == [Run.State.DONE, Run.State.DONE]
        assert Token.objects.get().version == 3

    def test_waits_for_a_person_when_consent_is_gone(
        self, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        account = connect_account(sandbox, "Gone")
        clock.forward(days=190)
        run = run_of("accounts.refresh_token", account)
        assert (run.state, run.reason) == (Run.State.BLOCKED, "needs_reauth")

    def test_comes_back_when_spotify_is_away(self, sandbox: SandboxControl) -> None:
        account = connect_account(sandbox)
        sandbox.fault("POST", "/api/token", status=502)
        run = run_of("accounts.refresh_token", account)
        assert (run.state, run.reason) == (Run.State.PLANNED, "transient")

    def test_fails_when_the_account_is_gone(self) -> None:
        account = make_account()
        account.delete()
        account.pk = 1
        run = run_of("accounts.refresh_token", account)
        assert (run.state, run.error) == (Run.State.FAILED, "The account is gone.")


@pytest.mark.django_db
@pytest.mark.portable
class TestRefreshTokens:
    def test_refreshes_what_is_wanted(
        self, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        account = connect_account(sandbox)
        now = product_clock.now()
        spec = RunSpec("test.kind", "playlist:1", "Work", lane=account.lane)
        open_run(spec, now=now)
        clock.forward(minutes=56)
        run = run_of("accounts.refresh_tokens")
        counts = {"refreshed": 1, "refused": 0, "postponed": 0}
        assert run.result == counts | {"ended": 0}

    def test_is_passed_over_by_its_schedule_while_nothing_is_wanted(self) -> None:
        wanted = registry.get("accounts.refresh_tokens").wanted
        assert wanted is not None
        account = make_account()
        now = product_clock.now()
        spec = RunSpec("test.kind", "playlist:1", "Work", lane=account.lane)
        open_run(spec, now=now)
        assert not wanted(now)
        assert wanted(now + timedelta(minutes=56))

    def test_ends_consents_in_time(self) -> None:
        now = product_clock.now()
        account = make_account(consent_ends_at=now + timedelta(minutes=59))
        wanted = registry.get("accounts.refresh_tokens").wanted
        assert wanted is not None
        assert wanted(now)
        assert run_of("accounts.refresh_tokens").result["ended"] == 1
        account.refresh_from_db()
        assert account.status == Account.Status.NEEDS_REAUTH
