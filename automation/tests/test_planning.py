"""Schedules of staff's own: the page that makes, edits, previews and deletes them."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from automation import registry, schedules, staffing
from automation.models import Run, Schedule
from automation.tests.timetables import make_crontab, make_interval
from automation.timing import TimingForm, initial_of
from vibe_engine import clock

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

ADD = "/automation/schedules/add/"
HTMX = {"HX-Request": "true", "HX-Target": "schedule-preview"}
HOSTILE = '<script>alert(1)</script>"'


def form(**changes: Any) -> dict[str, Any]:
    """Return what the page posts: Mondays and Fridays at six in Berlin."""
    return {
        "name": "Weekend",
        "scope": "due",
        "how": "weekly",
        "weekdays": ["1", "5"],
        "at": "06:00",
        "unit": "hours",
        "zone": "Europe/Berlin",
        "policy": "once",
        "grace_h": "3",
    } | changes


def make_own(**changes: object) -> Schedule:
    """Save a schedule of staff's own, every ten minutes."""
    values: dict[str, object] = {"kind": staffing.KIND} | changes
    return make_interval(10, anchor=clock.now(), **values)


def edit(schedule: Schedule) -> str:
    return reverse("automation:edit_schedule", args=[schedule.pk])


class TestAdd:
    def test_makes_a_schedule_of_staffs_own(self, staff: Client) -> None:
        before = clock.now()
        answer = staff.post(ADD, form())
        assert answer.headers["Location"] == "/automation/"
        schedule = Schedule.objects.get()
        assert (schedule.owner, schedule.kind) == ("staff", staffing.KIND)
        assert (schedule.policy, schedule.grace_s) == ("once", 3 * 3600)
        assert schedule.effective_from >= before
        task = schedule.task
        assert (task.name, task.task) == ("Weekend", schedules.FIRE)
        row = task.crontab
        assert (row.minute, row.hour, row.day_of_week) == ("0", "6", "1,5")
        assert str(row.timezone) == "Europe/Berlin"

    def test_stands_for_a_kind_that_may_be_scheduled(self) -> None:
        assert staffing.KIND in registry.schedulable()
        assert registry.get(staffing.KIND).arguments is not None

    def test_opens_a_run_when_its_time_has_come(self, staff: Client) -> None:
        staff.post(ADD, form(how="every", every="2", unit="hours"))
        (run,) = schedules.open_due_slots(now=clock.now() + timedelta(hours=2.01))
        assert (run.title, run.arguments) == ("Weekend", {})

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"name": ""}, "required"),
            ({"name": "a\x00"}, "Null characters"),
            ({"name": "x" * 201}, "at most 200"),
            ({"scope": "everything"}, "not one of the available"),
            ({"scope": "account"}, "Choose an account."),
            ({"how": "often"}, "not one of the available"),
            ({"at": ""}, "required"),
            ({"at": "25:00"}, "valid time"),
            ({"weekdays": ["8"]}, "not one of the available"),
            ({"zone": "Mars/Olympus"}, "not one of the available"),
            ({"how": "every", "every": ""}, "required"),
            ({"how": "every", "every": "0"}, "greater than or equal to 1"),
            ({"how": "every", "every": "400", "unit": "days"}, "at most a year"),
            ({"how": "every", "every": "5", "unit": "seconds"}, "not one of the"),
            ({"how": "crontab", "crontab": ""}, "required"),
            ({"how": "crontab", "crontab": "0 6 * *"}, "Five fields"),
            ({"how": "crontab", "crontab": "0 25 * * *"}, "cannot be read"),
            ({"how": "crontab", "crontab": "0 6 * * fun"}, "cannot be read"),
            ({"how": "crontab", "crontab": "*/0 * * * *"}, "cannot be read"),
            ({"policy": "always"}, "not one of the available"),
            ({"grace_h": "49"}, "less than or equal to 48"),
        ],
    )
    def test_is_refused_with_the_reason_and_keeps_what_was_typed(
        self, staff: Client, changes: dict[str, Any], said: str
    ) -> None:
        answer = staff.post(ADD, form(name="Kept") | changes)
        assert answer.status_code == 422
        page = answer.content.decode()
        assert said in page
        assert changes.get("name") == "" or "value=" in page
        assert not PeriodicTask.objects.exists()

    def test_takes_no_notice_of_fields_that_were_not_chosen(
        self, staff: Client
    ) -> None:
        unseen = {"every": "x", "crontab": "y", "account": "7", "playlists": "z"}
        assert staff.post(ADD, form(**unseen)).status_code == 302
        assert Schedule.objects.get().arguments == {}

    def test_says_that_the_name_is_taken(self, staff: Client) -> None:
        schedule = make_own()
        answer = staff.post(ADD, form(name=schedule.task.name))
        assert answer.status_code == 422
        assert "Another schedule has this name already." in answer.content.decode()
        assert PeriodicTask.objects.count() == 1

    def test_shares_the_rows_that_say_when_and_changes_none(
        self, staff: Client
    ) -> None:
        staff.post(ADD, form())
        staff.post(ADD, form(name="Second"))
        assert CrontabSchedule.objects.filter(hour="6").count() == 1


