"""Access tokens: read, refreshed by one worker at a time, kept a generation back."""

import logging
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NoReturn

from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat

from accounts import spotify
from accounts.models import Account, Token
from accounts.services import standing
from automation.models import Run
from vibe_engine import clock
from vibe_engine.crypto import DecryptError
from vibe_engine.errors import BlockedError, WaitError
from vibe_engine.spotify import types
from vibe_engine.spotify.errors import (
    InvalidClientError,
    InvalidGrantError,
    RateLimitedError,
    SpotifyError,
)

logger = logging.getLogger(__name__)

MARGIN = timedelta(seconds=60)
"""A token that ends sooner than this is not used for another call."""
CLAIM = timedelta(seconds=45)
"""How long one worker may take to refresh; the call's deadline is 30 s."""
BUSY = timedelta(seconds=2)
EARLY = timedelta(minutes=5)
SPREAD_S = 600
"""Accounts connected in one minute are refreshed over ten."""
WORK_SOON = timedelta(minutes=30)
MISCONFIGURED = timedelta(minutes=15)
RATE_LIMITED_S = 60.0
UNREADABLE = (
    "The stored tokens cannot be decrypted: the key is missing or the row was "
    "altered. Connect the account again."
)


class AccountTokens:
    """The token source of one account's client; reads the clock at every call."""

    def __init__(
        self, account_id: int, read_clock: Callable[[], datetime] = clock.now
    ) -> None:
        self._account_id = account_id
        self._now = read_clock

    def access_token(self) -> str:
        """Return the stored token, refreshed first where it is about to end."""
        now, token = self._now(), _load(self._account_id)
        expires_at = token.account.token_expires_at
        if expires_at is None or expires_at <= now + MARGIN:
            token = _renew(token, now=now)
        return _opened(token, now=now)

    def refreshed(self, rejected: str) -> str:
        """Return another token than `rejected`, which Spotify has just refused."""
        now, token = self._now(), _load(self._account_id)
        if _opened(token, now=now) == rejected:
            token = _renew(token, now=now, rejected=True)
        return _opened(token, now=now)


def refresh_token(*, account: Account, now: datetime) -> None:
    """Refresh an account's access token now, however long it would last.

    :raises BlockedError: Spotify no longer accepts the consent.
    :raises WaitError: another worker is refreshing it, or Spotify asks to wait.
    """
    _renew(_load(account.pk), now=now)
    account.refresh_from_db()


def wanted(*, now: datetime) -> list[Account]:
    """Return the accounts with work soon whose token is to be refreshed now."""
    lane = Concat(Value("account:"), Cast(OuterRef("pk"), CharField()))
    work = Run.objects.active().filter(lane=lane, due_at__lte=now + WORK_SOON)
    free = Q(token__refreshing_until=None) | Q(token__refreshing_until__lte=now)
    latest = now + EARLY + timedelta(seconds=SPREAD_S)
    candidates = (
        Account.objects.usable()
        .filter(free, token_expires_at__lte=latest)
        .exclude(token__refresh_encrypted="")
        .filter(Exists(work))
        .order_by("token_expires_at", "pk")
    )
    return [account for account in candidates if refresh_at(account) <= now]


def refresh_at(account: Account) -> datetime:
    """Return when the wave refreshes this account's token."""
    spread = timedelta(seconds=zlib.crc32(str(account.pk).encode()) % SPREAD_S)
    expires_at = account.token_expires_at or account.authorized_at
    return expires_at - EARLY - spread


def refresh_wanted(
    *, now: datetime, before_each: Callable[[], None]
) -> dict[str, object]:
    """Refresh every token that is wanted now; return how it went.

    `before_each` is called before every request. When Spotify asks to wait, the
    rest is left to the next wave.
    """
    refreshed = refused = postponed = 0
    for account in wanted(now=now):
        before_each()
        try:
            refresh_token(account=account, now=now)
        except BlockedError:
            refused += 1
        except WaitError as wait:
            postponed += 1
            if wait.cause == "token" and wait.until > now + CLAIM:
                break
        else:
            refreshed += 1
    return {"refreshed": refreshed, "refused": refused, "postponed": postponed}


def _load(account_id: int) -> Token:
    return Token.objects.select_related("account__app").get(account_id=account_id)


def _opened(token: Token, *, now: datetime) -> str:
    """Return the access token; :raises BlockedError: it cannot be read."""
    try:
        return token.access_token
    except DecryptError:
        _give_up(token, UNREADABLE, now=now)


