"""Which account to use, and the client that speaks for it."""

import re
from datetime import datetime

from django.db.models import Q, QuerySet, Sum

from accounts import spotify
from accounts.guard import WritingGuard
from accounts.models import Account, AccountQuerySet, App, Usage
from accounts.services.refreshing import AccountTokens
from accounts.services.signin import require_sign_in
from accounts.services.standing import require_usable
from accounts.throttle import ThrottleGate
from accounts.throttle.usage import WINDOW
from automation import waiting
from automation.models import Run
from vibe_engine.errors import InputError
from vibe_engine.spotify.client import SpotifyClient

LARGEST_KEY = 2**63 - 1
_ADDRESS = re.compile(r"(?:^spotify:user:|/user/)([^/?#\s:]{1,128})")


def client_for(
    account: Account, *, now: datetime, run: Run | None = None
) -> SpotifyClient:
    """Return the account's client: throttled, with tokens that refresh themselves.

    Use it as a context manager. Wrap the calls of a job in `failures.translated`.
    With a `run` that a person asked for, its calls go before those that wait, and
    its lease is looked at right before each call that writes. What writes is held
    back while pushes are stopped or in shadow mode.

    :raises BlockedError: the account is paused, blocked or needs a new consent.
    :raises WaitError: Spotify refused its sign-in and is asked again later.
    """
    require_usable(account)
    require_sign_in(account, now=now)
    gate = ThrottleGate(
        developer_id=account.app.developer_id,
        account_id=account.pk,
        interactive=run is not None and waiting.goes_first(run),
        in_one_go=True,
    )
    guard = WritingGuard(gate, lane=account.lane, run=run)
    return spotify.open_client(tokens=AccountTokens(account.pk), gate=guard)


def any_usable_account(
    preferred: Account | None = None, *, now: datetime | None = None
) -> Account | None:
    """Return an account for reading the catalogue, or None if there is none.

    `preferred` wins if it can be used. Otherwise the developer with the most calls
    left in these 24 hours; with `now`, one whose calls do not stand still.
    """
    usable = _signed_in(Account.objects.usable(), now=now)
    if preferred is not None:
        chosen = usable.filter(pk=preferred.pk).first()
        if chosen is not None:
            return chosen
    return _least_burdened(list(usable.order_by("pk")), now=now)


def features_account(
    preferred: Account | None = None, *, now: datetime | None = None
) -> Account | None:
    """Return an account whose app may read audio features, or None."""
    extended = Account.objects.usable().filter(app__mode=App.Mode.EXTENDED)
    candidates = list(_signed_in(extended, now=now).order_by("pk"))
    if preferred in candidates:
        return preferred
    return _least_burdened(candidates, now=now)


def _signed_in(usable: AccountQuerySet, *, now: datetime | None) -> QuerySet[Account]:
    """Leave out whom Spotify refuses at the moment, unless that is everybody."""
    if now is not None and usable.signed_in(now=now).exists():
        usable = usable.signed_in(now=now)
    return usable.select_related("app__developer")


def find_account(text: str) -> Account:
    """Return the account that a person named on the command line.

    Takes a primary key, Spotify's account id or user id, a profile's address or a
    `spotify:user:` URI.

    :raises InputError: no account is meant by it, or more than one.
    """
    text = text.strip()
    address = _ADDRESS.search(text)
    name = address[1] if address else text
    same = Q(account_id=name) | Q(user_id=name)
    if not address and name.isascii() and name.isdigit() and int(name) <= LARGEST_KEY:
        same |= Q(pk=int(name))
    found = list(Account.objects.select_related("app__developer").filter(same)[:2])
    if not found:
        raise InputError(f"No account is known as “{text[:80]}”.", field="account")
    if len(found) > 1:
        raise InputError(
            f"“{text[:80]}” is the key of one account and the Spotify id of another; "
            "give the profile's address.",
            field="account",
        )
    return found[0]


def _least_burdened(accounts: list[Account], *, now: datetime | None) -> Account | None:
    if not accounts or now is None:
        return accounts[0] if accounts else None
    recent = Usage.objects.filter(hour__gt=now - WINDOW)
    calls = dict(recent.values_list("developer").annotate(Sum("calls")).order_by())

    def burden(account: Account) -> tuple[bool, float]:
        developer = account.app.developer
        until = developer.circuit_open_until
        left = developer.catalogue_calls_a_day - calls.get(developer.pk, 0)
        return (until is not None and until > now, -left)

    return min(accounts, key=burden)
