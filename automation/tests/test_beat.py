"""Whatever beat does, and however schedules are edited: the policy's runs per slot."""

import os
import random
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from subprocess import Popen
from threading import Barrier

import pytest
from django.db import connections
from django.db.models import F
from django_celery_beat.models import IntervalSchedule

from automation import registry, schedules, slots, staffing, tasks
from automation.models import Run, Schedule, ScheduleSlot
from automation.registry import Job, Kind
from automation.tests.conftest import echo
from automation.tests.timetables import (
    make_crontab,
    make_interval,
    make_schedule,
    make_task,
)
from automation.timing import Timing
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.live import LiveProcesses, wait_until

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
ROUND = 5 * MINUTE
EDITS = 100
CELERY = ("celery", "-A", "vibe_engine", "beat", "--loglevel", "WARNING")
IS_STORM = os.environ.get("VIBE_STORM") == "1"


class Killed(BaseException):
    """A process ends in the middle of its work."""


@pytest.fixture(autouse=True)
def _echo(kinds: Callable[[str, Job], None]) -> None:
    kinds("tests.echo", echo)


def end_runs() -> None:
    """Let everything end that is open, as workers do between two slots."""
    Run.objects.active().update(state=Run.State.DONE, finished_at=NOON)


def opened(schedule: Schedule) -> list[datetime]:
    """Return the slots that got a run, in order; each run belongs to one slot."""
    rows = schedule.slots.exclude(run=None).order_by("slot")
    runs = list(rows.values_list("run", flat=True))
    assert len(set(runs)) == len(runs) == Run.objects.count()
    return list(rows.values_list("slot", flat=True))


def fire(clock: MovableClock, moment: datetime) -> None:
    """Let beat's message arrive at a worker at this moment."""
    clock.set(moment)
    tasks.fire("any")


@pytest.mark.django_db
@pytest.mark.portable
class TestBeat:
    def test_twice_runs_every_slot_once(self, clock: MovableClock) -> None:
        schedule = make_interval(1, anchor=NOON)
        for number in range(1, 31):
            for late_s in (0.2, 0.4, 3.1, 3.3):
                fire(clock, NOON + number * MINUTE + timedelta(seconds=late_s))
            end_runs()
        assert opened(schedule) == [NOON + n * MINUTE for n in range(1, 31)]

    def test_killed_a_hundred_times_runs_every_slot_once(
        self, clock: MovableClock, kinds: Callable[..., None]
    ) -> None:
        lives = iter(([False] * 4 + [True]) * 25)

        def wanted(now: datetime) -> bool:
            if not next(lives):
                raise Killed
            return True

        registry._kinds["tests.mortal"] = Kind("tests.mortal", echo, wanted)
        schedule = make_interval(5, anchor=NOON, kind="tests.mortal")
        deaths = 0
        for number in range(1, 26):
            for again in range(6):
                try:
                    fire(clock, NOON + number * ROUND + again * 20 * SECOND)
                except Killed:
                    deaths += 1
            end_runs()
        assert deaths == 100
        assert opened(schedule) == [NOON + number * ROUND for number in range(1, 26)]
        assert ScheduleSlot.objects.count() == 25

    def test_firing_all_over_again_after_each_death_opens_nothing_new(
        self, clock: MovableClock
    ) -> None:
        schedule = make_interval(5, anchor=NOON)
        for number in range(100):
            moment = NOON + ROUND + number * timedelta(seconds=7)
            fire(clock, moment)
            fire(clock, moment)
            end_runs()
        passed = (99 * 7) // 300
        assert opened(schedule) == [NOON + (1 + n) * ROUND for n in range(passed + 1)]

    def test_firing_early_opens_nothing(self, clock: MovableClock) -> None:
        fields = {"minute": "0", "hour": "15"}
        schedule = make_crontab(anchor=NOON, fields=fields)
        for minutes in range(0, 180, 5):
            fire(clock, NOON + minutes * MINUTE)
        assert opened(schedule) == []
        fire(clock, NOON + 3 * HOUR)
        assert opened(schedule) == [NOON + 3 * HOUR]

    @pytest.mark.parametrize(
        ("policy", "late_h", "runs"),
        [
            ("once", 0, 1),
            ("once", 1, 1),
            ("once", 5.9, 1),
            ("once", 6.1, 0),
            ("once", 20, 0),
            ("skip", 0, 1),
            ("skip", 1, 0),
            ("skip", 20, 0),
        ],
    )
    def test_off_for_26_hours_runs_what_the_policy_says(
        self, clock: MovableClock, policy: str, late_h: float, runs: int
    ) -> None:
        slot = NOON + 15 * HOUR
        back_at = slot + late_h * HOUR
        schedule = make_crontab(
            anchor=back_at - 26 * HOUR,
            fields={"minute": "0", "hour": "3"},
            policy=policy,
        )
        for _ in range(3):
            fire(clock, back_at)
            end_runs()
        assert opened(schedule) == [slot] * runs
        fire(clock, slot + 24 * HOUR)
        assert opened(schedule)[-1] == slot + 24 * HOUR

    def test_off_for_26_hours_makes_up_for_one_of_many_slots(
        self, clock: MovableClock
    ) -> None:
        schedule = make_interval(5, anchor=NOON)
        for again in range(3):
            fire(clock, NOON + 26 * HOUR + again * MINUTE)
        assert opened(schedule) == [NOON + 26 * HOUR]


