"""The gate in front of every single request to the Web API."""

from collections.abc import Callable
from datetime import datetime, timedelta

from accounts.models import Developer
from accounts.throttle import bucket, circuit, usage
from accounts.throttle.pace import pace_of
from accounts.throttle.queueing import Haste
from automation import waiting
from vibe_engine import clock
from vibe_engine.errors import WaitError
from vibe_engine.spotify.errors import (
    BadResponseError,
    PremiumRequiredError,
    RateLimitedError,
    SpotifyError,
    UnauthorizedError,
    UnavailableError,
)

BEHIND_PROBE = timedelta(seconds=5)
"""How much later to come back while another call is the probe."""
UNDECIDED = (UnavailableError, BadResponseError, UnauthorizedError)
"""Answers to a probe that do not show whether the cause is gone."""
REASONS = {
    circuit.Cause.RATE: "circuit",
    circuit.Cause.QUOTA: "quota",
    circuit.Cause.PREMIUM: "premium",
}
"""What the ledger calls the wait for an open circuit, by its cause."""


class ThrottleGate:
    """Lets calls of one developer pass: circuit, daily budget, rate, in this order.

    Made for one client in one thread. It reads the clock itself, since a job makes
    calls over minutes and each counts at its own moment.

    `interactive` is for what a person asked for: it goes before the others that wait,
    and may use the reserve of a budget. `urgent` does not wait for its turn at all.
    With `in_one_go` only the first call waits for its turn; those after it go at
    once, and others wait the longer. A job that had to wait between the pages of
    one album would begin again with the first page, and never come to the last.
    """

    def __init__(
        self,
        *,
        developer_id: int,
        account_id: int | None = None,
        interactive: bool = False,
        urgent: bool = False,
        in_one_go: bool = False,
        read_clock: Callable[[], datetime] = clock.now,
    ) -> None:
        self._developer_id = developer_id
        self._account_id = account_id
        self._is_first = interactive or urgent
        self._haste = Haste.AHEAD if interactive else Haste.IN_LINE
        if urgent:
            self._haste = Haste.AT_ONCE
        self._in_one_go = in_one_go
        self._now = read_clock
        self._is_probe = False

    def enter(self, group: str) -> None:
        """Let one request pass and count it.

        The circuit is looked at first and last: another call may have opened it
        meanwhile.

        :raises WaitError: it is too early; the cause is "rate", "circuit" (the rate,
            told by Spotify), "quota", "premium" or "budget:" with the budget's name.
        """
        now = self._now()
        developer = Developer.objects.get(pk=self._developer_id)
        self._check_circuit(developer, now=now)
        self._check_budget(developer, group, now=now)
        slot = bucket.take(developer, now=now, haste=self._haste)
        if slot > now:
            raise WaitError(slot, "rate")
        self._go_first(developer, now=now)
        usage.count_call(
            developer_id=self._developer_id,
            account_id=self._account_id,
            group=group,
            now=now,
        )
        developer.refresh_from_db()
        self._check_circuit(developer, now=now)
        if self._in_one_go:
            self._haste = Haste.AT_ONCE

    def leave(self, group: str, error: SpotifyError | None) -> None:
        """Take note of how the request ended.

        :raises WaitError: Spotify asked to wait, or refuses the whole app.
        """
        now, was_probe, self._is_probe = self._now(), self._is_probe, False
        if isinstance(error, RateLimitedError | PremiumRequiredError):
            raise stop(
                self._developer_id, error, now=now, is_first=self._is_first
            ) from error
        if not was_probe:
            return
        if isinstance(error, UNDECIDED):
            circuit.release_probe(self._developer_id)
        else:
            circuit.close(self._developer_id, now=now)

    def _check_circuit(self, developer: Developer, *, now: datetime) -> None:
        until = developer.circuit_open_until
        if until is not None and until > now:
            raise self._closed(developer, until, now=now)
        if not self._is_probe and circuit.is_probed(developer, now=now):
            raise self._closed(developer, now + BEHIND_PROBE, now=now)

    def _check_budget(self, developer: Developer, group: str, *, now: datetime) -> None:
        name = usage.BUDGET_OF_GROUP.get(group)
        if name is None:
            return
        limit = whole = usage.limits(developer)[name]
        if not self._is_first:
            limit -= usage.reserve_of(developer, whole)
        by_hour = usage.calls_of_budget(developer, name, now=now)
        if sum(calls for _, calls in by_hour) < limit:
            return
        reason = usage.reason_of(name)
        number = self._place(developer, reason, now=now)
        opens_at = usage.room_at(by_hour, limit=limit, number=number, now=now)
        raise WaitError(
            opens_at,
            reason,
            f"The budget of {whole:,} calls in 24 hours ({name}) is used up"
            f"{_reserve_words(whole - limit)}; there is room again at "
            f"{opens_at:%Y-%m-%d %H:%M} UTC.",
        )

    def _place(self, developer: Developer, reason: str, *, now: datetime) -> int:
        if self._is_first:
            return 0
        return waiting.count_waiting(budget=developer.budget, reasons=[reason], now=now)

    def _go_first(self, developer: Developer, *, now: datetime) -> None:
        if developer.circuit_open_until is None:
            return
        self._is_probe = circuit.take_probe(developer, now=now)
        if not self._is_probe:
            raise self._closed(developer, now + BEHIND_PROBE, now=now)

    def _closed(
        self, developer: Developer, until: datetime, *, now: datetime
    ) -> WaitError:
        return closed_until(developer, until, now=now, is_first=self._is_first)


def stop(
    developer_id: int,
    error: RateLimitedError | PremiumRequiredError,
    *,
    now: datetime,
    is_first: bool = False,
) -> WaitError:
    """Open the developer's circuit; return the error that sends the run to wait."""
    if isinstance(error, PremiumRequiredError):
        cause = circuit.Cause.PREMIUM
    else:
        cause = circuit.Cause.QUOTA if error.is_quota else circuit.Cause.RATE
    until = circuit.trip(
        developer_id, cause=cause, retry_after_s=error.retry_after_s, now=now
    )
    developer = Developer.objects.get(pk=developer_id)
    return closed_until(developer, until, now=now, is_first=is_first)


def closed_until(
    developer: Developer, until: datetime, *, now: datetime, is_first: bool = False
) -> WaitError:
    """Return the wait for an open circuit.

    Whoever waits gets a time of its own, at the pace at which calls go on after it;
    what a person asked for goes first.
    """
    cause = circuit.Cause(developer.circuit_cause or circuit.Cause.RATE)
    number = 0
    if not is_first:
        number = waiting.count_waiting(
            budget=developer.budget, reasons=REASONS.values(), now=now
        )
    return WaitError(
        until + pace_of(developer, now=now).turn(number),
        REASONS[cause],
        f"Calls stand still until {until:%Y-%m-%d %H:%M} UTC: {circuit.words(cause)}.",
    )


def _reserve_words(reserve: int) -> str:
    return f" but for {reserve:,} kept for what people ask for" if reserve else ""
