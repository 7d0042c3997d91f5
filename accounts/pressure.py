"""What a developer's rate, quota and budgets do to the work, for pages and strips."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Developer
from accounts.throttle import gate, usage
from accounts.throttle.pace import RAMP
from accounts.throttle.usage import Budget
from automation import causes, waiting
from automation.causes import Cause
from automation.waiting import Queue

CLOSED = tuple(gate.REASONS.values())


@dataclass(frozen=True)
class Wait:
    """Runs that wait for one and the same thing of a developer."""

    queue: Queue
    cause: Cause


@dataclass(frozen=True)
class Pressure:
    """One developer: budgets, whether and why calls rest, and what waits for it."""

    developer: Developer
    budgets: tuple[Budget, ...]
    closed_until: datetime | None
    closed_because: Cause | None
    quick_again_at: datetime | None
    waits: Sequence[Wait]

    @property
    def is_closed(self) -> bool:
        """Whether calls rest."""
        return self.closed_until is not None

    @property
    def may_be_asked(self) -> bool:
        """Whether a person may let Spotify be asked early.

        Not where Spotify itself named the time: whoever knocks then waits longer.
        """
        return self.is_closed and self.developer.circuit_cause == "premium"

    @property
    def waiting(self) -> int:
        """Runs that wait, whatever for."""
        return sum(wait.queue.count for wait in self.waits)


def pressures(
    developers: Sequence[Developer],
    calls: Mapping[int, Mapping[str, int]],
    *,
    now: datetime,
) -> dict[int, Pressure]:
    """Return each developer's pressure by key; one query, where anything can wait.

    `calls` are those of the last 24 hours, by developer and endpoint group.
    """
    budgets = {
        one.pk: usage.budgets_of(one, calls.get(one.pk, {})) for one in developers
    }
    pressed = any(_is_pressed(one, budgets[one.pk]) for one in developers)
    waits = _waits(now=now) if pressed else {}
    return {
        one.pk: Pressure(
            developer=one,
            budgets=budgets[one.pk],
            closed_until=closed_until(one, now=now),
            closed_because=closed_because(one, now=now),
            quick_again_at=_quick_again_at(one, now=now),
            waits=waits.get(one.budget, ()),
        )
        for one in developers
    }


def _is_pressed(developer: Developer, budgets: Sequence[Budget]) -> bool:
    """Whether anything can wait: after a pause, or with a budget half used up."""
    has_rested = developer.circuit_open_until or developer.circuit_closed_at
    return bool(has_rested) or any(2 * one.used >= one.for_routine for one in budgets)


def _waits(*, now: datetime) -> dict[str, list[Wait]]:
    waits: defaultdict[str, list[Wait]] = defaultdict(list)
    reasons = [usage.reason_of(name) for name in usage.BUDGETS]
    for queue in waiting.queues(reasons=[*CLOSED, *reasons], now=now):
        cause = causes.cause_of(queue.reason)
        if cause is not None:
            waits[queue.budget].append(Wait(queue, cause))
    return waits


def closed_until(developer: Developer, *, now: datetime) -> datetime | None:
    """Return until when a developer's calls rest, None if they do not."""
    until = developer.circuit_open_until
    return until if until is not None and until > now else None


def closed_because(developer: Developer, *, now: datetime) -> Cause | None:
    """Return why a developer's calls rest, None if they do not."""
    if closed_until(developer, now=now) is None:
        return None
    reasons = {str(cause): reason for cause, reason in gate.REASONS.items()}
    return causes.cause_of(reasons.get(developer.circuit_cause, "circuit"))


def _quick_again_at(developer: Developer, *, now: datetime) -> datetime | None:
    """Return when the ramp after a pause ends, None if there is none."""
    closed_at = developer.circuit_closed_at
    if closed_at is None or not closed_at <= now < closed_at + RAMP:
        return None
    return closed_at + RAMP
