"""Whether an account's sign-in at Spotify stands: refusals, and the known end."""

import logging
from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.models import CONSENT_LEAD, CONSENT_SOON, Account
from vibe_engine.errors import BlockedError, WaitError

logger = logging.getLogger(__name__)

FARTHEST = timedelta(hours=1)
"""A recheck that is later is void, the clock was set back."""
WAIT_CAUSE = "consent"
"""The reason of runs that wait until Spotify is asked again."""


def require_sign_in(account: Account, *, now: datetime) -> None:
    """Let pass an account whose consent lasts and whose sign-in is not refused.

    :raises BlockedError: the consent has ended, or ends within the hour.
    :raises WaitError: Spotify refused it and is asked again later.
    """
    if account.consent_ends_at <= now + CONSENT_LEAD:
        end_consent(account, now=now)
        raise BlockedError("needs_reauth", ended_words(account, now=now))
    require_recheck_due(account, now=now)


def require_recheck_due(account: Account, *, now: datetime) -> None:
    """Let pass an account that was not refused, or is to be asked again by now.

    :raises WaitError: it is too early to ask again.
    """
    recheck_at = account.recheck_at
    if recheck_at is not None and now < recheck_at <= now + FARTHEST:
        raise wait_for_recheck(recheck_at)


def wait_for_recheck(recheck_at: datetime) -> WaitError:
    """Return the wait of an account that Spotify has refused."""
    text = f"Spotify refused the sign-in; checking again at {recheck_at:%H:%M} UTC."
    return WaitError(recheck_at, WAIT_CAUSE, text)


def ended_words(account: Account, *, now: datetime) -> str:
    """Say when the consent ends or has ended, and what to do."""
    verb = "ended" if account.consent_ends_at <= now else "ends"
    return (
        f"The consent {verb} on {account.consent_ends_at:%-d %B %Y}, six months after "
        "it was given. Connect the account again."
    )


def ending(*, now: datetime) -> QuerySet[Account]:
    """Return the accounts whose work has to stop: their consent ends."""
    return Account.objects.usable().filter(consent_ends_at__lte=now + CONSENT_LEAD)


def end_consent(account: Account, *, now: datetime) -> bool:
    """Mark that a consent is over, unless it was just renewed; return whether."""
    ended = (
        ending(now=now)
        .filter(pk=account.pk)
        .update(
            status=Account.Status.NEEDS_REAUTH,
            status_reason=ended_words(account, now=now),
            recheck_at=None,
        )
    )
    if ended:
        logger.warning("The consent of account %s is over.", account.pk)
    return bool(ended)


def end_consents(*, now: datetime) -> int:
    """Mark every account whose consent ends within the hour; return how many."""
    return sum(end_consent(account, now=now) for account in ending(now=now))


def watch_consents(*, now: datetime) -> dict[str, object]:
    """Warn 30, 14, 7 and 1 days before a consent ends, each time once; end those due.

    Pages show the same at any time; this writes it into the log.
    """
    ended, warned = end_consents(now=now), 0
    soon = Account.objects.usable().filter(consent_ends_at__lte=now + CONSENT_SOON)
    for account in soon.order_by("consent_ends_at", "pk"):
        warned += _warn(account, now=now)
    return {"warned": warned, "ended": ended}


def _warn(account: Account, *, now: datetime) -> bool:
    days = account.consent_warning(now=now)
    if days == account.consent_warned_days:
        return False
    Account.objects.filter(pk=account.pk).update(consent_warned_days=days)
    logger.warning(
        "The consent of account %s ends on %s, within %s day%s.",
        account.pk,
        f"{account.consent_ends_at:%Y-%m-%d}",
        days,
        "" if days == 1 else "s",
    )
    return True