class Editor:
    """Edits a schedule at random, and knows which slots it is to have."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.schedule = staffing.save_schedule(self.wish(), now=NOON)
        self.expected: list[datetime] = []

    def wish(self) -> staffing.Wish:
        """Return another name and other times; five minutes are the finest."""
        minute = str(self.random.randrange(0, 60, 5))
        zone = self.random.choice(["UTC", "Europe/Berlin", "Asia/Kathmandu"])
        timing = self.random.choice(
            [
                Timing(every=self.random.randrange(1, 4) * 5, period="minutes"),
                Timing(crontab=("*/5", "*", "*", "*", "*"), zone=zone),
                Timing(crontab=(minute, "*", "*", "*", "*"), zone=zone),
                Timing(crontab=(minute, "13,19,2", "*", "*", "*"), zone=zone),
            ]
        )
        name = f"Edited {self.random.random()}"
        return staffing.Wish(name, {}, timing, Schedule.Policy.ONCE, 6 * 3600)

    def edit(self, *, now: datetime) -> None:
        """Change the schedule, or switch it off or on."""
        self.schedule = Schedule.objects.select_related("task").get()
        if not self.schedule.is_on or self.random.random() < 0.15:
            schedules.toggle(self.schedule, now=now)
        else:
            staffing.save_schedule(self.wish(), now=now, schedule=self.schedule)

    def expect(self, *, until: datetime) -> None:
        """Note the slots that come before the next edit, as the schedule stands."""
        schedule = Schedule.objects.select_related("task").get()
        anchor = schedule.effective_from
        if schedule.is_on:
            self.expected += slots.slots_between(
                schedule.task, after=anchor, until=until, anchor=anchor
            )


@pytest.mark.django_db
@pytest.mark.portable
class TestEdits:
    @pytest.mark.parametrize("seed", range(20 if IS_STORM else 1))
    def test_a_hundred_run_no_slot_twice_early_or_for_times_before_them(
        self, seed: int
    ) -> None:
        editor, now = Editor(seed), NOON
        for _ in range(EDITS):
            for _ in range(editor.random.randrange(1, 5)):
                now += ROUND
                for beat in range(2):
                    schedules.open_due_slots(now=now + beat * SECOND)
                end_runs()
            editor.expect(until=now + SECOND)
            editor.edit(now=now + 2 * SECOND)
        schedule = Schedule.objects.get()
        assert len(editor.expected) > EDITS / 3
        assert opened(schedule) == editor.expected
        assert not schedule.slots.filter(opened_at__lt=F("slot")).exists()


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_four_workers_open_one_run(self) -> None:
        schedule = make_interval(5, anchor=NOON)
        barrier = Barrier(4)

        def work(_: int) -> int:
            barrier.wait()
            try:
                return len(schedules.open_due_slots(now=NOON + ROUND))
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(work, range(4))) == 1
        assert opened(schedule) == [NOON + ROUND]


class TestRealBeats:
    """Processes of beat, killed without warning; a hundred with VIBE_STORM=1."""

    def test_that_are_killed_or_doubled_run_every_slot_once(
        self, live: LiveProcesses
    ) -> None:
        live.celery_worker()
        anchor = datetime.now(UTC)
        interval = IntervalSchedule.objects.create(every=1, period="seconds")
        task = make_task(interval=interval)
        schedule = make_schedule(task, anchor=anchor, kind="accounts.watch_consents")
        for _ in range(100 if IS_STORM else 2):
            beat = start_beat(live)
            wait_for_slots(schedule, more=1)
            beat.kill()
            beat.wait()
        beats = [start_beat(live), start_beat(live)]
        wait_for_slots(schedule, more=3)
        for beat in beats:
            beat.kill()
            beat.wait()
        rows = list(schedule.slots.order_by("slot"))
        assert len({row.slot for row in rows}) == len(rows)
        assert all(row.opened_at >= row.slot for row in rows)
        assert all((row.slot - anchor) % SECOND == timedelta() for row in rows)
        own = [row.run_id for row in rows if row.outcome == ScheduleSlot.Outcome.OPENED]
        assert len(set(own)) == len(own) == Run.objects.count()


def start_beat(live: LiveProcesses) -> Popen[bytes]:
    return live.start([sys.executable, "-m", *CELERY, "--pidfile="])


def wait_for_slots(schedule: Schedule, *, more: int) -> None:
    """Wait until so many further slots are opened."""
    wanted = schedule.slots.count() + more
    wait_until(lambda: schedule.slots.count() >= wanted, what="further slots")