class TestPreview:
    def test_shows_five_times_in_the_persons_zone_and_saves_nothing(
        self, staff: Client, staff_user: User
    ) -> None:
        page = staff.post(ADD, form(preview="1")).content.decode()
        assert "Runs every Monday and Friday at 06:00 Europe/Berlin." in page
        assert page.count("<time ") >= 10
        assert "<h1>New schedule</h1>" in page
        assert not PeriodicTask.objects.exists()

    def test_answers_htmx_with_the_preview_alone(self, staff: Client) -> None:
        answer = staff.post(ADD, form(name=""), headers=HTMX)
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "<h1>" not in page
        assert "Runs every Monday and Friday" in page
        assert not PeriodicTask.objects.exists()

    def test_tells_what_the_clocks_do(self, staff: Client) -> None:
        typed = form(zone="UTC", how="crontab", crontab="30 2 * * *")
        with_zone = {"HX-Request": "true", "HX-Target": "schedule-preview"}
        staff.cookies["timezone"] = "Europe/Berlin"
        page = staff.post(ADD, typed, headers=with_zone).content.decode()
        assert "Runs every day at 02:30 UTC" in page

    def test_waits_until_it_is_clear_when(self, staff: Client) -> None:
        page = staff.post(ADD, form(at="2"), headers=HTMX).content.decode()
        assert "as soon as it is clear when" in page

    def test_says_that_a_date_never_comes(self, staff: Client) -> None:
        typed = form(how="crontab", crontab="0 0 31 2 *")
        page = staff.post(ADD, typed, headers=HTMX).content.decode()
        assert "does not come within the next year" in page


class TestEdit:
    def test_begins_with_what_stands(self, staff: Client) -> None:
        staff.post(ADD, form())
        page = staff.get(edit(Schedule.objects.get())).content.decode()
        assert 'value="Weekend"' in page
        assert 'value="06:00"' in page
        assert '<option value="Europe/Berlin" selected>' in page

    def test_changes_it_and_lets_its_slots_count_anew(self, staff: Client) -> None:
        schedule = make_own(failures=3, paused_reason="Failed.")
        before = clock.now()
        staff.post(edit(schedule), form(how="every", every="5", unit="days"))
        schedule = Schedule.objects.select_related("task__interval").get()
        assert (schedule.task.interval.every, schedule.task.crontab) == (5, None)
        assert schedule.effective_from >= before
        assert (schedule.failures, schedule.paused_reason) == (0, "")

    def test_leads_to_the_admin_for_what_code_owns(self, staff: Client) -> None:
        schedules.ensure_defaults(now=clock.now())
        schedule = Schedule.objects.earliest("pk")
        answer = staff.get(edit(schedule))
        assert "/admin/django_celery_beat/periodictask/" in answer.headers["Location"]
        staff.post(edit(schedule), form())
        assert not PeriodicTask.objects.filter(name="Weekend").exists()

    @pytest.mark.parametrize(
        "fields",
        [
            {"minute": "0", "hour": "6", "day_of_week": "1,5"},
            {"minute": "5", "hour": "0"},
            {"minute": "*/5", "hour": "6-9", "day_of_month": "1"},
        ],
    )
    def test_shows_every_time_as_it_would_be_saved(
        self, fields: dict[str, str]
    ) -> None:
        schedule = make_crontab("Asia/Tokyo", anchor=clock.now(), fields=fields)
        form = TimingForm({**initial_of(schedule), "unit": "hours"})
        assert form.is_valid(), form.errors
        row = form.timing().as_task().crontab
        stands = schedule.task.crontab
        for name in ("minute", "hour", "day_of_month", "day_of_week", "timezone"):
            assert str(getattr(row, name)) == str(getattr(stands, name))


