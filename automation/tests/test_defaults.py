"""Code owns the default schedules, and deploys again without undoing anything."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from automation import schedules
from automation.models import Schedule
from automation.models.schedules import ScheduleDefault
from automation.schedules import Default
from automation.tests.timetables import make_interval

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(days=3)
NAMES = [default.name for default in schedules.DEFAULTS]


def deploy(now: datetime = LATER) -> list[str]:
    return schedules.ensure_defaults(now=now)


def named(name: str) -> Schedule:
    return Schedule.objects.select_related("task").get(task__name=name)


def everything() -> list[object]:
    """Return all that staff could have changed."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (PeriodicTask, Schedule, IntervalSchedule, CrontabSchedule)
    ]


def switch_off(schedule: Schedule) -> None:
    schedules.toggle(schedule, now=NOON)


def rename(schedule: Schedule) -> None:
    PeriodicTask.objects.filter(pk=schedule.task_id).update(name="Mine now")


def change_arguments(schedule: Schedule) -> None:
    Schedule.objects.filter(pk=schedule.pk).update(arguments={"grain": "daily"})


def change_work(schedule: Schedule) -> None:
    Schedule.objects.filter(pk=schedule.pk).update(kind="accounts.watch_consents")


def change_policy(schedule: Schedule) -> None:
    Schedule.objects.filter(pk=schedule.pk).update(policy="skip", grace_s=60)


def change_time(schedule: Schedule) -> None:
    crontab = CrontabSchedule.objects.create(hour="4", timezone="Europe/Berlin")
    task = PeriodicTask.objects.filter(pk=schedule.task_id)
    task.update(interval=None, crontab=crontab)


def pause(schedule: Schedule) -> None:
    Schedule.objects.filter(pk=schedule.pk).update(failures=3, paused_reason="Failed.")


def delete(schedule: Schedule) -> None:
    schedule.task.delete()


EDITS = (
    switch_off,
    rename,
    change_arguments,
    change_work,
    change_policy,
    change_time,
    pause,
    delete,
)
Edit = Callable[[Schedule], None]


class TestFirstDeployment:
    def test_creates_every_default_once(self) -> None:
        assert deploy(NOON) == NAMES
        assert deploy() == []
        assert sorted(NAMES) == sorted(
            PeriodicTask.objects.values_list("name", flat=True)
        )

    def test_makes_them_as_they_are_declared(self) -> None:
        deploy(NOON)
        for default in schedules.DEFAULTS:
            stands = schedules.as_it_stands(named(default.name))
            assert stands == default.declaration()


class TestDeployAgain:
    @pytest.mark.parametrize("edit", EDITS)
    @pytest.mark.parametrize("name", ["Due reshuffles", "Hourly figures"])
    def test_leaves_what_staff_did(self, edit: Edit, name: str) -> None:
        deploy(NOON)
        edit(named(name))
        before = everything()
        for _ in range(3):
            assert deploy() == []
        assert everything() == before

    def test_leaves_what_staff_added(self) -> None:
        deploy(NOON)
        make_interval(7, anchor=NOON, kind="playlists.reshuffle_some")
        before = everything()
        deploy()
        assert everything() == before

    def test_takes_over_what_stood_before_defaults_were_written_down(self) -> None:
        deploy(NOON)
        rename(named("Inventory"))
        change_time(named("Due reshuffles"))
        ScheduleDefault.objects.all().delete()
        before = everything()
        assert deploy() == []
        assert everything() == before

    def test_leaves_the_name_to_staff_who_had_it_first(self) -> None:
        mine = make_interval(7, anchor=NOON)
        PeriodicTask.objects.filter(pk=mine.task_id).update(name="Inventory")
        assert deploy() == [name for name in NAMES if name != "Inventory"]
        assert named("Inventory").owner == Schedule.Owner.STAFF

    def test_brings_back_what_was_deleted_when_asked_to(self) -> None:
        deploy(NOON)
        delete(named("Inventory"))
        out = StringIO()
        call_command("ensure_schedules", stdout=out)
        assert out.getvalue() == ""
        call_command("ensure_schedules", "--even-deleted", stdout=out)
        assert out.getvalue() == "Schedule “Inventory” created.\n"


class TestNewVersion:
    @pytest.fixture(autouse=True)
    def _present(self) -> None:
        deploy(NOON)

    def release(self, monkeypatch: pytest.MonkeyPatch, *declared: Default) -> list[str]:
        """Deploy a version that declares these among the others."""
        names = {default.name for default in declared}
        others = [one for one in schedules.DEFAULTS if one.name not in names]
        monkeypatch.setattr(schedules, "DEFAULTS", (*others, *declared))
        return deploy()

    def test_brings_a_new_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        new = Default("Sweep", "accounts.watch_consents", every_s=60)
        assert self.release(monkeypatch, new) == ["Sweep"]

    def test_moves_one_that_nobody_has_edited(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        moved = Default("Inventory", "playlists.check_inventory", every_s=7200)
        schedules.toggle(named("Inventory"), now=NOON)
        assert self.release(monkeypatch, moved) == []
        inventory = named("Inventory")
        assert schedules.as_it_stands(inventory) == moved.declaration()
        assert inventory.effective_from == LATER
        assert not inventory.task.enabled

    @pytest.mark.parametrize(
        "edit", [change_arguments, change_work, change_policy, change_time]
    )
    def test_leaves_an_edited_one_where_it_is(
        self, monkeypatch: pytest.MonkeyPatch, edit: Edit
    ) -> None:
        edit(named("Due reshuffles"))
        before = everything()
        moved = Default("Due reshuffles", "playlists.reshuffle_due", every_s=600)
        interval = IntervalSchedule.objects.filter(every=600)
        self.release(monkeypatch, moved)
        assert not interval.exists()
        assert everything() == before
