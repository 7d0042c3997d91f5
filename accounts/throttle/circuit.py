"""The circuit of a developer: when Spotify says stop, nobody knocks until it opens.

It is kept in the database, so every worker sees it and a restart does not forget.
After the time is over one call goes first, as a probe; only its success lets the
others follow.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Q

from accounts.models import Developer

PROBE = timedelta(seconds=60)
"""A probe that has not reported back by then is given up; twice the call deadline."""
PREMIUM_WAIT = timedelta(hours=1)
"""Recovery takes hours after the owner has subscribed again (reports, 2026)."""
FIRST_WAIT_S = {"rate": 60.0, "quota": 15 * 60.0}
LONGEST_WAIT_S = {"rate": 15 * 60.0, "quota": 24 * 3600.0}
TRIES = 20


class Cause(StrEnum):
    """Why a circuit is open."""

    RATE = "rate"
    QUOTA = "quota"
    PREMIUM = "premium"


WORDS = {
    Cause.RATE: "Spotify asks for fewer requests",
    Cause.QUOTA: "Spotify's quota for this developer is used up",
    Cause.PREMIUM: "the Premium subscription of the app's owner has lapsed",
}


def words(cause: str) -> str:
    """Return what a cause means, as part of a sentence."""
    return WORDS.get(Cause(cause), cause) if cause in set(Cause) else cause


def trip(
    developer_id: int, *, cause: Cause, retry_after_s: float | None, now: datetime
) -> datetime:
    """Open the circuit, or keep it open for longer; return until when.

    Without a Retry-After the wait doubles with every trip in a row: 60 s to 15
    minutes for the rate, 15 minutes to a day for the quota. Calls that were under
    way when it opened do not count as further trips.
    """
    rows = Developer.objects.filter(pk=developer_id)
    for _ in range(TRIES):
        developer = rows.get()
        before, trips = developer.circuit_open_until, developer.circuit_trips
        is_open = before is not None and before > now
        until = now + _wait(cause, retry_after_s, trips=trips - is_open)
        if before is not None and is_open and before >= until:
            return before
        if rows.filter(circuit_open_until=before, circuit_trips=trips).update(
            circuit_open_until=until,
            circuit_cause=cause,
            circuit_trips=trips + (not is_open),
            probe_until=None,
        ):
            return until
    return now + _wait(cause, retry_after_s, trips=0)


def _wait(cause: Cause, retry_after_s: float | None, *, trips: int) -> timedelta:
    if cause == Cause.PREMIUM:
        return PREMIUM_WAIT
    if retry_after_s is not None:
        return timedelta(seconds=retry_after_s)
    doubled_s = FIRST_WAIT_S[cause] * 2 ** min(max(trips, 0), 30)
    return timedelta(seconds=min(LONGEST_WAIT_S[cause], doubled_s))


def take_probe(developer: Developer, *, now: datetime) -> bool:
    """Try to become the one call that goes first; the caller reports back."""
    free = Q(probe_until=None) | Q(probe_until__lte=now)
    rows = Developer.objects.filter(
        free, pk=developer.pk, circuit_open_until=developer.circuit_open_until
    )
    return bool(rows.update(probe_until=now + PROBE))


def release_probe(developer_id: int) -> None:
    """Give the probe back undecided: Spotify was away, somebody else tries."""
    Developer.objects.filter(pk=developer_id).update(probe_until=None)


def close(developer_id: int, *, now: datetime) -> None:
    """Close the circuit after a good probe, unless it was opened anew meanwhile."""
    Developer.objects.filter(pk=developer_id, circuit_open_until__lte=now).update(
        circuit_open_until=None, circuit_cause="", circuit_trips=0, probe_until=None
    )


def close_by_hand(developer_id: int) -> None:
    """Close the circuit because a person says that the cause is gone."""
    Developer.objects.filter(pk=developer_id).update(
        circuit_open_until=None, circuit_cause="", circuit_trips=0, probe_until=None
    )
