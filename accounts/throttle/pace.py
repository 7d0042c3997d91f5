"""How fast a developer's calls may go: at full rate, or slowly after a pause.

When a circuit has closed, calls begin at one a second and grow evenly for ten minutes
(RAMP_S) to the developer's own rate. Every trip in a row halves the beginning: a
burst right after a ban has brought the next one (SoulSync, issue 376).
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from accounts.models import Developer
from accounts.throttle.queueing import BURST_S

RAMP = timedelta(seconds=settings.TIMES["RAMP_S"])
FIRST_PER_S = 1.0
MOST_HALVINGS = 6
SET_BACK = timedelta(minutes=1)
"""A ramp that begins later than this from now is of a clock that was set back."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Calls a second: `first_per_s` at `began_at`, `full_per_s` when the ramp ends.

    Without `began_at` there is no ramp.
    """

    full_per_s: float
    first_per_s: float
    began_at: datetime | None = None

    def is_ramping(self, at: datetime) -> bool:
        """Whether the rate is still growing."""
        return self.began_at is not None and at < self.began_at + RAMP

    def burst_s(self, at: datetime) -> float:
        """Return how early a call may be: one call of the beginning during the ramp."""
        return min(BURST_S, 1 / self.first_per_s) if self.is_ramping(at) else BURST_S

    def interval_s(self, at: datetime) -> float:
        """Return the seconds between two calls."""
        if self.began_at is None or not self.is_ramping(at):
            return 1 / self.full_per_s
        share = max(0.0, (at - self.began_at) / RAMP)
        return 1 / (self.first_per_s + (self.full_per_s - self.first_per_s) * share)

    def turn(self, number: int) -> timedelta:
        """Return how long after the beginning the turn of call `number` comes.

        The first one is number 0. It is when the rate, summed up over the time,
        has made room for as many calls.
        """
        if self.began_at is None:
            return timedelta(seconds=number / self.full_per_s)
        first, ramp_s = self.first_per_s, RAMP.total_seconds()
        in_ramp = (first + self.full_per_s) / 2 * ramp_s
        if number >= in_ramp:
            return RAMP + timedelta(seconds=(number - in_ramp) / self.full_per_s)
        slope = (self.full_per_s - first) / ramp_s
        root = math.sqrt(first**2 + 2 * slope * number)
        return timedelta(seconds=2 * number / (first + root))


def pace_of(developer: Developer, *, now: datetime) -> Pace:
    """Return the pace of a developer's calls, or the one after its circuit."""
    full = developer.requests_per_s
    began_at = developer.circuit_open_until or developer.circuit_closed_at
    is_closed = developer.circuit_open_until is None
    if began_at is None or (is_closed and began_at > now + SET_BACK):
        return Pace(full, full)
    halvings = min(max(developer.circuit_trips - 1, 0), MOST_HALVINGS)
    return Pace(full, min(full, FIRST_PER_S) / 2**halvings, began_at)