class TestDelete:
    def test_asks_first_and_leaves_its_runs(self, staff: Client) -> None:
        schedule = make_own()
        run = schedules.open_now(schedule, now=clock.now())
        page = reverse("automation:delete_schedule", args=[schedule.pk])
        assert "Delete the schedule" in staff.get(page).content.decode()
        assert Schedule.objects.exists()
        staff.post(page)
        assert not PeriodicTask.objects.exists()
        assert Run.objects.filter(pk=run.pk).exists()

    def test_is_refused_for_what_code_owns(self, staff: Client) -> None:
        schedules.ensure_defaults(now=clock.now())
        schedule = Schedule.objects.earliest("pk")
        page = reverse("automation:delete_schedule", args=[schedule.pk])
        answer = staff.post(page, follow=True)
        assert "comes with Vibe Engine" in answer.content.decode()
        assert Schedule.objects.filter(pk=schedule.pk).exists()


class TestAutomationPage:
    def test_shows_what_it_is_about_and_the_last_result(self, staff: Client) -> None:
        staff.post(ADD, form(name=HOSTILE, how="every", every="1", unit="hours"))
        later = clock.now() + timedelta(hours=1.01)
        (run,) = schedules.open_due_slots(now=later)
        Run.objects.filter(pk=run.pk).update(
            state=Run.State.DONE,
            started_at=later,
            finished_at=later + timedelta(seconds=112),
        )
        page = staff.get("/automation/").content.decode()
        assert "everything due" in page
        assert "every hour" in page
        assert "took 1 min 52 s" in page
        assert "<script>alert" not in page

    def test_switches_once_by_a_double_click(self, operator: Client) -> None:
        schedule = make_own()
        assert 'name="on" value="0"' in operator.get("/automation/").content.decode()
        page = reverse("automation:toggle_schedule", args=[schedule.pk])
        for wanted in ("0", "0", "1", "1"):
            operator.post(page, {"on": wanted})
            schedule.task.refresh_from_db()
            assert schedule.task.enabled == (wanted == "1")

    def test_lets_a_paused_one_go_on_by_one_button(
        self, operator: Client, viewer: Client
    ) -> None:
        schedule = make_own(failures=3, paused_reason="Failed three times running.")
        page = operator.get("/automation/").content.decode()
        assert page.count("Failed three times running.") == 2
        resume = reverse("automation:resume_schedule", args=[schedule.pk])
        assert page.count(f'action="{resume}"') == 2
        assert viewer.post(resume).status_code == 403
        for _ in range(2):
            operator.post(resume)
        schedule.refresh_from_db()
        assert schedule.is_on
        assert "has paused itself" not in operator.get("/").content.decode()

    def test_costs_no_more_for_more_schedules(self, staff: Client) -> None:
        make_own(arguments={"account": 1})
        few = self.count_queries(staff)
        for _ in range(5):
            make_own(arguments={"account": 1})
        assert self.count_queries(staff) == few

    def count_queries(self, client: Client) -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/automation/")
        return len(queries)
