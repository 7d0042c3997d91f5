"""The admin of the engine room: nothing runs but the house's own work."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from automation import registry, schedules
from automation.models import Run, Schedule
from automation.tests.factories import make_run
from vibe_engine import clock

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

LIST = "admin:django_celery_beat_periodictask_changelist"
ADD = "admin:django_celery_beat_periodictask_add"
CHANGE = "admin:django_celery_beat_periodictask_change"
DELETE = "admin:django_celery_beat_periodictask_delete"


@pytest.fixture
def interval() -> IntervalSchedule:
    return IntervalSchedule.objects.create(every=10, period="minutes")


@pytest.fixture
def default(db: None) -> Schedule:
    """A schedule that the code owns."""
    schedules.ensure_defaults(now=clock.now() - timedelta(days=1))
    return Schedule.objects.get(kind="playlists.reshuffle_due")


SCOPE = "meaning-0-playlists-reshuffle_some"
GRAIN = "meaning-0-metrics-snapshot-grain"


def form(interval: IntervalSchedule | None, /, **changes: Any) -> dict[str, Any]:
    """Return what the page for a new schedule posts."""
    return {
        "name": "Mine at ten",
        "enabled": "on",
        "description": "",
        "interval": interval.pk if interval else "",
        "crontab": "",
        "meaning-TOTAL_FORMS": "1",
        "meaning-INITIAL_FORMS": "0",
        "meaning-0-kind": "playlists.reshuffle_some",
        f"{SCOPE}-scope": "due",
        "meaning-0-policy": "once",
        "meaning-0-grace_s": "3600",
    } | changes


def form_of(schedule: Schedule, **changes: Any) -> dict[str, Any]:
    """Return what the page of a schedule posts."""
    task = schedule.task
    existing = {
        "name": task.name,
        "meaning-INITIAL_FORMS": "1",
        "meaning-0-task": task.pk,
        "meaning-0-id": schedule.pk,
        "meaning-0-kind": schedule.kind,
    }
    return form(task.interval, **existing | changes)


def what_is_wrong(answer: Any) -> str:
    """Return every message of a form that was refused."""
    context = answer.context
    errors = [context["adminform"].form.errors, context["errors"]]
    for inline in context["inline_admin_formsets"]:
        errors += inline.formset.errors
    return str(errors)


class TestNewSchedule:
    def test_belongs_to_staff_and_only_wakes_the_engine(
        self, staff: Client, interval: IntervalSchedule
    ) -> None:
        before = clock.now()
        answer = staff.post(reverse(ADD), form(interval))
        assert answer.status_code == 302
        schedule = Schedule.objects.get()
        assert schedule.kind == "playlists.reshuffle_some"
        assert schedule.arguments == {}
        assert schedule.owner == Schedule.Owner.STAFF
        assert schedule.effective_from >= before
        assert schedule.task.task == schedules.FIRE

    def test_opens_runs_when_its_time_has_come(
        self, staff: Client, interval: IntervalSchedule
    ) -> None:
        staff.post(reverse(ADD), form(interval))
        (run,) = schedules.open_due_slots(now=clock.now() + timedelta(minutes=11))
        assert run.title == "Mine at ten"

    def test_takes_no_task_arguments_queue_or_headers(
        self, staff: Client, interval: IntervalSchedule
    ) -> None:
        smuggled = {
            "task": "os.system",
            "regtask": "automation.tasks.work",
            "args": "[1]",
            "kwargs": '{"a": 1}',
            "queue": "elsewhere",
            "exchange": "e",
            "routing_key": "r",
            "headers": '{"h": 1}',
            "one_off": "on",
        }
        staff.post(reverse(ADD), form(interval, **smuggled))
        task = PeriodicTask.objects.get()
        assert task.task == schedules.FIRE
        assert (task.args, task.kwargs, task.one_off) == ("[]", "{}", False)
        assert not any((task.queue, task.exchange, task.routing_key))
        assert task.headers == "{}"

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"meaning-0-kind": "os.system"}, "not one of the available"),
            ({"meaning-0-kind": "playlists.empty"}, "not one of the available"),
            ({"meaning-0-kind": "playlists.create"}, "not one of the available"),
            ({"meaning-0-kind": ""}, "required"),
            ({f"{SCOPE}-scope": ""}, "required"),
            ({f"{SCOPE}-scope": "all"}, "not one of the available"),
            ({f"{SCOPE}-scope": "account"}, "Choose an account."),
            ({f"{SCOPE}-scope": "label"}, "Choose a group."),
            ({f"{SCOPE}-scope": "playlists"}, "Choose playlists."),
            (
                {f"{SCOPE}-scope": "account", f"{SCOPE}-account": "7"},
                "not one of the available",
            ),
            ({f"{SCOPE}-scope": "playlists", f"{SCOPE}-playlists": "x"}, "no playlist"),
            (
                {f"{SCOPE}-scope": "playlists", f"{SCOPE}-playlists": "a\x00"},
                "Null characters",
            ),
            (
                {"meaning-0-kind": "metrics.snapshot", GRAIN: "yearly"},
                "not one of the available",
            ),
            ({"meaning-0-policy": "always"}, "not one of the available"),
            ({"interval": ""}, "either an interval or a crontab"),
            ({"meaning-TOTAL_FORMS": "0"}, "at least 1"),
            ({"name": ""}, "required"),
        ],
    )
    def test_is_refused_with_the_reason(
        self,
        staff: Client,
        interval: IntervalSchedule,
        changes: dict[str, str],
        said: str,
    ) -> None:
        answer = staff.post(reverse(ADD), form(interval, **changes))
        assert answer.status_code == 200
        assert said in what_is_wrong(answer) or said in answer.content.decode()
        assert not PeriodicTask.objects.exists()

    def test_has_one_time_and_not_two(
        self, staff: Client, interval: IntervalSchedule
    ) -> None:
        crontab = CrontabSchedule.objects.create(minute="0", hour="6")
        answer = staff.post(reverse(ADD), form(interval, crontab=crontab.pk))
        said = what_is_wrong(answer)
        assert "either an interval or a crontab" in said
        assert "solar" not in said

    def test_stores_the_arguments_of_its_own_work_alone(
        self, staff: Client, interval: IntervalSchedule
    ) -> None:
        kind = {"meaning-0-kind": "metrics.snapshot", GRAIN: "daily"}
        staff.post(reverse(ADD), form(interval, **kind))
        assert Schedule.objects.get().arguments == {"grain": "daily"}

    def test_takes_no_free_arguments(
        self, staff: Client, interval: IntervalSchedule
    ) -> None:
        free = {"meaning-0-arguments": '{"playlists": [1]}', f"{SCOPE}-more": "1"}
        staff.post(reverse(ADD), form(interval, **free))
        assert Schedule.objects.get().arguments == {}

    def test_shows_the_fields_of_every_kind_without_a_script(
        self, staff: Client
    ) -> None:
        page = staff.get(reverse(ADD)).content.decode()
        assert f'name="{SCOPE}-account"' in page
        assert f'name="{GRAIN}"' in page
        assert "arguments for-playlists-reshuffle_some" in page
        assert "hidden" not in page.partition("arguments for-metrics-snapshot")[0][-60:]

    def test_may_stand_for_whatever_the_code_schedules_itself(self) -> None:
        kinds = {default.kind for default in schedules.DEFAULTS}
        assert kinds <= set(registry.schedulable())

    def test_never_stands_for_work_on_one_thing(self) -> None:
        dangerous = {"playlists.empty", "playlists.unfollow", "playlists.create"}
        assert dangerous <= set(registry.names())
        assert not dangerous & set(registry.schedulable())


class TestEdit:
    def test_begins_with_what_is_stored_and_keeps_it(
        self, staff: Client, default: Schedule
    ) -> None:
        daily = Schedule.objects.get(arguments={"grain": "daily"})
        page = reverse(CHANGE, args=[daily.task_id])
        shown = staff.get(page).content.decode()
        assert '<option value="daily" selected>' in shown
        crontab = {"interval": "", "crontab": daily.task.crontab_id, GRAIN: "daily"}
        assert staff.post(page, form_of(daily, **crontab)).status_code == 302
        daily.refresh_from_db()
        assert daily.arguments == {"grain": "daily"}

    def test_forgets_the_arguments_of_other_work(
        self, staff: Client, default: Schedule
    ) -> None:
        Schedule.objects.filter(pk=default.pk).update(arguments={"playlists": [1]})
        page = reverse(CHANGE, args=[default.task_id])
        staff.post(page, form_of(default))
        default.refresh_from_db()
        assert default.arguments == {"playlists": [1]}
        change = {"meaning-0-kind": "accounts.watch_consents"}
        staff.post(page, form_of(default, **change))
        default.refresh_from_db()
        assert default.arguments == {}

    def test_lets_slots_count_anew_and_ends_a_pause(
        self, staff: Client, default: Schedule
    ) -> None:
        Schedule.objects.update(failures=3, paused_reason="failed three times")
        before = clock.now()
        page = reverse(CHANGE, args=[default.task_id])
        assert staff.post(page, form_of(default)).status_code == 302
        default.refresh_from_db()
        assert default.effective_from >= before
        assert (default.failures, default.paused_reason) == (0, "")
        assert default.owner == Schedule.Owner.CODE

    def test_switches_off(self, staff: Client, default: Schedule) -> None:
        page = reverse(CHANGE, args=[default.task_id])
        staff.post(page, form_of(default, enabled=""))
        default.task.refresh_from_db()
        assert default.task.enabled is False

    def test_leaves_other_schedules_alone(
        self, staff: Client, default: Schedule
    ) -> None:
        others = Schedule.objects.exclude(pk=default.pk)
        before: list[datetime] = list(others.values_list("effective_from", flat=True))
        staff.post(reverse(CHANGE, args=[default.task_id]), form_of(default))
        assert list(others.values_list("effective_from", flat=True)) == before


class TestWhatMayNotBeDone:
    def test_deleting_what_the_code_owns(
        self, staff: Client, default: Schedule
    ) -> None:
        page = reverse(DELETE, args=[default.task_id])
        assert staff.post(page, {"post": "yes"}).status_code == 403
        assert PeriodicTask.objects.filter(pk=default.task_id).exists()

    def test_running_tasks_from_the_list(
        self, staff: Client, default: Schedule
    ) -> None:
        for action in ("run_tasks", "toggle_tasks", "delete_selected"):
            body = {"action": action, "_selected_action": [default.task_id]}
            staff.post(reverse(LIST), body)
        assert not Run.objects.exists()
        default.task.refresh_from_db()
        assert default.task.enabled

    @pytest.mark.parametrize("action", ["change", "delete"])
    def test_moving_times_that_schedules_share(
        self, staff: Client, default: Schedule, action: str
    ) -> None:
        name = f"admin:django_celery_beat_intervalschedule_{action}"
        page = reverse(name, args=[default.task.interval_id])
        answer = staff.post(page, {"every": "1", "period": "seconds", "post": "yes"})
        assert answer.status_code == 403
        assert PeriodicTask.objects.count() == len(schedules.DEFAULTS)

    @pytest.mark.parametrize("model", ["run", "setting", "schedule", "scheduleslot"])
    def test_adding_rows_that_the_product_writes(
        self, staff: Client, model: str
    ) -> None:
        page = reverse(f"admin:automation_{model}_add")
        assert staff.get(page).status_code == 403

    def test_changing_a_run(self, staff: Client) -> None:
        run = make_run()
        page = reverse("admin:automation_run_change", args=[run.pk])
        shown = staff.get(page)
        assert b'name="_save"' not in shown.content
        assert staff.post(page, {"state": "done"}).status_code == 403

    def test_seeing_tasks_that_are_not_ours(
        self, staff: Client, interval: IntervalSchedule
    ) -> None:
        PeriodicTask.objects.create(
            name="celery.backend_cleanup",
            task="celery.backend_cleanup",
            interval=interval,
        )
        assert b"backend_cleanup" not in staff.get(reverse(LIST)).content
