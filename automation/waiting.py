"""Runs that wait for something which many of them share: a rate, a quota, a pause.

Such runs are planned with a due time and the cause of the wait as their reason; their
`budget` says whose rate and quota they use.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber

from automation import doorbell
from automation.ledger.lease import FREE
from automation.models import Run

MOST_NAMED = 5


@dataclass(frozen=True)
class Queue:
    """How many runs wait for one reason, when the first goes on, and some of them."""

    budget: str
    reason: str
    count: int
    first_at: datetime
    runs: Sequence[Run]

    @property
    def others(self) -> int:
        """Runs that are counted and not named."""
        return self.count - len(self.runs)


def goes_first(run: Run) -> bool:
    """Whether a person asked for this very run, rather than a schedule or a bulk."""
    return run.priority >= Run.Priority.INTERACTIVE and not run.as_child.exists()


def count_waiting(*, budget: str, reasons: Collection[str], now: datetime) -> int:
    """Return how many runs of a budget wait for one of these reasons."""
    return _waiting(reasons).filter(budget=budget, due_at__gt=now).count()


def queues(*, reasons: Collection[str], now: datetime) -> list[Queue]:
    """Return what waits, by budget and reason; one query."""
    same = [F("budget"), F("reason")]
    runs = _waiting(reasons).filter(due_at__gt=now)
    numbered = runs.annotate(
        place=Window(RowNumber(), partition_by=same, order_by=[F("due_at"), F("pk")]),
        total=Window(Count("pk"), partition_by=same),
    )
    named: defaultdict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in numbered.filter(place__lte=MOST_NAMED).order_by("due_at", "pk"):
        named[run.budget, run.reason].append(run)
    return [
        Queue(budget, reason, first[0].total, first[0].due_at, first)  # type: ignore[attr-defined]
        for (budget, reason), first in sorted(named.items())
    ]


def counts(*, budgets: Collection[str], now: datetime) -> dict[str, int]:
    """Return how many runs of each budget wait for a due time, whatever for."""
    if not budgets:
        return {}
    waiting = Run.objects.filter(
        state=Run.State.PLANNED, is_bulk=False, budget__in=budgets, due_at__gt=now
    )
    rows = waiting.order_by().values_list("budget").annotate(Count("pk"))
    return dict(rows)


def bring_forward(
    *,
    now: datetime,
    reasons: Collection[str],
    budget: str | None = None,
    lanes: Collection[str] | None = None,
) -> int:
    """Let waiting runs try again now, since what they wait for may be over.

    Of one budget, of some lanes, or both; returns how many that were.
    """
    waiting = _waiting(reasons).filter(due_at__gt=now)
    if budget is not None:
        waiting = waiting.filter(budget=budget)
    if lanes is not None:
        waiting = waiting.filter(lane__in=lanes)
    with transaction.atomic():
        ids = list(waiting.order_by("due_at").values_list("pk", flat=True))
        same = Run.objects.filter(pk__in=ids, state=Run.State.PLANNED)
        count = same.update(due_at=now, **FREE)
        transaction.on_commit(partial(doorbell.ring, ids))
    return count


def let_go_on(
    *,
    now: datetime,
    run_ids: Collection[int] | None = None,
    subject: str | None = None,
    reasons: Collection[str] | None = None,
) -> int:
    """Plan blocked runs again, since a person has mended what blocked them.

    Chosen by their ids, subject and reason, as far as given; returns how many.
    """
    blocked = Run.objects.filter(state=Run.State.BLOCKED, is_bulk=False)
    if run_ids is not None:
        blocked = blocked.filter(pk__in=run_ids)
    if subject is not None:
        blocked = blocked.filter(subject=subject)
    if reasons is not None:
        blocked = blocked.filter(reason__in=reasons)
    with transaction.atomic():
        ids = list(blocked.values_list("pk", flat=True))
        same = Run.objects.filter(pk__in=ids, state=Run.State.BLOCKED)
        freed = same.update(
            state=Run.State.PLANNED, due_at=now, reason="", error="", **FREE
        )
        transaction.on_commit(partial(doorbell.ring, ids))
    return freed


def _waiting(reasons: Collection[str]) -> QuerySet[Run]:
    return Run.objects.filter(
        state=Run.State.PLANNED, is_bulk=False, reason__in=reasons
    ).order_by()
