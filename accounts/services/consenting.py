"""Connecting an account: consent at Spotify, and what is stored once it is given."""

import calendar
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.db.models import Q

from accounts import consent, spotify
from accounts.consent import ConsentError, PendingConsent
from accounts.models import CONSENT_MONTHS, Account, App, Developer, Token
from accounts.services import halting, signin, standing
from accounts.throttle import ThrottleGate
from accounts.throttle.circuit import Cause
from automation import registry, waiting
from vibe_engine.crypto import DecryptError
from vibe_engine.errors import WaitError
from vibe_engine.spotify import oauth
from vibe_engine.spotify.errors import (
    InsufficientScopeError,
    InvalidClientError,
    InvalidGrantError,
    SpotifyError,
    UnauthorizedError,
    UserNotRegisteredError,
)
from vibe_engine.spotify.types import Me
from vibe_engine.spotify.types import Token as Grant

logger = logging.getLogger(__name__)

EVERY_FAILURE: tuple[tuple[type[SpotifyError], consent.Problem], ...] = (
    (InvalidGrantError, consent.EXPIRED_CODE),
    (InvalidClientError, consent.APP_REFUSED),
    (UserNotRegisteredError, consent.NO_SEAT),
    (InsufficientScopeError, consent.MISSING_SCOPES),
    (SpotifyError, consent.SPOTIFY_AWAY),
)


@dataclass(frozen=True)
class Connected:
    """An account as it stands after its consent."""

    account: Account
    is_new: bool
    freed_runs: int


def start_consent(
    *,
    app: App,
    user: AbstractBaseUser,
    session: SessionBase,
    now: datetime,
    account: Account | None = None,
) -> str:
    """Begin a consent; return the address at Spotify to send the person to.

    State (256 bits, ten minutes, once) and PKCE verifier stay in the session.
    With `account` the consent counts for that account alone.

    :raises ConsentError: no seat of the app is free, or its developer's calls
        stand still.
    """
    if account is None:
        check_seat(app)
    _check_circuit(app.developer, now=now)
    pending = PendingConsent(
        state=secrets.token_urlsafe(consent.STATE_BYTES),
        verifier=oauth.new_verifier(),
        app=app.pk,
        user=user.pk,
        expires_at=(now + consent.LIFETIME).isoformat(),
        account=account.pk if account else None,
    )
    consent.keep(session, pending)
    return spotify.consent_url(app, state=pending.state, verifier=pending.verifier)


def check_seat(app: App, *, besides: Account | None = None) -> None:
    """Let pass an app with a free seat, or one whose seats are not counted.

    :raises ConsentError: every seat is taken by an account other than `besides`.
    """
    taken = app.accounts.seated()
    if besides is not None:
        taken = taken.exclude(pk=besides.pk)
    if app.mode == App.Mode.DEVELOPMENT and taken.count() >= app.seats:
        raise ConsentError(consent.SEATS_TAKEN, detail=f"{app}: {app.seats} seats")


def finish_consent(
    *,
    pending: PendingConsent,
    code: str,
    user: AbstractBaseUser,
    default_prefix: str,
    now: datetime,
) -> Connected:
    """Trade the code for tokens, ask Spotify whose they are, and store the account.

    An account that is known already, by Spotify's `account_id`, is brought up to
    date, whoever connected it first: the fleet belongs to the team.

    :raises ConsentError: anything went wrong; nothing was stored.
    """
    app = App.objects.select_related("developer").filter(pk=pending.app).first()
    if app is None:
        raise ConsentError(consent.APP_REFUSED, detail="The app was removed here.")
    try:
        grant = _exchange(app, pending, code)
        me = _who_is(app, grant)
    except SpotifyError as error:
        raise _problem_of(error) from error
    except WaitError as wait:
        raise _closed(wait) from wait
    if app.refresh_halt_cause == halting.Cause.CREDENTIALS:
        halting.lift(app.pk)
    with transaction.atomic():
        connected = _store(
            app, grant, me, pending=pending, user=user, prefix=default_prefix, now=now
        )
    logger.info("Account %s connected by user %s.", connected.account.pk, user.pk)
    return connected


class GrantTokens:
    """The token source of the one call made before anything is stored."""

    def __init__(self, access_token: str) -> None:
        self._access_token = access_token

    def access_token(self) -> str:
        """Return the token that was just given."""
        return self._access_token

    def refreshed(self, rejected: str) -> str:
        """Give up: a token a second old was refused; :raises UnauthorizedError:"""
        raise UnauthorizedError("Spotify refuses the token it has just given.")


def add_months(moment: datetime, months: int) -> datetime:
    """Return the same time of day so many calendar months later.

    The day is the month's last where it has no such day.
    """
    years, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + years, month + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)


