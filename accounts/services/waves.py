"""Refreshing tokens ahead of time, spread so that they never come all at once."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from accounts.models import Account, App
from accounts.services import doubting, halting
from accounts.services.refreshing import refresh_token
from automation.models import Run
from vibe_engine.errors import BlockedError, TransientError, WaitError

EARLY = timedelta(minutes=5)
SPREAD_S = 600
"""Accounts connected in one minute are refreshed over ten."""
WORK_SOON = timedelta(minutes=30)
MOST_A_WAVE = 240
"""One wave a minute; what is left over is refreshed by the next one, or on demand."""
PAUSE_S = 0.25
"""Time between the beginnings of two requests of a wave: four a second."""
MOST_FAILURES = 3


class Pace:
    """Lets a loop begin a turn at most every `PAUSE_S` seconds."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._next = 0.0

    def wait(self) -> None:
        """Sleep until the next turn."""
        rest_s = self._next - self._monotonic()
        if rest_s > 0:
            self._sleep(rest_s)
        self._next = self._monotonic() + PAUSE_S


def wanted(*, now: datetime) -> list[Account]:
    """Return the accounts to refresh now, 240 at most.

    Those are the ones with work soon whose token ends soon, the ones that were
    refused and are to be asked again, and of an app whose tokens rest one account
    when that time is over.
    """
    latest = now + EARLY + timedelta(seconds=SPREAD_S)
    ends = Q(recheck_at=None, token_expires_at__lte=latest) & Exists(_work(now))
    candidates = (
        _askable(now)
        .filter(ends | Q(recheck_at__lte=now), app__refresh_halted_until=None)
        .order_by("token_expires_at", "pk")
    )
    due = [one for one in candidates if one.recheck_at or refresh_at(one) <= now]
    return [*_probes(now), *due][:MOST_A_WAVE]


def refresh_at(account: Account) -> datetime:
    """Return when the wave refreshes this account's token."""
    expires_at = account.token_expires_at or account.authorized_at
    return expires_at - EARLY - halting.spread(account.pk, over_s=SPREAD_S)


def refresh_wanted(
    *, now: datetime, before_each: Callable[[], datetime]
) -> dict[str, object]:
    """Refresh every token that is wanted now; return how it went.

    `before_each` is called before every request and returns the time then.

    :raises TransientError: Spotify failed three times; the next wave goes on.
    """
    counts = {"refreshed": 0, "refused": 0, "postponed": 0}
    failures = 0
    for account in wanted(now=now):
        try:
            refresh_token(account=account, now=before_each())
        except BlockedError:
            counts["refused"] += 1
        except WaitError:
            counts["postponed"] += 1
        except TransientError:
            failures += 1
            if failures == MOST_FAILURES:
                raise
            counts["postponed"] += 1
        else:
            counts["refreshed"] += 1
    return dict(counts)


def _work(now: datetime) -> QuerySet[Run]:
    lane = Concat(Value("account:"), Cast(OuterRef("pk"), CharField()))
    return Run.objects.active().filter(lane=lane, due_at__lte=now + WORK_SOON)


def _askable(now: datetime) -> QuerySet[Account]:
    free = Q(token__refreshing_until=None) | Q(token__refreshing_until__lte=now)
    usable = Account.objects.usable().select_related("app")
    return usable.filter(free).exclude(token__refresh_encrypted="")


def _probes(now: datetime) -> Iterator[Account]:
    for app in App.objects.filter(refresh_halted_until__lte=now).order_by("pk"):
        probe = doubting.candidates(app, now=now).first()
        if probe is not None:
            yield probe
