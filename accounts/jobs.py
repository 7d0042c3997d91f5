"""The kinds of run that this app can carry out."""

from datetime import datetime

from accounts import concerns, services
from accounts.models import Account, Token, Usage
from accounts.services import erasing, keeping, mending
from accounts.services.waves import Pace
from automation import ledger, registry, retention
from automation.models import Run
from automation.notices.concerns import COLLECT
from automation.registry import kind
from automation.retention import Kept
from vibe_engine import clock
from vibe_engine.errors import VibeError


def _something_wanted(now: datetime) -> bool:
    return bool(services.wanted(now=now)) or services.ending(now=now).exists()


@kind("accounts.refresh_tokens", wanted=_something_wanted, schedulable=True)
def refresh_tokens(run: Run) -> dict[str, object]:
    """Refresh the tokens of every account with work soon; end consents in time."""
    now, pace = clock.now(), Pace()

    def before_each() -> datetime:
        pace.wait()
        ledger.require_lease(run)
        return clock.now()

    ended = services.end_consents(now=now)
    return services.refresh_wanted(now=now, before_each=before_each) | {"ended": ended}


@kind("accounts.watch_consents", schedulable=True)
def watch_consents(run: Run) -> dict[str, object]:
    """Warn of consents that end within the month."""
    return services.watch_consents(now=clock.now())


@kind("accounts.refresh_token")
def refresh_token(run: Run) -> dict[str, object]:
    """Refresh one account's token because a person asked for it.

    A token that is newer than the wish fulfils it, as after a worker's death.
    """
    account = Account.objects.filter(pk=run.arguments["account"]).first()
    if account is None:
        raise VibeError("The account is gone.")
    fresh = Token.objects.filter(account=account, refreshed_at__gt=run.created_at)
    if not fresh.exists():
        ledger.require_lease(run)
        services.refresh_token(account=account, now=clock.now())
    expires_at = account.token_expires_at
    return {"token_expires_at": expires_at.isoformat() if expires_at else ""}


@kind(mending.SEAT_CHECK)
def check_seat(run: Run) -> dict[str, object]:
    """Ask Spotify whether an account holds a seat of its app again."""
    return mending.check_seat(run=run, now=clock.now())


@kind(erasing.KIND)
def erase(run: Run) -> dict[str, object]:
    """Delete all that is kept of an account."""
    return services.erase_account(run=run, now=clock.now())


registry.on(retention.DUE, keeping.delete_old_usage)
registry.on(retention.DUE, keeping.finish_erasures)
registry.on(COLLECT, concerns.collect)
retention.declare(
    Kept(
        Usage,
        "Counts of calls, by the hour",
        "metrics_retention_days",
        keeping.usage_older_than,
        keeping.old_usage,
    )
)
