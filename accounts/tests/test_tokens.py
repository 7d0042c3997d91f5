"""Access tokens against the running sandbox: refresh, refusal, many at once."""

import signal
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections

from accounts import services
from accounts.models import Account, App, Token
from accounts.services import AppSpec, halting, refreshing
from accounts.services.refreshing import AccountTokens
from accounts.tests.factories import make_account
from accounts.tests.tokens import connected, expired, is_accepted, refreshes
from vibe_engine import clock as product_clock
from vibe_engine.errors import BlockedError, TransientError, WaitError
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.live import LiveProcesses, wait_until
from vibe_engine.testing.sandbox import SandboxControl

WORKERS = 50


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
        (good,) = token.refresh_tokens
        token.seal(access="lost", refresh="never stored at Spotify")
        token.save()
        services.refresh_token(account=account, now=product_clock.now())
        assert account.status == Account.Status.ACTIVE
        assert refreshes(sandbox) == 2
        assert Token.objects.get(account=account).refresh_tokens == (good,)

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

    def test_waits_as_long_as_the_token_endpoint_asks_and_so_does_the_app(
        self, sandbox: SandboxControl, clock: MovableClock
    ) -> None:
        account = expired(sandbox)
        other = expired(sandbox, name="Same app")
        sandbox.mark()
        sandbox.fault("POST", "/api/token", status=429, headers={"Retry-After": "3600"})
        now = product_clock.now()
        for one in (account, account, other):
            with pytest.raises(WaitError) as caught:
                services.refresh_token(account=one, now=now)
            wait = caught.value.until - now
            assert timedelta(hours=1) <= wait <= timedelta(hours=1, minutes=1)
        assert refreshes(sandbox) == 1
        clock.forward(hours=1, seconds=1)
        services.refresh_token(account=other, now=product_clock.now())
        assert App.objects.get(pk=account.app_id).refresh_halted_until is None

    def test_lets_one_account_go_first_after_a_halt(
        self, sandbox: SandboxControl
    ) -> None:
        accounts = [expired(sandbox), expired(sandbox, name="Same app")]
        sandbox.mark()
        now = product_clock.now()
        App.objects.update(refresh_halted_until=now, refresh_halt_cause="rate")
        first, second = (refreshing._load(account.pk) for account in accounts)
        halting.enter(first.account, now=now)
        with pytest.raises(WaitError) as caught:
            halting.enter(second.account, now=now)
        assert caught.value.until > now

    def test_blames_the_app_and_no_account_for_a_wrong_secret(
        self, sandbox: SandboxControl
    ) -> None:
        account = expired(sandbox)
        other = expired(sandbox, name="Same app")
        sandbox.mark()
        account.app.seal_client_secret("wrong")
        account.app.save()
        with pytest.raises(WaitError, match="client secret") as caught:
            AccountTokens(account.pk).access_token()
        with pytest.raises(WaitError, match="no account is at fault"):
            AccountTokens(other.pk).access_token()
        assert caught.value.cause == "credentials"
        assert refreshes(sandbox) == 1
        states = Account.objects.values_list("status", "recheck_at")
        assert set(states) == {("active", None)}

    def test_goes_on_at_once_when_the_secret_is_mended(
        self, sandbox: SandboxControl, settings: Any
    ) -> None:
        account = expired(sandbox)
        account.app.seal_client_secret("wrong")
        account.app.save()
        with pytest.raises(WaitError):
            AccountTokens(account.pk).access_token()
        spec = AppSpec(
            settings.SPOTIFY_CLIENT_ID, settings.SPOTIFY_CLIENT_SECRET, "", ""
        )
        services.ensure_app(spec)
        assert is_accepted(account, AccountTokens(account.pk).access_token())

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
    @pytest.mark.portable
    def test_make_one_refresh_of_one_rotating_token(
        self, sandbox: SandboxControl, rotating: None
    ) -> None:
        account = expired(sandbox, name="Crowded")
        barrier, lock = threading.Barrier(WORKERS), threading.Lock()
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

        threads = [threading.Thread(target=ask) for _ in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (request,) = sandbox.log(path="/api/token")
        assert request.status == 200
        assert len(outcomes) == WORKERS
        assert set(outcomes) <= {
            "token",
            Token.objects.get(account=account).access_token,
        }

    def test_store_what_they_got_although_the_database_went_away(
        self, sandbox: SandboxControl, rotating: None
    ) -> None:
        account = expired(sandbox, name="Cut off")
        sandbox.fault("POST", "/api/token", kind="latency", seconds=2)
        refreshed: list[str] = []

        def ask() -> None:
            try:
                refreshed.append(AccountTokens(account.pk).access_token())
            finally:
                connections.close_all()

        thread = threading.Thread(target=ask)
        thread.start()
        claimed = Token.objects.exclude(refreshing_until=None)
        wait_until(claimed.exists, what="the claim")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        thread.join()
        assert is_accepted(account, refreshed[0])
        assert refreshes(sandbox) == 1

    def test_leave_a_token_behind_that_still_works_when_one_is_killed(
        self, sandbox: SandboxControl, live: LiveProcesses
    ) -> None:
        account = expired(sandbox, name="Killed")
        process = live.manage(
            "shell",
            "-c",
            "from accounts.services.refreshing import AccountTokens;"
            f"AccountTokens({account.pk}).access_token()",
            VIBE_FAULT_POINT="token_answered",
        )
        assert process.wait(60) == -signal.SIGKILL
        later = product_clock.now() + refreshing.CLAIM
        token = AccountTokens(account.pk, read_clock=lambda: later).access_token()
        assert is_accepted(account, token)
        assert [one.status for one in sandbox.log(path="/api/token")] == [200, 200]
