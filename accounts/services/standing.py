"""What an account's status is, and everything that changes it."""

from datetime import datetime

from django.db import transaction

from accounts.models import CONSENT_LEAD, Account
from automation.ledger import unblock
from vibe_engine.errors import BlockedError, ConflictError

CONSENT_REASONS = ("needs_reauth", "scope", "seat", "account_blocked")
"""Why runs may be blocked that a new consent sets free."""
SEAT_REASONS = ("seat", "account_blocked")


def require_usable(account: Account) -> None:
    """Let pass an account that may be worked on.

    :raises BlockedError: it is paused, blocked or needs a new consent.
    """
    match account.status:
        case Account.Status.INACTIVE:
            raise BlockedError("account_paused", f"{account} is paused.")
        case Account.Status.NEEDS_REAUTH:
            raise BlockedError("needs_reauth", f"{account} needs a new consent.")
        case Account.Status.BLOCKED:
            raise BlockedError("account_blocked", f"{account} has no seat on its app.")
        case Account.Status.ERASING:
            raise BlockedError("erasing", f"{account} is no longer worked on.")


def ask_for_consent(account: Account, *, reason: str) -> None:
    """Mark that only a new consent helps; a paused account shows it as well."""
    _set_status(account, Account.Status.NEEDS_REAUTH, reason)


def block_without_seat(account: Account) -> None:
    """Mark that Spotify refuses the account because its app gave it no seat."""
    reason = (
        "Spotify refuses this account: it holds no seat of the app. Add it in "
        "Spotify's dashboard under User Management, then try again here."
    )
    _set_status(account, Account.Status.BLOCKED, reason)


def pause_account(*, account: Account) -> None:
    """Stop all work on an account; its runs wait until it is resumed.

    :raises ConflictError: it is not connected.
    """
    changed = Account.objects.filter(
        pk=account.pk, status=Account.Status.ACTIVE
    ).update(status=Account.Status.INACTIVE, status_reason="Paused by hand.")
    if not changed:
        raise ConflictError(f"{account} is not connected, so it cannot be paused.")
    account.refresh_from_db()


def resume_account(*, account: Account, now: datetime) -> int:
    """Go on with an account that was paused or had no seat.

    Returns how many runs were set free.

    :raises ConflictError: it needs a new consent, or is at work already.
    """
    if account.consent_ends_at <= now + CONSENT_LEAD:
        raise ConflictError(f"The consent of {account} is over; renew it first.")
    resumable = {
        Account.Status.INACTIVE: ("account_paused",),
        Account.Status.BLOCKED: SEAT_REASONS,
    }
    with transaction.atomic():
        changed = Account.objects.filter(
            pk=account.pk, status=account.status, status__in=list(resumable)
        ).update(status=Account.Status.ACTIVE, status_reason="")
        if not changed:
            raise ConflictError(f"{account} is neither paused nor blocked.")
        reasons = resumable[Account.Status(account.status)]
        freed = unblock_lane(account, reasons=reasons, now=now)
    account.refresh_from_db()
    return freed


def unblock_lane(account: Account, *, reasons: tuple[str, ...], now: datetime) -> int:
    """Set free the account's runs that were blocked for one of these reasons."""
    return sum(unblock(lane=account.lane, reason=one, now=now) for one in reasons)


def _set_status(account: Account, status: Account.Status, reason: str) -> None:
    """Store a status, except of an account on its way out: that one stays so."""
    standing = Account.objects.filter(pk=account.pk)
    if standing.exclude(status=Account.Status.ERASING).update(
        status=status, status_reason=reason[:300]
    ):
        account.status, account.status_reason = status, reason[:300]
