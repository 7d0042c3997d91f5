"""Access tokens against the running sandbox: refresh, refusal, many at once."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections

from accounts import services
from accounts.models import Account, Token
from accounts.services import refreshing
from accounts.services.consenting import GrantTokens
from accounts.services.refreshing import AccountTokens
from accounts.tests.factories import connect_account, make_account, sandbox_app
from automation.ledger import RunSpec, open_run
from vibe_engine import clock as product_clock
from vibe_engine.errors import BlockedError, TransientError, WaitError
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.sandbox import SandboxControl


@pytest.fixture
def rotating(sandbox: SandboxControl) -> Iterator[None]:
    """A sandbox that gives a new refresh token with every refresh."""
    sandbox.post("options", rotate_refresh_tokens=True)
    yield
    sandbox.post("options", rotate_refresh_tokens=False)


def refreshes(sandbox: SandboxControl) -> int:
    return len(sandbox.log(path="/api/token"))


def connected(sandbox: SandboxControl, **fields: Any) -> Account:
    account = connect_account(sandbox, **fields)
    sandbox.mark()
    return account


def expired(sandbox: SandboxControl, **fields: Any) -> Account:
    """Return an account whose access token has ended."""
    account = connected(sandbox, **fields)
    account.token_expires_at = product_clock.now() - timedelta(seconds=1)
    account.save(update_fields=["token_expires_at"])
    sandbox.expire_access(account.user_id)
    return account


def is_accepted(account: Account, access_token: str) -> bool:
    with services.client_for(account, now=product_clock.now()) as client:
        client._tokens = GrantTokens(access_token)
        return client.me().account_id == account.account_id


@pytest.mark.django_db
@pytest.mark.portable
class TestAccessToken:
    def test_is_taken_from_the_row_while_it_is_good(
        self, sandbox: SandboxControl
    ) -> None:
        account = connected(sandbox)
        token = AccountTokens(account.pk).access_token()
        assert token == Token.objects.get(account=account).access_token
        assert refreshes(sandbox) == 0

    def test_is_refreshed_when_it_has_ended(self, sandbox: SandboxControl) -> None:
        account = expired(sandbox)
        token = AccountTokens(account.pk).access_token()
        assert is_accepted(account, token)
        account.refresh_from_db()
        assert account.token_expires_at is not None
        assert account.token_expires_at > product_clock.now() + timedelta(minutes=50)
        assert Token.objects.get(account=account).version == 2

    def test_is_refreshed_a_minute_before_it_ends(
        self, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        account = connected(sandbox)
        clock.forward(minutes=59, seconds=30)
        AccountTokens(account.pk).access_token()
        assert refreshes(sandbox) == 1

    def test_is_replaced_once_when_spotify_refuses_it(
        self, sandbox: SandboxControl
    ) -> None:
        account = connected(sandbox)
        sandbox.expire_access(account.user_id)
        with services.client_for(account, now=product_clock.now()) as client:
            assert client.me().user_id == account.user_id
        assert refreshes(sandbox) == 1

    def test_is_not_refreshed_for_a_token_that_others_replaced_already(
        self, sandbox: SandboxControl
    ) -> None:
        account = connected(sandbox)
        AccountTokens(account.pk).refreshed("an older one")
        assert refreshes(sandbox) == 0

    def test_never_shows_in_the_database(self, sandbox: SandboxControl) -> None:
        account = connected(sandbox)
        row = Token.objects.get(account=account)
        assert row.access_token not in row.access_encrypted
        assert row.key_id == "k1"


@pytest.mark.django_db
@pytest.mark.portable
class TestRefresh:
    def test_keeps_the_refresh_token_when_spotify_sends_none(
        self, sandbox: SandboxControl
    ) -> None:
        account = expired(sandbox)
        before = Token.objects.get(account=account).refresh_tokens
        services.refresh_token(account=account, now=product_clock.now())
        assert Token.objects.get(account=account).refresh_tokens == before

    def test_keeps_the_one_before_when_spotify_rotates(
        self, sandbox: SandboxControl, rotating: None
    ) -> None:
        account = expired(sandbox)
        (before,) = Token.objects.get(account=account).refresh_tokens
        services.refresh_token(account=account, now=product_clock.now())
        fresh, previous = Token.objects.get(account=account).refresh_tokens
        assert previous == before != fresh

    def test_tries_the_one_before_when_the_newer_is_refused(
        self, sandbox: SandboxControl
    ) -> None:
        account = expired(sandbox)
        token = Token.objects.get(account=account)
        token.seal(access="lost", refresh="never stored at Spotify")
        token.save()
        services.refresh_token(account=account, now=product_clock.now())
        assert account.status == Account.Status.ACTIVE
        assert refreshes(sandbox) == 2

    def test_asks_for_consent_when_it_was_revoked(
        self, sandbox: SandboxControl
    ) -> None:
        account = expired(sandbox, name="Revoked")
        sandbox.revoke(user_id=account.user_id, client_id=account.app.client_id)
        with pytest.raises(BlockedError) as caught:
            AccountTokens(account.pk).access_token()
        account.refresh_from_db()
        assert caught.value.reason == "needs_reauth"
        assert account.status == Account.Status.NEEDS_REAUTH
        assert "connect the account again" in account.status_reason
        assert Token.objects.get(account=account).refused_at is not None

    def test_says_that_the_six_months_are_over(
        self, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        account = connected(sandbox, name="Half a year")
        clock.forward(days=190)
        with pytest.raises(BlockedError, match="six months after it was given"):
            AccountTokens(account.pk).access_token()

    def test_asks_for_consent_when_the_row_cannot_be_decrypted(
        self, sandbox: SandboxControl
    ) -> None:
        one, other = expired(sandbox), make_account()
        stolen = Token.objects.get(account=other)
        Token.objects.filter(account=one).update(
            refresh_encrypted=stolen.refresh_encrypted
        )
        with pytest.raises(BlockedError, match="cannot be decrypted"):
            AccountTokens(one.pk).access_token()
        assert refreshes(sandbox) == 0
        one.refresh_from_db()
        assert "decrypted" in one.status_reason

    def test_asks_for_consent_when_the_access_token_cannot_be_decrypted(
        self, sandbox: SandboxControl
    ) -> None:
        account = connected(sandbox)
        Token.objects.filter(account=account).update(access_encrypted="v1.k1.AAAA")
        with pytest.raises(BlockedError, match="cannot be decrypted"):
            AccountTokens(account.pk).access_token()

    def test_leaves_the_account_alone_when_spotify_is_away(
        self, sandbox: SandboxControl
    ) -> None:
        account = expired(sandbox)
        sandbox.fault("POST", "/api/token", status=503)
        with pytest.raises(TransientError):
            AccountTokens(account.pk).access_token()
        account.refresh_from_db()
        assert account.status == Account.Status.ACTIVE
        assert is_accepted(account, AccountTokens(account.pk).access_token())

    def test_waits_as_long_as_the_token_endpoint_asks(
        self, sandbox: SandboxControl
    ) -> None:
        account = expired(sandbox)
        sandbox.fault("POST", "/api/token", status=429, headers={"Retry-After": "3600"})
        now = product_clock.now()
        for _ in range(2):
            with pytest.raises(WaitError) as caught:
                services.refresh_token(account=account, now=now)
            assert caught.value.until == now + timedelta(hours=1)
        assert refreshes(sandbox) == 1

    def test_blames_the_app_and_not_the_account_for_a_wrong_secret(
        self, sandbox: SandboxControl
    ) -> None:
        account = expired(sandbox)
        account.app.seal_client_secret("wrong")
        account.app.save()
        with pytest.raises(WaitError, match="client secret") as caught:
            AccountTokens(account.pk).access_token()
        account.refresh_from_db()
        assert caught.value.cause == "credentials"
        assert account.status == Account.Status.ACTIVE

    def test_is_left_to_the_worker_that_is_at_it(self, sandbox: SandboxControl) -> None:
        account, now = expired(sandbox), product_clock.now()
        Token.objects.update(refreshing_until=now + timedelta(seconds=40))
        with pytest.raises(WaitError) as caught:
            AccountTokens(account.pk).access_token()
        assert caught.value.cause == "token"
        assert caught.value.until < now + timedelta(seconds=5)
        assert refreshes(sandbox) == 0

    def test_is_taken_over_from_a_worker_that_died(
        self, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        account, now = expired(sandbox), product_clock.now()
        Token.objects.update(refreshing_until=now + timedelta(seconds=45))
        clock.forward(seconds=46)
        assert is_accepted(account, AccountTokens(account.pk).access_token())

    def test_does_not_undo_a_consent_that_came_in_between(
        self, sandbox: SandboxControl
    ) -> None:
        account = expired(sandbox, name="Overtaken")
        sandbox.revoke(user_id=account.user_id, client_id=account.app.client_id)
        stale = refreshing._load(account.pk)
        fresh = Token.objects.get(account=account)
        fresh.seal(access="newer", refresh="newer")
        fresh.version += 1
        fresh.save()
        with pytest.raises(WaitError):
            refreshing._give_up(stale, "Refused.", now=product_clock.now())
        account.refresh_from_db()
        assert account.status == Account.Status.ACTIVE


@pytest.mark.django_db(transaction=True)
class TestManyWorkers:
    def test_make_one_refresh_of_one_rotating_token(
        self, sandbox: SandboxControl, rotating: None
    ) -> None:
        account = expired(sandbox, name="Crowded")
        barrier, lock = threading.Barrier(16), threading.Lock()
        outcomes: list[str] = []

        def ask() -> None:
            barrier.wait()
            try:
                outcome = AccountTokens(account.pk).access_token()
            except WaitError as wait:
                outcome = wait.cause
            finally:
                connections.close_all()
            with lock:
                outcomes.append(outcome)

        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert refreshes(sandbox) == 1
        assert len(outcomes) == 16
        assert set(outcomes) <= {
            "token",
            Token.objects.get(account=account).access_token,
        }


@pytest.mark.django_db
@pytest.mark.portable
class TestWave:
    def with_work(self, account: Account, **ahead: float) -> Account:
        now = product_clock.now()
        spec = RunSpec(
            "test.kind",
            f"playlist:{account.pk}",
            "Work",
            lane=account.lane,
            due_at=now + timedelta(**ahead),
        )
        open_run(spec, now=now)
        return account

    def test_wants_what_ends_soon_and_has_work_soon(self, clock: MovableClock) -> None:
        busy = self.with_work(make_account())
        make_account()
        later = self.with_work(make_account(), hours=20)
        paused = self.with_work(make_account(status=Account.Status.INACTIVE))
        assert services.wanted(now=product_clock.now()) == []
        clock.forward(minutes=56)
        assert services.wanted(now=product_clock.now()) == [busy]
        assert {later.status, paused.status} == {"active", "inactive"}

    def test_spreads_accounts_connected_in_one_minute_over_ten(self) -> None:
        now = product_clock.now()
        times = [
            services.refresh_at(Account(pk=number, token_expires_at=now))
            for number in range(1, 1_001)
        ]
        minutes = [int((now - moment).total_seconds() // 60) for moment in times]
        assert min(minutes) == 5
        assert max(minutes) <= 15
        assert max(minutes.count(minute) for minute in set(minutes)) < 200

    def test_refreshes_each_and_goes_on_after_a_refusal(
        self, sandbox: SandboxControl
    ) -> None:
        accounts = [
            self.with_work(expired(sandbox, name=name, app=sandbox_app()))
            for name in ("Wave one", "Wave two", "Wave three")
        ]
        gone = accounts[0]
        sandbox.revoke(user_id=gone.user_id, client_id=gone.app.client_id)
        beats: list[int] = []
        result = services.refresh_wanted(
            now=product_clock.now(), before_each=lambda: beats.append(1)
        )
        assert result == {"refreshed": 2, "refused": 1, "postponed": 0}
        assert len(beats) == 3
        assert services.wanted(now=product_clock.now()) == []

    def test_stops_when_the_token_endpoint_asks_to_wait(
        self, sandbox: SandboxControl
    ) -> None:
        for name in ("Wave one", "Wave two"):
            self.with_work(expired(sandbox, name=name, app=sandbox_app()))
        sandbox.mark()
        sandbox.fault(
            "POST", "/api/token", status=429, headers={"Retry-After": "600"}, count=-1
        )
        result = services.refresh_wanted(
            now=product_clock.now(), before_each=lambda: None
        )
        assert result == {"refreshed": 0, "refused": 0, "postponed": 1}
        assert refreshes(sandbox) == 1
