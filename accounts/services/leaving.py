"""Disconnecting an account; what is kept of it stays until it is erased."""

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts.models import Account, Token
from vibe_engine.errors import ConflictError

logger = logging.getLogger(__name__)


def disconnect_account(*, account: Account, now: datetime) -> None:
    """Drop the account's tokens and keep everything else.

    Its runs wait as blocked until it is connected again. A refresh under way can
    no longer store what it gets.

    :raises ConflictError: it is disconnected already.
    """
    with transaction.atomic():
        connected = Account.objects.filter(pk=account.pk, disconnected_at=None)
        if not connected.update(
            status=Account.Status.NEEDS_REAUTH,
            status_reason="Disconnected by hand.",
            disconnected_at=now,
            token_expires_at=None,
        ):
            raise ConflictError(f"{account} is disconnected already.")
        drop_tokens(account)
    account.refresh_from_db()
    logger.info("Account %s disconnected.", account.pk)


def drop_tokens(account: Account) -> None:
    """Forget the account's tokens; a refresh under way can store none either."""
    Token.objects.filter(account=account).update(
        access_encrypted="",
        refresh_encrypted="",
        previous_refresh_encrypted="",
        key_id="",
        version=F("version") + 1,
        refreshing_until=None,
    )
    Account.objects.filter(pk=account.pk).update(token_expires_at=None)
