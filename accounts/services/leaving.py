"""Disconnecting an account, and erasing it."""

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts.models import Account, Token
from automation import ledger, registry
from automation.models import Run
from vibe_engine.errors import ConflictError

logger = logging.getLogger(__name__)


def disconnect_account(*, account: Account, now: datetime) -> None:
    """Drop the account's tokens and keep everything else.

    Its runs wait as blocked until it is connected again. A refresh under way can
    no longer store what it gets.

    :raises ConflictError: it is disconnected already.
    """
    if account.disconnected_at is not None:
        raise ConflictError(f"{account} is disconnected already.")
    with transaction.atomic():
        Token.objects.filter(account=account).update(
            access_encrypted="",
            refresh_encrypted="",
            previous_refresh_encrypted="",
            key_id="",
            version=F("version") + 1,
            refreshing_until=None,
        )
        account.status = Account.Status.NEEDS_REAUTH
        account.status_reason = "Disconnected by hand."
        account.disconnected_at, account.token_expires_at = now, None
        account.save(
            update_fields=[
                "status",
                "status_reason",
                "disconnected_at",
                "token_expires_at",
            ]
        )
    logger.info("Account %s disconnected.", account.pk)


def erase_account(*, account: Account, now: datetime) -> int:
    """Delete the account and, through their listeners, all that belongs to it.

    What waits in its lane is cancelled; returns how many runs that were. What
    stands on Spotify stays there.

    :raises ConflictError: one of its runs is being worked on right now.
    """
    with transaction.atomic():
        working = Run.objects.filter(lane=account.lane, state=Run.State.WORKING)
        if working.filter(is_bulk=False).exists():
            raise ConflictError(
                f"{account} is being worked on right now. Try again in a minute."
            )
        cancelled = ledger.cancel_waiting(lane=account.lane, now=now)
        registry.emit("account.erased", account=account)
        number = account.pk
        account.delete()
    logger.info("Account %s erased.", number)
    return cancelled
