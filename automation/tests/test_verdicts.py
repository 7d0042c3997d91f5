"""How slots went: judged once each, and three failures in a row pause."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from automation import ledger, registry, schedules, verdicts
from automation.models import Run, Schedule, ScheduleSlot
from automation.registry import Job
from automation.tests.conftest import echo
from automation.tests.factories import make_spec, make_working_run
from automation.tests.timetables import make_interval
from vibe_engine.errors import BlockedError
from vibe_engine.testing.clock import MovableClock

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Verdict = ScheduleSlot.Verdict
Ending = Callable[[Run], None]


@pytest.fixture
def schedule(kinds: Callable[[str, Job], None], clock: MovableClock) -> Schedule:
    """A schedule of every five minutes, from noon on."""
    kinds("tests.echo", echo)
    clock.set(NOON)
    return make_interval(5, anchor=NOON)


@pytest.fixture
def paused() -> Iterator[list[str]]:
    """The names of the schedules whose pause was told, in order."""
    names: list[str] = []

    def listen(*, schedule: Schedule, now: datetime) -> None:
        names.append(schedule.task.name)

    registry.on(verdicts.PAUSED, listen)
    yield names
    registry._listeners[verdicts.PAUSED].remove(listen)


def well(run: Run) -> None:
    ledger.finish(run)


def badly(run: Run) -> None:
    ledger.fail(run, "The account is gone.")


def cancelled(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(state=Run.State.PLANNED, lease_token=None)
    ledger.cancel([run.pk], now=NOON)


def opening(*ends: Ending) -> Ending:
    """End a run well that has opened a bulk, whose children end like this."""

    def end(run: Run) -> None:
        bulk = make_bulk(ends)
        ledger.finish(run, {verdicts.OPENED_RUNS: [bulk.pk]})

    return end


def make_bulk(ends: Sequence[Ending]) -> Run:
    children = [make_spec() for _ in ends]
    now = NOON + timedelta(minutes=1)
    bulk = ledger.open_bulk(kind="tests.bulk", title="All", children=children, now=now)
    for child, end in zip(bulk.children.order_by("pk"), ends, strict=True):
        run = ledger.claim(child.pk, worker="test")
        assert run is not None
        end(run)
    return bulk


def blocked(run: Run) -> None:
    ledger.block(run, BlockedError("needs_reauth", "The consent is gone."))


def waits(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(state=Run.State.PLANNED, lease_token=None)


class Timetable:
    """Lets the slots of a schedule come one after the other."""

    def __init__(self, clock: MovableClock) -> None:
        self.clock, self.number = clock, 0

    def slot(self, end: Ending) -> str:
        """Open the next slot, end its run like this, judge; return the verdict."""
        self.number += 1
        now = NOON + self.number * timedelta(minutes=5)
        self.clock.set(now + timedelta(seconds=1))
        (opened,) = schedules.open_due_slots(now=now)
        run = ledger.claim(opened.pk, worker="test")
        assert run is not None
        end(run)
        verdicts.judge_ended(now=now)
        return ScheduleSlot.objects.get(run=opened).verdict


@pytest.fixture
def time(clock: MovableClock) -> Timetable:
    return Timetable(clock)


class TestVerdict:
    @pytest.mark.parametrize(
        ("end", "verdict"),
        [
            (well, Verdict.WELL),
            (badly, Verdict.FAILED),
            (cancelled, Verdict.NONE),
            (opening(well, well, badly), Verdict.WELL),
            (opening(well, badly), Verdict.WELL),
            (opening(well, badly, badly), Verdict.FAILED),
            (opening(badly, blocked, cancelled), Verdict.FAILED),
            (opening(blocked, cancelled), Verdict.NONE),
            (opening(badly, waits), Verdict.OPEN),
        ],
    )
    def test_is_that_of_the_run_or_of_most_that_it_opened(
        self, schedule: Schedule, time: Timetable, end: Ending, verdict: str
    ) -> None:
        assert time.slot(end) == verdict

    def test_is_none_where_nothing_was_opened(
        self, schedule: Schedule, time: Timetable
    ) -> None:
        def idle(run: Run) -> None:
            ledger.finish(run, {verdicts.OPENED_RUNS: []})

        time.slot(badly)
        assert time.slot(idle) == Verdict.NONE
        schedule.refresh_from_db()
        assert schedule.failures == 1

    def test_goes_by_a_single_run_as_well(
        self, schedule: Schedule, time: Timetable
    ) -> None:
        def end(run: Run) -> None:
            child = make_working_run()
            ledger.fail(child, "No track may be drawn.")
            ledger.finish(run, {verdicts.OPENED_RUNS: [child.pk]})

        assert time.slot(end) == Verdict.FAILED

    def test_is_given_once(self, schedule: Schedule, time: Timetable) -> None:
        time.slot(badly)
        for _ in range(5):
            verdicts.judge_ended(now=NOON)
        schedule.refresh_from_db()
        assert schedule.failures == 1

    def test_comes_when_the_last_child_has_ended(
        self, schedule: Schedule, time: Timetable
    ) -> None:
        assert time.slot(opening(badly, waits)) == Verdict.OPEN
        waiting = Run.objects.get(state=Run.State.PLANNED)
        ledger.cancel([waiting.pk], now=NOON)
        verdicts.judge_ended(now=NOON)
        assert ScheduleSlot.objects.get().verdict == Verdict.FAILED

    def test_costs_one_query_while_nothing_has_ended(
        self,
        schedule: Schedule,
        time: Timetable,
        django_assert_max_num_queries: Any,
    ) -> None:
        with django_assert_max_num_queries(1):
            verdicts.judge_ended(now=NOON)


class TestPause:
    def test_comes_with_the_third_failure_in_a_row(
        self, schedule: Schedule, time: Timetable, paused: list[str]
    ) -> None:
        for end in (badly, badly, well, badly, badly):
            time.slot(end)
        assert paused == []
        time.slot(badly)
        assert paused == [schedule.task.name]
        schedule.refresh_from_db()
        assert schedule.failures == verdicts.FAILURES
        assert schedule.paused_reason == (
            "Failed three times running. The account is gone."
        )
        assert schedule.task.enabled
        assert not schedule.is_on

    def test_opens_no_slot(self, schedule: Schedule, time: Timetable) -> None:
        for _ in range(3):
            time.slot(badly)
        later = NOON + timedelta(hours=1)
        assert schedules.open_due_slots(now=later) == []

    def test_keeps_a_long_error_to_the_length_of_the_field(
        self, schedule: Schedule, time: Timetable
    ) -> None:
        for _ in range(3):
            time.slot(lambda run: ledger.fail(run, "é" * 500))
        schedule.refresh_from_db()
        assert len(schedule.paused_reason) == 200

    def test_is_told_once_however_many_fail_after_it(
        self, schedule: Schedule, time: Timetable, paused: list[str]
    ) -> None:
        for _ in range(3):
            time.slot(badly)
        late = make_working_run()
        ledger.fail(late, "Late.")
        ScheduleSlot.objects.create(
            schedule=schedule,
            slot=NOON + timedelta(hours=1),
            outcome="opened",
            run=late,
            opened_at=NOON,
        )
        verdicts.judge_ended(now=NOON)
        assert paused == [schedule.task.name]

    @pytest.mark.parametrize("end", [schedules.toggle, schedules.resume])
    def test_ends_by_one_button_and_begins_to_count_anew(
        self, schedule: Schedule, time: Timetable, end: Callable[..., bool]
    ) -> None:
        for _ in range(3):
            time.slot(badly)
        schedule.refresh_from_db()
        resumed_at = NOON + timedelta(minutes=16)
        assert end(schedule, now=resumed_at)
        schedule.refresh_from_db()
        assert schedule.is_on
        assert (schedule.failures, schedule.paused_reason) == (0, "")
        assert schedules.open_due_slots(now=resumed_at) == []
        later = resumed_at + timedelta(minutes=5)
        assert len(schedules.open_due_slots(now=later)) == 1

    def test_leaves_out_what_was_opened_before_an_edit(
        self, schedule: Schedule, time: Timetable
    ) -> None:
        time.slot(badly)
        time.slot(badly)
        opened = opening(badly, waits)
        time.slot(opened)
        schedules.start_anew(schedule, now=NOON + timedelta(minutes=16))
        Run.objects.filter(state=Run.State.PLANNED).update(
            state=Run.State.FAILED, finished_at=NOON
        )
        verdicts.judge_ended(now=NOON)
        schedule.refresh_from_db()
        assert (schedule.failures, schedule.paused_reason) == (0, "")

    def test_is_over_for_good_when_nobody_paused_it(self, schedule: Schedule) -> None:
        assert not schedules.resume(schedule, now=NOON)
        schedule.task.refresh_from_db()
        assert schedule.task.enabled
