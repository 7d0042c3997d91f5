"""Access tokens: read, refreshed by one worker at a time, kept a generation back."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NoReturn

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q

from accounts import spotify
from accounts.models import Account, Token
from accounts.services import doubting, halting, signin, standing
from automation.faultpoints import fault_point
from vibe_engine import clock
from vibe_engine.crypto import DecryptError
from vibe_engine.errors import BlockedError, VibeError, WaitError
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
CLAIM = timedelta(seconds=75)
"""How long one worker may take to refresh: two calls with a deadline of 30 s."""
BUSY = timedelta(seconds=2)
MISCONFIGURED = timedelta(minutes=15)
RATE_LIMITED_S = 60.0
STORE_PAUSES_S = (0.5, 2.0, 5.0)
"""How long to wait for a database that is away while new tokens are in hand."""
UNREADABLE = (
    "The stored tokens cannot be decrypted: the key is missing or the row was "
    "altered. Connect the account again."
)


class NoRefreshTokenError(VibeError):
    """No refresh token is stored that can be read, so there is nothing to ask."""


class AccountTokens:
    """The token source of one account's client; reads the clock at every call."""

    def __init__(
        self, account_id: int, read_clock: Callable[[], datetime] = clock.now
    ) -> None:
        self._account_id = account_id
        self._now = read_clock

    def access_token(self) -> str:
        """Return the stored token, refreshed first where it is about to end.

        It is refreshed as well where Spotify has refused to: nothing else tells
        whether it meant that.
        """
        now, token = self._now(), _load(self._account_id)
        account = token.account
        expires_at = account.token_expires_at
        ends = expires_at is None or expires_at <= now + MARGIN
        if ends or account.recheck_at is not None:
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
    :raises WaitError: another worker is refreshing it, Spotify asks to wait, or it
        refused and is asked again later.
    """
    _renew(_load(account.pk), now=now)
    account.refresh_from_db()


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
    signin.require_recheck_due(token.account, now=now)
    claimed_until = _claim(token, now=now)
    if claimed_until is None:
        return _wait_for_other(token, now=now, rejected=rejected)
    try:
        halting.enter(token.account, now=now)
        used, answer = _ask(token, now=now)
    except NoRefreshTokenError as error:
        _give_up(token, str(error), now=now)
    except InvalidGrantError as error:
        _refused(token, error, now=now)
    except (WaitError, SpotifyError):
        _release(token, claimed_until)
        raise
    fault_point("token_answered")
    _store(token, answer, used=used, now=now)
    doubting.note_success(token.account, now=now)
    return _load(token.account_id)


def _claim(token: Token, *, now: datetime) -> datetime | None:
    """Take the right to ask; a claim implausibly long is void, the clock was set."""
    free = (
        Q(refreshing_until=None)
        | Q(refreshing_until__lte=now)
        | Q(refreshing_until__gt=now + 2 * CLAIM)
    )
    mine = Token.objects.filter(free, pk=token.pk, version=token.version)
    return now + CLAIM if mine.update(refreshing_until=now + CLAIM) else None


def _release(token: Token, claimed_until: datetime) -> None:
    Token.objects.filter(
        pk=token.pk, version=token.version, refreshing_until=claimed_until
    ).update(refreshing_until=None)


def _wait_for_other(token: Token, *, now: datetime, rejected: bool) -> Token:
    """Return the row if it has, or unless `rejected` still has, a good token.

    :raises WaitError: another worker is at it; it takes a second or two.
    """
    fresh = _load(token.account_id)
    expires_at = fresh.account.token_expires_at
    still_good = not rejected and expires_at is not None and expires_at > now
    if fresh.version != token.version or still_good:
        return fresh
    raise WaitError(
        now + BUSY, "token", f"The token of {fresh.account} is being refreshed."
    )


def _ask(token: Token, *, now: datetime) -> tuple[str, types.Token]:
    """Ask Spotify with the refresh token, then with the one before it.

    The second is for a worker that died with a new token in hand. Returns the one
    that was accepted, and the answer.

    :raises InvalidGrantError: neither is accepted.
    :raises NoRefreshTokenError: there is none, or none can be read.
    :raises WaitError: Spotify asks to wait, or refuses the app itself.
    """
    try:
        candidates = token.refresh_tokens
    except DecryptError:
        raise NoRefreshTokenError(UNREADABLE) from None
    if not candidates:
        raise NoRefreshTokenError("No refresh token is stored; connect it again.")
    for number, candidate in enumerate(candidates, start=1):
        try:
            return candidate, _ask_once(token.account, candidate, now=now)
        except InvalidGrantError:
            if number == len(candidates):
                raise
    raise AssertionError("unreachable")


def _ask_once(account: Account, refresh_token: str, *, now: datetime) -> types.Token:
    try:
        return spotify.refresh(account.app, refresh_token=refresh_token)
    except RateLimitedError as error:
        until = now + timedelta(seconds=error.retry_after_s or RATE_LIMITED_S)
        halting.halt(account.app_id, cause=halting.Cause.RATE, until=until)
        raise WaitError(until, "token", str(error)) from error
    except (InvalidClientError, DecryptError) as error:
        until = now + MISCONFIGURED
        halting.halt(account.app_id, cause=halting.Cause.CREDENTIALS, until=until)
        text = f"{error} Check the client secret of the app {account.app}."
        raise WaitError(until, "credentials", text) from error


def _store(token: Token, answer: types.Token, *, used: str, now: datetime) -> None:
    """Keep what Spotify gave; a database that is away is waited for a little.

    The old refresh token may be void by now, so these must not be lost.
    """
    token.seal(access=answer.access_token, refresh=answer.refresh_token, used=used)
    for pause_s in STORE_PAUSES_S:
        try:
            return _write(token, answer, now=now)
        except (InterfaceError, OperationalError) as error:
            logger.warning(
                "New tokens of account %s wait for the database (%s).",
                token.account_id,
                type(error).__name__,
            )
            connection.close()
            time.sleep(pause_s)
    return _write(token, answer, now=now)


def _write(token: Token, answer: types.Token, *, now: datetime) -> None:
    """Store both tokens, unless a new consent came in between."""
    with transaction.atomic():
        stored = Token.objects.filter(pk=token.pk, version=token.version).update(
            access_encrypted=token.access_encrypted,
            refresh_encrypted=token.refresh_encrypted,
            previous_refresh_encrypted=token.previous_refresh_encrypted,
            key_id=token.key_id,
            version=F("version") + 1,
            refreshing_until=None,
            refreshed_at=now,
            refused_at=None,
            refusals=0,
        )
        if stored:
            Account.objects.filter(pk=token.account_id).update(
                token_expires_at=now + timedelta(seconds=answer.expires_in_s),
                recheck_at=None,
            )


def _refused(token: Token, error: InvalidGrantError, *, now: datetime) -> NoReturn:
    """Believe a refusal at the second time, or when the six months are over.

    :raises BlockedError: it is believed.
    :raises WaitError: it is asked again at that time.
    """
    account, first = token.account, token.refused_at
    if account.consent_ends_at <= now:
        _give_up(token, signin.ended_words(account, now=now), now=now)
    recheck_at = _write_down(token, now=now)
    is_doubted = doubting.note_refusal(account.app_id, now=now)
    is_second = first is not None and now - first >= doubting.CONFIRM_AFTER
    if is_second and not is_doubted and _others_are_accepted(token, now=now):
        _give_up(token, str(error), now=now)
    logger.warning("Spotify refused to refresh account %s.", account.pk)
    raise signin.wait_for_recheck(recheck_at)


def _write_down(token: Token, *, now: datetime) -> datetime:
    """Note a refusal; return when to ask again.

    :raises WaitError: new tokens came in between, so it is tried again with them.
    """
    recheck_at = now + doubting.CONFIRM_AFTER
    with transaction.atomic():
        stands = Token.objects.filter(pk=token.pk, version=token.version).update(
            refused_at=token.refused_at or now,
            refusals=F("refusals") + 1,
            refreshing_until=None,
        )
        if not stands:
            raise WaitError(now + BUSY, "token")
        Account.objects.filter(pk=token.account_id).update(recheck_at=recheck_at)
    return recheck_at


def _others_are_accepted(token: Token, *, now: datetime) -> bool:
    """Whether Spotify has accepted another account since it refused this one.

    Where nobody has asked, one is asked now. An account without others stands for
    itself.
    """
    account, since = token.account, token.refused_at
    if since is not None and doubting.has_witness(account, since=since):
        return True
    other = doubting.possible_witness(account)
    if other is None:
        return doubting.is_alone(account)
    try:
        _renew(_load(other), now=now)
    except VibeError:
        return False
    return True


def _give_up(token: Token, reason: str, *, now: datetime) -> NoReturn:
    """Ask a person for a new consent; the tokens are kept.

    :raises BlockedError: the usual end.
    :raises WaitError: new tokens came in between, so it is tried again with them.
    """
    with transaction.atomic():
        stands = Token.objects.filter(pk=token.pk, version=token.version).update(
            refreshing_until=None
        )
        if not stands:
            raise WaitError(now + BUSY, "token")
        standing.ask_for_consent(token.account, reason=reason)
        Account.objects.filter(pk=token.account_id).update(recheck_at=None)
    logger.warning("Account %s needs a new consent: %s", token.account_id, reason)
    raise BlockedError("needs_reauth", reason)
