"""Judging how slots went, and pausing a schedule whose slots keep failing.

A slot is judged once, when its run has ended and with it whatever that run opened.
Runs that were cancelled, and those that need a person, speak neither for a schedule
nor against it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, F, Max

from automation import registry
from automation.models import Run, RunRequest, Schedule, ScheduleSlot

FAILURES = 3
"""Slots in a row that fail before a schedule is paused."""
PAUSED = "schedule.paused"
"""The event; listeners get `schedule` and `now`."""
RESUMED = "schedule.resumed"
"""The event of a paused schedule that a person lets go on; the same details."""
OPENED_RUNS = "opened_runs"
"""Where a job's result names the runs that it opened, as a list of primary keys.

The slot of such a job goes as they go. A job without it speaks for itself.
"""

Verdict = ScheduleSlot.Verdict


@dataclass(frozen=True)
class Tally:
    """What became of the runs that a slot set going; `why` is one of their errors."""

    going: int = 0
    done: int = 0
    failed: int = 0
    why: str = ""

    def verdict(self) -> str:
        """Return what they say: more failed than went well, or not; or nothing yet."""
        if self.going:
            return Verdict.OPEN
        if self.failed > self.done:
            return Verdict.FAILED
        return Verdict.WELL if self.done else Verdict.NONE

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.going + other.going,
            self.done + other.done,
            self.failed + other.failed,
            self.why or other.why,
        )


def judge_ended(*, now: datetime) -> list[Schedule]:
    """Judge every slot whose work has ended, once; return what is paused by it."""
    slots = list(
        ScheduleSlot.objects.to_judge()
        .select_related("run", "schedule__task")
        .order_by("slot")
    )
    if not slots:
        return []
    opened = _tallies([pk for slot in slots for pk in _opened_runs(slot)])
    judged = (_judge(slot, _tally(slot, opened), now=now) for slot in slots)
    return [schedule for schedule in judged if schedule is not None]


def _opened_runs(slot: ScheduleSlot) -> list[int]:
    """Return the runs that the run of a slot says it has opened."""
    named = slot.run.result.get(OPENED_RUNS) if slot.run else None
    return [pk for pk in named if isinstance(pk, int)] if named else []


def _tally(slot: ScheduleSlot, opened: dict[int, Tally]) -> Tally:
    run = slot.run
    if run is None:
        return Tally()
    if run.state == Run.State.DONE and OPENED_RUNS in run.result:
        return sum((opened.get(pk, Tally()) for pk in _opened_runs(slot)), Tally())
    return _count(run.state, 1, run.error)


def _tallies(run_ids: Sequence[int]) -> dict[int, Tally]:
    """Return how each of these runs went; a bulk goes as its children go."""
    if not run_ids:
        return {}
    single = Run.objects.filter(pk__in=run_ids, is_bulk=False)
    tallies = {run.pk: _count(run.state, 1, run.error) for run in single}
    children = (
        RunRequest.objects.filter(bulk__in=run_ids)
        .values_list("bulk_id", "run__state")
        .annotate(Count("pk"), Max("run__error"))
        .order_by("bulk_id", "run__state")
    )
    for bulk, state, number, error in children:
        tallies[bulk] = tallies.get(bulk, Tally()) + _count(state, number, error)
    return tallies


def _count(state: str, number: int, error: str) -> Tally:
    if state == Run.State.FAILED:
        return Tally(failed=number, why=error)
    if state == Run.State.DONE:
        return Tally(done=number)
    is_going = state in (Run.State.PLANNED, Run.State.WORKING)
    return Tally(going=number) if is_going else Tally()


@transaction.atomic
def _judge(slot: ScheduleSlot, tally: Tally, *, now: datetime) -> Schedule | None:
    """Write a verdict down and count it; return the schedule if that pauses it.

    A slot from before an edit says nothing about the schedule as it is now.
    """
    verdict = tally.verdict()
    unjudged = ScheduleSlot.objects.filter(pk=slot.pk, verdict=Verdict.OPEN)
    if verdict == Verdict.OPEN or not unjudged.update(verdict=verdict):
        return None
    present = Schedule.objects.filter(
        pk=slot.schedule_id, effective_from__lt=slot.slot, paused_reason=""
    )
    if verdict == Verdict.WELL:
        present.exclude(failures=0).update(failures=0)
    if verdict != Verdict.FAILED or not present.update(failures=F("failures") + 1):
        return None
    return _pause(slot.schedule, tally, now=now)


def _pause(schedule: Schedule, tally: Tally, *, now: datetime) -> Schedule | None:
    """Pause a schedule that has failed often enough, and tell who listens."""
    reason = f"Failed three times running. {tally.why}".strip()
    failing = Schedule.objects.filter(pk=schedule.pk, failures__gte=FAILURES)
    if not failing.update(paused_reason=reason[:200]):
        return None
    schedule.refresh_from_db(fields=["failures", "paused_reason"])
    registry.emit(PAUSED, schedule=schedule, now=now)
    return schedule