def _exchange(app: App, pending: PendingConsent, code: str) -> Grant:
    try:
        grant = spotify.exchange_code(app, code=code, verifier=pending.verifier)
    except DecryptError as error:
        raise ConsentError(consent.APP_REFUSED, detail=str(error)) from error
    missing = set(oauth.SCOPES) - set(grant.scopes or oauth.SCOPES)
    if missing:
        raise ConsentError(consent.MISSING_SCOPES, detail=", ".join(sorted(missing)))
    if grant.refresh_token is None:
        raise ConsentError(consent.SPOTIFY_AWAY, detail="There was no refresh token.")
    return grant


def _who_is(app: App, grant: Grant) -> Me:
    gate = ThrottleGate(developer_id=app.developer_id, urgent=True)
    tokens = GrantTokens(grant.access_token)
    with spotify.open_client(tokens=tokens, gate=gate) as client:
        return client.me()


def _problem_of(error: SpotifyError) -> ConsentError:
    problem = next(one for cls, one in EVERY_FAILURE if isinstance(error, cls))
    return ConsentError(problem, detail=str(error))


def _closed(wait: WaitError) -> ConsentError:
    is_premium = wait.cause == Cause.PREMIUM
    problem = consent.PREMIUM_LAPSED if is_premium else consent.CLOSED_FOR_NOW
    return ConsentError(problem, detail=str(wait))


def _check_circuit(developer: Developer, *, now: datetime) -> None:
    until = developer.circuit_open_until
    if until is None or until <= now:
        return
    is_premium = developer.circuit_cause == Cause.PREMIUM
    problem = consent.PREMIUM_LAPSED if is_premium else consent.CLOSED_FOR_NOW
    detail = f"Calls go on at {until:%H:%M} UTC on {until:%-d %B %Y}."
    raise ConsentError(problem, detail=detail)


def _store(
    app: App,
    grant: Grant,
    me: Me,
    *,
    pending: PendingConsent,
    user: AbstractBaseUser,
    prefix: str,
    now: datetime,
) -> Connected:
    """Bring the account up to date; locked apps let one consent store at a time."""
    list(App.objects.select_for_update().order_by("pk"))
    known = _known_account(me)
    if pending.account is not None and (known is None or known.pk != pending.account):
        raise ConsentError(consent.OTHER_ACCOUNT, detail=me.display_name or me.user_id)
    check_seat(app, besides=known)
    account = known or Account(prefix=prefix, created_at=now)
    account.app = app
    _apply_profile(account, me)
    _apply_consent(account, grant, user=user, now=now)
    account.save()
    _store_tokens(account, grant)
    if known is None:
        return Connected(account, is_new=True, freed_runs=0)
    freed = standing.unblock_lane(account, reasons=standing.CONSENT_REASONS, now=now)
    waits = [signin.WAIT_CAUSE, *halting.Cause]
    freed += waiting.bring_forward(lanes=[account.lane], reasons=waits, now=now)
    registry.emit("account.reconnected", account=account)
    return Connected(account, is_new=False, freed_runs=freed)


def _known_account(me: Me) -> Account | None:
    """Return the row of this person; older rows may know the user id alone."""
    same = Q(account_id=me.account_id) | Q(account_id=me.user_id, user_id=me.user_id)
    return Account.objects.filter(same).order_by("pk").first()


def _apply_profile(account: Account, me: Me) -> None:
    account.account_id, account.user_id = me.account_id, me.user_id
    account.display_name = (me.display_name or me.user_id)[:200]
    account.image_url = me.image_url if len(me.image_url) <= 500 else ""
    account.profile_url = me.url if len(me.url) <= 500 else ""


def _apply_consent(
    account: Account, grant: Grant, *, user: AbstractBaseUser, now: datetime
) -> None:
    if account.status != Account.Status.INACTIVE:
        account.status, account.status_reason = Account.Status.ACTIVE, ""
    account.authorized_at, account.authorized_by_id = now, user.pk
    account.consent_ends_at = add_months(now, CONSENT_MONTHS)
    account.token_expires_at = now + timedelta(seconds=grant.expires_in_s)
    account.scopes = " ".join(grant.scopes or oauth.SCOPES)
    account.consent_warned_days = account.recheck_at = account.disconnected_at = None


def _store_tokens(account: Account, grant: Grant) -> None:
    """Put the new tokens in place of the old ones, of which none is kept."""
    token = Token.objects.filter(account=account).first() or Token(account=account)
    token.seal(access=grant.access_token, refresh=grant.refresh_token)
    token.previous_refresh_encrypted = ""
    token.version += 1
    token.refreshing_until = token.refused_at = None
    token.refusals = 0
    token.save()