def _renew(token: Token, *, now: datetime, rejected: bool = False) -> Token:
    """Refresh by whoever claims it first; return the row as it stands then.

    The claim is a conditional UPDATE, right on every database, and no transaction
    is open during the request. A worker that died leaves a claim that lapses.
    """
    claimed_until = _claim(token, now=now)
    if claimed_until is None:
        return _wait_for_other(token, now=now, rejected=rejected)
    try:
        answer = _ask(token, now=now)
    except WaitError as wait:
        _release(token, claimed_until, until=wait.until)
        raise
    except InvalidGrantError as error:
        _give_up(token, _refusal(token.account, error, now=now), now=now)
    except SpotifyError:
        _release(token, claimed_until, until=None)
        raise
    _store(token, answer, now=now)
    return _load(token.account_id)


def _claim(token: Token, *, now: datetime) -> datetime | None:
    free = Q(refreshing_until=None) | Q(refreshing_until__lte=now)
    mine = Token.objects.filter(free, pk=token.pk, version=token.version)
    return now + CLAIM if mine.update(refreshing_until=now + CLAIM) else None


def _release(token: Token, claimed_until: datetime, *, until: datetime | None) -> None:
    Token.objects.filter(
        pk=token.pk, version=token.version, refreshing_until=claimed_until
    ).update(refreshing_until=until)


def _wait_for_other(token: Token, *, now: datetime, rejected: bool) -> Token:
    """Return the row if it has, or unless `rejected` still has, a good token.

    :raises WaitError: another worker is at it; it takes a second or two.
    """
    fresh = _load(token.account_id)
    expires_at = fresh.account.token_expires_at
    still_good = not rejected and expires_at is not None and expires_at > now
    if fresh.version != token.version or still_good:
        return fresh
    until = fresh.refreshing_until
    if until is None or until <= now + CLAIM:
        until = now + BUSY
    raise WaitError(until, "token", f"The token of {fresh.account} is being refreshed.")


def _ask(token: Token, *, now: datetime) -> types.Token:
    """Ask Spotify with the refresh token, then with the one before it.

    :raises InvalidGrantError: neither is accepted, or none can be read.
    :raises WaitError: Spotify asks to wait, or refuses the app itself.
    """
    try:
        candidates = token.refresh_tokens
    except DecryptError:
        raise InvalidGrantError(UNREADABLE) from None
    refusal = InvalidGrantError("No refresh token is stored; connect it again.")
    for candidate in candidates:
        try:
            return _ask_once(token.account, candidate, now=now)
        except InvalidGrantError as error:
            refusal = error
    raise refusal


def _ask_once(account: Account, refresh_token: str, *, now: datetime) -> types.Token:
    try:
        return spotify.refresh(account.app, refresh_token=refresh_token)
    except RateLimitedError as error:
        wait = timedelta(seconds=error.retry_after_s or RATE_LIMITED_S)
        raise WaitError(now + wait, "token", str(error)) from error
    except (InvalidClientError, DecryptError) as error:
        text = f"{error} Check the client secret of the app {account.app}."
        raise WaitError(now + MISCONFIGURED, "credentials", text) from error


def _store(token: Token, answer: types.Token, *, now: datetime) -> None:
    """Keep what Spotify gave, unless a new consent came in between."""
    token.seal(access=answer.access_token, refresh=answer.refresh_token)
    with transaction.atomic():
        stored = Token.objects.filter(pk=token.pk, version=token.version).update(
            access_encrypted=token.access_encrypted,
            refresh_encrypted=token.refresh_encrypted,
            previous_refresh_encrypted=token.previous_refresh_encrypted,
            key_id=token.key_id,
            version=F("version") + 1,
            refreshing_until=None,
            refused_at=None,
            refusals=0,
        )
        if stored:
            Account.objects.filter(pk=token.account_id).update(
                token_expires_at=now + timedelta(seconds=answer.expires_in_s)
            )


def _give_up(token: Token, reason: str, *, now: datetime) -> NoReturn:
    """Ask a person for a new consent.

    :raises BlockedError: the usual end.
    :raises WaitError: new tokens came in between, so it is tried again with them.
    """
    with transaction.atomic():
        stands = Token.objects.filter(pk=token.pk, version=token.version).update(
            refused_at=now, refusals=F("refusals") + 1, refreshing_until=None
        )
        if not stands:
            raise WaitError(now + BUSY, "token")
        standing.ask_for_consent(token.account, reason=reason)
    logger.warning("Account %s needs a new consent: %s", token.account_id, reason)
    raise BlockedError("needs_reauth", reason)


def _refusal(account: Account, error: InvalidGrantError, *, now: datetime) -> str:
    if account.consent_ends_at <= now:
        return (
            f"The consent ended on {account.consent_ends_at:%d %B %Y}, six months "
            "after it was given. Connect the account again."
        )
    return str(error)
