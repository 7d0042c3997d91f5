"""When none of an app's refresh tokens is to be tried, and who tries first again.

This is about Spotify's token endpoint alone: calls with an access token that is
still good go on. The halt is kept in the app's row, so every worker sees it. When
its time is over one account goes first, as a probe.
"""

import zlib
from datetime import datetime, timedelta
from enum import StrEnum

from accounts.models import Account, App
from vibe_engine.errors import WaitError

PROBE = timedelta(seconds=60)
"""A probe that has not reported back by then is given up; twice the call deadline."""
BEHIND_PROBE = timedelta(seconds=5)
FARTHEST = timedelta(hours=26)
"""A halt that ends later is void, the clock was set back; Spotify asks for 25 at most."""
SPREAD_S = 60
"""Accounts that wait for the end of a halt come back over this time."""


class Cause(StrEnum):
    """Why an app's refresh tokens are not tried."""

    CREDENTIALS = "credentials"
    RATE = "rate"
    DOUBT = "doubt"


WORDS = {
    Cause.CREDENTIALS: (
        "Spotify refuses client id and secret of this app. Compare them with Spotify's "
        "developer dashboard and set the right secret; no account is at fault."
    ),
    Cause.RATE: "Spotify's token service asks for a pause.",
    Cause.DOUBT: (
        "Spotify refuses the sign-ins of several accounts at once, which looks like a "
        "fault of its own. Nobody is disconnected: one account at a time is checked, "
        "and everything goes on by itself. Where access was taken back on purpose, "
        "renew the consents."
    ),
}


def words(app: App) -> str:
    """Return why the app's refresh tokens are not tried, "" where they are."""
    cause = app.refresh_halt_cause
    return WORDS[Cause(cause)] if cause in set(Cause) else ""


def spread(account_id: int, *, over_s: int) -> timedelta:
    """Return the account's own place, always the same one, within this many seconds."""
    return timedelta(seconds=zlib.crc32(str(account_id).encode()) % over_s)


def halt(app_id: int, *, cause: Cause, until: datetime) -> None:
    """Let none of the app's refresh tokens be tried before `until`."""
    App.objects.filter(pk=app_id).update(
        refresh_halted_until=until, refresh_halt_cause=cause
    )


def lift(app_id: int) -> None:
    """Let the app's refresh tokens be tried again."""
    App.objects.filter(pk=app_id).exclude(refresh_halted_until=None).update(
        refresh_halted_until=None, refresh_halt_cause=""
    )


def enter(account: Account, *, now: datetime) -> None:
    """Let the account's refresh token be tried now.

    After a halt the first one to come is the probe, and the others wait for it.

    :raises WaitError: the halt is not over, or another account is the probe.
    """
    app = account.app
    until = app.refresh_halted_until
    if until is None:
        return
    if now < until <= now + FARTHEST:
        raise halted(account, until)
    same = App.objects.filter(pk=app.pk, refresh_halted_until=until)
    if not same.update(refresh_halted_until=now + PROBE):
        raise halted(account, now + BEHIND_PROBE)


def halted(account: Account, until: datetime) -> WaitError:
    """Return the wait for the end of a halt, a little later for each account."""
    app = account.app
    return WaitError(
        until + spread(account.pk, over_s=SPREAD_S),
        app.refresh_halt_cause or "token",
        f"{words(app)} The next check is at {until:%H:%M} UTC.",
    )
