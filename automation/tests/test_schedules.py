"""Slots of schedules and their opening."""

from datetime import UTC, datetime, timedelta

import pytest
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from automation import registry, schedules
from automation import slots as slots_module
from automation.models import Run, Schedule, ScheduleSlot

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _echo(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = dict(registry._kinds)
    kinds["tests.echo"] = registry.Kind("tests.echo", lambda run: None)
    kinds["tests.idle"] = registry.Kind(
        "tests.idle", lambda run: None, lambda now: False
    )
    monkeypatch.setattr(registry, "_kinds", kinds)


def make_interval(minutes: int = 5, **changes: object) -> Schedule:
    interval = IntervalSchedule.objects.create(
        every=minutes, period=IntervalSchedule.MINUTES
    )
    return _schedule(interval=interval, **changes)


def make_crontab(zone: str = "UTC", **fields: str) -> Schedule:
    crontab = CrontabSchedule.objects.create(timezone=zone, **fields)
    return _schedule(crontab=crontab, effective_from=NOON - timedelta(days=400))


def _schedule(
    *, interval: object = None, crontab: object = None, **changes: object
) -> Schedule:
    task = PeriodicTask.objects.create(
        name=f"Test {PeriodicTask.objects.count()}",
        task=schedules.FIRE,
        interval=interval,
        crontab=crontab,
    )
    values = {"kind": "tests.echo", "effective_from": NOON} | changes
    return Schedule.objects.create(task=task, **values)


def slots(schedule: Schedule, after: datetime, until: datetime) -> list[datetime]:
    return slots_module.slots_between(
        schedule.task, after=after, until=until, anchor=schedule.effective_from
    )


class TestSlotsBetween:
    def test_counts_intervals_from_the_anchor(self) -> None:
        schedule = make_interval(5)
        found = slots(schedule, NOON, NOON + timedelta(minutes=16))
        assert [slot.minute for slot in found] == [5, 10, 15]

    def test_leaves_out_the_start_and_takes_in_the_end(self) -> None:
        schedule = make_interval(5)
        five = NOON + timedelta(minutes=5)
        assert slots(schedule, NOON, five) == [five]
        assert slots(schedule, five, five + timedelta(seconds=1)) == []

    def test_reads_a_crontab_in_its_own_zone(self) -> None:
        schedule = make_crontab("Europe/Berlin", minute="30", hour="9")
        found = slots(schedule, NOON, NOON + timedelta(days=1))
        assert found == [datetime(2026, 11, 23, 8, 30, tzinfo=UTC)]

    @pytest.mark.parametrize("hour", ["1", "2", "3"])
    @pytest.mark.parametrize("month", [3, 10])
    def test_a_daily_crontab_has_one_slot_a_day_over_the_clock_change(
        self, hour: str, month: int
    ) -> None:
        schedule = make_crontab("Europe/Berlin", minute="30", hour=hour)
        start = datetime(2026, month, 20, 12, tzinfo=UTC)
        found = slots(schedule, start, start + timedelta(days=12))
        assert len(found) == 12
        assert len(set(found)) == 12

    def test_knows_days_of_the_week(self) -> None:
        schedule = make_crontab(minute="0", hour="9", day_of_week="sun")
        found = slots(schedule, NOON, NOON + timedelta(days=15))
        assert [slot.date().isoformat() for slot in found] == [
            "2026-11-29",
            "2026-12-06",
        ]


class TestOpenDueSlots:
    def test_opens_a_slot_once_however_often_it_is_asked(self) -> None:
        make_interval(5)
        later = NOON + timedelta(minutes=5, seconds=3)
        assert len(schedules.open_due_slots(now=later)) == 1
        assert schedules.open_due_slots(now=later) == []
        assert Run.objects.count() == 1

    def test_runs_once_for_many_missed_slots(self) -> None:
        make_interval(5)
        schedules.open_due_slots(now=NOON + timedelta(hours=2))
        assert Run.objects.count() == 1

    def test_skips_a_slot_later_than_the_grace_time(self) -> None:
        make_interval(60 * 24, grace_s=3600)
        schedules.open_due_slots(now=NOON + timedelta(days=1, hours=2))
        assert not Run.objects.exists()
        assert ScheduleSlot.objects.get().outcome == ScheduleSlot.Outcome.SKIPPED

    def test_the_policy_skip_wants_punctuality(self) -> None:
        make_interval(60, policy=Schedule.Policy.SKIP)
        schedules.open_due_slots(now=NOON + timedelta(minutes=65))
        assert not Run.objects.exists()

    def test_joins_the_run_that_is_still_going(self) -> None:
        make_interval(5)
        schedules.open_due_slots(now=NOON + timedelta(minutes=5))
        schedules.open_due_slots(now=NOON + timedelta(minutes=10))
        assert Run.objects.count() == 1
        newest = ScheduleSlot.objects.first()
        assert newest is not None
        assert newest.outcome == ScheduleSlot.Outcome.JOINED

    def test_opens_nothing_when_nothing_is_to_be_done(self) -> None:
        make_interval(5, kind="tests.idle")
        schedules.open_due_slots(now=NOON + timedelta(minutes=5))
        assert not Run.objects.exists()

    def test_leaves_a_schedule_that_is_switched_off_and_does_not_catch_up(self) -> None:
        schedule = make_interval(5)
        schedules.toggle(schedule, now=NOON)
        assert schedules.open_due_slots(now=NOON + timedelta(minutes=20)) == []
        schedules.toggle(schedule, now=NOON + timedelta(minutes=20))
        assert schedules.open_due_slots(now=NOON + timedelta(minutes=21)) == []
        assert len(schedules.open_due_slots(now=NOON + timedelta(minutes=25))) == 1


class TestEnsureDefaults:
    def test_creates_what_is_missing_and_never_undoes_an_edit(self) -> None:
        schedules.ensure_defaults(now=NOON)
        task = PeriodicTask.objects.get(name="Due reshuffles")
        task.enabled = False
        task.save()
        assert schedules.ensure_defaults(now=NOON) == []
        task.refresh_from_db()
        assert not task.enabled
