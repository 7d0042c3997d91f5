"""Accounts on the sandbox whose tokens are to be refreshed, and time going by."""

from datetime import timedelta
from typing import Any

from accounts import services
from accounts.models import Account
from accounts.services.consenting import GrantTokens
from accounts.tests.factories import connect_account
from automation.ledger import RunSpec, open_run
from vibe_engine import clock as product_clock
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.sandbox import SandboxControl

REFUSAL = {"error": "invalid_grant", "error_description": "Invalid refresh token"}


def refreshes(sandbox: SandboxControl) -> int:
    """Return how often the token endpoint was asked since the mark."""
    return len(sandbox.log(path="/api/token"))


def connected(sandbox: SandboxControl, **fields: Any) -> Account:
    """Return an account that has just consented."""
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


def busy(sandbox: SandboxControl, **fields: Any) -> Account:
    """Return an account whose access token has ended although there is work."""
    account = expired(sandbox, **fields)
    give_work(account)
    return account


def give_work(account: Account, **ahead: float) -> None:
    """Open a run of the account that is due so far ahead."""
    now = product_clock.now()
    spec = RunSpec(
        "test.kind",
        f"playlist:{account.pk}",
        "Work",
        lane=account.lane,
        due_at=now + timedelta(**ahead),
    )
    open_run(spec, now=now)


def revoke(sandbox: SandboxControl, account: Account) -> None:
    """Take the access back at Spotify."""
    sandbox.revoke(user_id=account.user_id, client_id=account.app.client_id)


def refuse_everybody(sandbox: SandboxControl) -> None:
    """Let Spotify answer every refresh as if the token were void."""
    sandbox.fault("POST", "/api/token", status=400, body=REFUSAL, count=-1)


def is_accepted(account: Account, access_token: str) -> bool:
    """Whether Spotify knows the account by this access token."""
    with services.client_for(account, now=product_clock.now()) as client:
        client._tokens = GrantTokens(access_token)
        return client.me().account_id == account.account_id


def wave() -> dict[str, object]:
    """Do what the schedule does every minute."""
    services.end_consents(now=product_clock.now())
    return services.refresh_wanted(
        now=product_clock.now(), before_each=product_clock.now
    )


def live_through(clock: MovableClock, *, minutes: int) -> None:
    """Let so many minutes go by, each with its wave."""
    for _ in range(minutes):
        clock.forward(minutes=1)
        wave()


def statuses(*accounts: Account) -> list[str]:
    """Return the statuses as they are stored, in this order."""
    stored = dict(Account.objects.values_list("pk", "status"))
    return [stored[account.pk] for account in accounts]
