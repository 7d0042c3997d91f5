"""The circuit of a developer: when Spotify says stop, nobody knocks until it opens.

It is kept in the database, so every worker sees it and a restart does not forget.
After the time is over one call goes first, as a probe; only its success lets the
others follow, and slowly at first (see `pace`).
"""

from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db.models import Q

from accounts.models import Developer
from accounts.throttle.pace import RAMP

PROBE = timedelta(seconds=2 * settings.TIMES["SPOTIFY_DEADLINE_S"])
"""A probe that has not reported back by then is given up; twice the call deadline."""
FIRST_WAIT_S = {"rate": 60.0, "quota": 24 * 3600.0, "premium": 3600.0}
LONGEST_WAIT_S = {"rate": 15 * 60.0, "quota": 24 * 3600.0, "premium": 6 * 3600.0}
"""The quota's window is 24 hours; after it was paid, a lapsed Premium takes hours to
be seen (reports, 2026)."""
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

    The first trip waits as long as Spotify asks, or the first wait of the cause where
    it names no time. Every further trip in a row doubles that, up to the longest wait
    of the cause, and is never shorter than what Spotify asks. Trips are in a row until
    the ramp after a pause has passed well. Calls that were under way when the circuit
    opened do not count as further trips.
    """
    rows = Developer.objects.filter(pk=developer_id)
    for _ in range(TRIES):
        developer = rows.get()
        before, stored = developer.circuit_open_until, developer.circuit_trips
        is_open = before is not None and before > now
        trips = _trips_in_row(developer, now=now) + (not is_open)
        until = now + _wait(cause, retry_after_s, trips=trips)
        if before is not None and is_open and before >= until:
            return before
        if rows.filter(circuit_open_until=before, circuit_trips=stored).update(
            circuit_open_until=until,
            circuit_cause=cause,
            circuit_trips=trips,
            circuit_closed_at=None,
            probe_until=None,
        ):
            return until
    return now + _wait(cause, retry_after_s, trips=1)


def _trips_in_row(developer: Developer, *, now: datetime) -> int:
    closed_at = developer.circuit_closed_at
    if closed_at is not None and now - closed_at >= RAMP:
        return 0
    return developer.circuit_trips


def _wait(cause: Cause, retry_after_s: float | None, *, trips: int) -> timedelta:
    asked_s = FIRST_WAIT_S[cause] if retry_after_s is None else retry_after_s
    doubled_s = asked_s * 2.0 ** min(max(trips - 1, 0), 30)
    return timedelta(seconds=max(asked_s, min(LONGEST_WAIT_S[cause], doubled_s)))


def is_probed(developer: Developer, *, now: datetime) -> bool:
    """Whether another call is going first at this moment."""
    probe_until = developer.probe_until
    return probe_until is not None and now < probe_until <= now + PROBE


def take_probe(developer: Developer, *, now: datetime) -> bool:
    """Try to become the one call that goes first; the caller reports back."""
    on_time = Q(probe_until__gt=now, probe_until__lte=now + PROBE)
    free = Q(probe_until=None) | ~on_time
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
        circuit_open_until=None,
        circuit_cause="",
        circuit_closed_at=now,
        probe_until=None,
    )


def allow_probe(developer_id: int, *, now: datetime) -> bool:
    """Let one call go first now, because a person says that the cause is gone.

    Returns whether the circuit was open at all.
    """
    rows = Developer.objects.filter(pk=developer_id, circuit_open_until__gt=now)
    return bool(rows.update(circuit_open_until=now, probe_until=None))
