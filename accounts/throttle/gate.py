"""The gate in front of every single request to the Web API."""

from collections.abc import Callable
from datetime import datetime, timedelta

from accounts.models import Developer
from accounts.throttle import bucket, circuit, usage
from vibe_engine import clock
from vibe_engine.errors import WaitError
from vibe_engine.spotify.errors import (
    BadResponseError,
    PremiumRequiredError,
    RateLimitedError,
    SpotifyError,
    UnavailableError,
)

BEHIND_PROBE = timedelta(seconds=5)
"""How much later to come back while another call is the probe."""


class ThrottleGate:
    """Lets calls of one developer pass: circuit, daily budget, rate, in this order.

    Made for one client in one thread. It reads the clock itself, since a job makes
    calls over minutes and each counts at its own moment.

    With `in_one_go` only the first call waits for its turn; those after it go at
    once, and others wait the longer. A job that had to wait between the pages of
    one album would begin again with the first page, and never come to the last.
    """

    def __init__(
        self,
        *,
        developer_id: int,
        account_id: int | None = None,
        urgent: bool = False,
        in_one_go: bool = False,
        read_clock: Callable[[], datetime] = clock.now,
    ) -> None:
        self._developer_id = developer_id
        self._account_id = account_id
        self._urgent = urgent
        self._in_one_go = in_one_go
        self._now = read_clock
        self._is_probe = False

    def enter(self, group: str) -> None:
        """Let one request pass and count it.

        :raises WaitError: it is too early; the cause is "rate", "quota", "premium",
            "circuit" (the rate, told by Spotify) or "budget".
        """
        now = self._now()
        developer = Developer.objects.get(pk=self._developer_id)
        self._check_circuit(developer, now=now)
        self._check_budget(developer, group, now=now)
        slot = bucket.take(developer, now=now, urgent=self._urgent)
        if slot > now:
            raise WaitError(slot, "rate")
        self._go_first(developer, now=now)
        self._urgent = self._urgent or self._in_one_go
        usage.count_call(
            developer_id=self._developer_id,
            account_id=self._account_id,
            group=group,
            now=now,
        )

    def leave(self, group: str, error: SpotifyError | None) -> None:
        """Take note of how the request ended.

        :raises WaitError: Spotify asked to wait, or refuses the whole app.
        """
        now, was_probe, self._is_probe = self._now(), self._is_probe, False
        if isinstance(error, RateLimitedError | PremiumRequiredError):
            raise stop(self._developer_id, error, now=now) from error
        if not was_probe:
            return
        if isinstance(error, UnavailableError | BadResponseError):
            circuit.release_probe(self._developer_id)
        else:
            circuit.close(self._developer_id, now=now)

    def _check_circuit(self, developer: Developer, *, now: datetime) -> None:
        until = developer.circuit_open_until
        if until is not None and until > now:
            raise closed_until(developer, until, now=now)

    def _check_budget(self, developer: Developer, group: str, *, now: datetime) -> None:
        opens_at = usage.budget_opens_at(developer, group, now=now)
        if opens_at is not None:
            name = usage.BUDGET_OF_GROUP[group]
            limit = usage.limits(developer)[name]
            raise WaitError(
                bucket.take(developer, now=now, not_before=opens_at),
                "budget",
                f"Today's budget of {limit:,} calls ({name}) is used up; there is "
                f"room again at {opens_at:%H:%M} UTC.",
            )

    def _go_first(self, developer: Developer, *, now: datetime) -> None:
        if developer.circuit_open_until is None:
            return
        self._is_probe = circuit.take_probe(developer, now=now)
        if not self._is_probe:
            raise closed_until(developer, now + BEHIND_PROBE, now=now)


def stop(
    developer_id: int,
    error: RateLimitedError | PremiumRequiredError,
    *,
    now: datetime,
) -> WaitError:
    """Open the developer's circuit; return the error that sends the run to wait."""
    if isinstance(error, PremiumRequiredError):
        cause = circuit.Cause.PREMIUM
    else:
        cause = circuit.Cause.QUOTA if error.is_quota else circuit.Cause.RATE
    until = circuit.trip(
        developer_id, cause=cause, retry_after_s=error.retry_after_s, now=now
    )
    return closed_until(Developer.objects.get(pk=developer_id), until, now=now)


def closed_until(developer: Developer, until: datetime, *, now: datetime) -> WaitError:
    """Return the wait for an open circuit; every caller gets a slot of its own."""
    slot = bucket.take(developer, now=now, not_before=until)
    cause = developer.circuit_cause or circuit.Cause.RATE
    told = "circuit" if cause == circuit.Cause.RATE else cause
    return WaitError(
        slot,
        told,
        f"Calls stand still until {until:%Y-%m-%d %H:%M} UTC: {circuit.words(cause)}.",
    )
