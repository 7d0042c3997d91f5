"""Runs to read, settings to read, schedules to edit."""

from typing import Any

import django_celery_beat.admin  # noqa: F401  (registers what is replaced below)
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from automation import schedules, typedforms
from automation.arguments import ArgumentsForm
from automation.forms import kind_words
from automation.models import (
    Channel,
    Delivery,
    EngineLease,
    Hold,
    Installation,
    Notice,
    Pruning,
    Run,
    RunRequest,
    Schedule,
    ScheduleSlot,
    Setting,
    Submission,
    Telling,
)
from automation.models.schedules import ScheduleDefault
from vibe_engine import clock
from vibe_engine.readonly import ReadOnlyAdmin


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """The ledger, newest first."""

    list_display = (
        "id",
        "title",
        "kind",
        "state",
        "reason",
        "due_at",
        "attempts",
        "requested_by",
        "on_dashboard",
    )
    list_filter = ("state", "kind", "is_bulk", "reason")
    search_fields = ("title", "subject", "lane")
    list_select_related = ("requested_by",)
    exclude = ("lease_token", "idempotency_key")

    @admin.display(description="Dashboard")
    def on_dashboard(self, run: Run) -> str:
        return format_html('<a href="{}">open</a>', run.get_absolute_url())


@admin.register(RunRequest)
class RunRequestAdmin(ReadOnlyAdmin):
    """Which bulk asked for which run."""

    list_display = ("id", "bulk", "run")
    list_select_related = ("bulk", "run")
    raw_id_fields = ("bulk", "run")
    show_full_result_count = False


@admin.register(Submission)
class SubmissionAdmin(ReadOnlyAdmin):
    """Forms of the last days that opened a run, each known by its key."""

    list_display = ("key", "sent_at", "run", "location")
    list_select_related = ("run",)
    raw_id_fields = ("run",)
    show_full_result_count = False


@admin.register(Setting)
class SettingAdmin(ReadOnlyAdmin):
    """What was set on the settings page, where it is checked and can be changed."""

    list_display = ("key", "value", "updated_at", "updated_by")


@admin.register(EngineLease)
class EngineLeaseAdmin(ReadOnlyAdmin):
    """The leading engine's sign of life."""

    list_display = ("holder", "heartbeat_at", "lease_until", "broker_ok")


@admin.register(ScheduleSlot)
class ScheduleSlotAdmin(ReadOnlyAdmin):
    """What became of each slot."""

    list_display = ("slot", "schedule", "outcome", "verdict", "run")
    list_filter = ("outcome", "verdict", "schedule")
    list_select_related = ("schedule__task", "run")


@admin.register(Pruning)
class PruningAdmin(ReadOnlyAdmin):
    """What was deleted because of its age."""

    list_display = ("at", "table", "rows", "older_than", "run")
    list_filter = ("table",)
    list_select_related = ("run",)


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    """Who stopped pushes or switched shadow mode on, and until when."""

    list_display = ("began_at", "kind", "lane", "began_by", "ended_at", "ended_by")
    list_filter = ("kind",)
    list_select_related = ("began_by", "ended_by")


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """What needed a person, from when until when."""

    list_display = ("opened_at", "topic", "title", "since", "tell_from", "ended_at")
    list_filter = ("topic",)


@admin.register(Channel)
class ChannelAdmin(ReadOnlyAdmin):
    """Who is told; changed on the page of the notifications. Secrets are not shown."""

    list_display = ("name", "kind", "address", "topic_words", "is_on", "created_by")
    list_filter = ("kind", "is_on")
    list_select_related = ("created_by",)
    exclude = ("url_encrypted", "secret_encrypted")


class TellingInline(admin.TabularInline[Any, Any]):
    """The causes that a message tells of."""

    model = Telling
    fields = ("notice", "what")
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Messages, and what the receivers answered."""

    list_display = ("created_at", "channel", "what", "delivered_at", "answer", "run")
    list_filter = ("what", "channel")
    list_select_related = ("channel", "run")
    raw_id_fields = ("run",)
    inlines = (TellingInline,)


@admin.register(Installation)
class InstallationAdmin(ReadOnlyAdmin):
    """How this database is known again."""

    list_display = ("identity", "place", "beats")


@admin.register(ScheduleDefault)
class ScheduleDefaultAdmin(ReadOnlyAdmin):
    """What code has declared, so that a deployment never makes it twice."""

    list_display = ("name", "schedule")
    list_select_related = ("schedule__task",)


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    """What the periodic tasks stand for; they are edited there."""

    list_display = (
        "task",
        "kind",
        "owner",
        "policy",
        "is_on",
        "paused_reason",
        "next_slot",
        "edit",
    )
    list_filter = ("owner", "kind", "policy")
    list_select_related = ("task__crontab", "task__interval")

    @admin.display(description="On", boolean=True)
    def is_on(self, schedule: Schedule) -> bool:
        return schedule.is_on

    @admin.display(description="Next")
    def next_slot(self, schedule: Schedule) -> str:
        if not schedule.is_on:
            return "not while it is off"
        slots = schedules.next_slots(schedule, now=clock.now(), count=1)
        return f"{slots[0]:%Y-%m-%d %H:%M} UTC" if slots else "never"

    @admin.display(description="Edit")
    def edit(self, schedule: Schedule) -> str:
        page = "admin:django_celery_beat_periodictask_change"
        url = reverse(page, args=[schedule.task_id])
        return format_html('<a href="{}">edit</a>', url)


class ScheduleInline(admin.StackedInline[Schedule, PeriodicTask]):
    """The work of a periodic task, on its page."""

    model = Schedule
    readonly_fields = ("owner", "effective_from", "failures", "paused_reason")
    min_num = max_num = 1
    can_delete = False

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Show the fields of every kind's arguments; refuse a task without work."""
        form = typedforms.with_arguments()
        return super().get_formset(request, obj, form=form, validate_min=True, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Group the arguments by the kind of work that they are for."""
        fields = (*typedforms.ScheduleForm.Meta.fields, *self.readonly_fields)
        return [(None, {"fields": fields}), *map(_group, typedforms.typed_kinds())]


def _group(typed: tuple[str, type[ArgumentsForm]]) -> Any:
    kind, form = typed
    options = {
        "fields": typedforms.field_names(kind, form),
        "classes": ["arguments", f"for-{typedforms.slug(kind)}"],
        "description": "Counts where this work is chosen above.",
    }
    return kind_words(kind), options


class PeriodicTaskForm(forms.ModelForm[PeriodicTask]):
    """When something is done: every so often, or by a crontab."""

    def clean(self) -> dict[str, Any]:
        """Want one of the two."""
        data = super().clean() or {}
        given = [name for name in ("interval", "crontab") if data.get(name)]
        if len(given) != 1 and not self.errors:
            raise ValidationError("Choose either an interval or a crontab.")
        return data

    def validate_unique(self) -> None:
        """Say nothing a second time, in words about what is not offered here."""
        if not self.errors:
            super().validate_unique()


class PeriodicTaskAdmin(admin.ModelAdmin[PeriodicTask]):
    """Schedules: when and what, out of the house's own work.

    The stock page takes any task with any arguments, queue and headers, which is
    more than anybody should be able to run.
    """

    form = PeriodicTaskForm
    fields = ("name", "enabled", "description", "interval", "crontab")
    inlines = (ScheduleInline,)
    list_display = ("name", "enabled", "paused", "scheduler", "last_run_at")
    list_filter = ("enabled",)
    search_fields = ("name", "description")
    list_select_related = ("interval", "crontab", "meaning")
    actions = None

    class Media:
        js = ("js/schedule_admin.js",)

    @admin.display(description="Paused because")
    def paused(self, task: PeriodicTask) -> str:
        return getattr(getattr(task, "meaning", None), "paused_reason", "")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PeriodicTask]:
        return super().get_queryset(request).filter(task=schedules.FIRE)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep what the code owns: it is switched off instead."""
        meaning = getattr(obj, "meaning", None)
        if meaning is not None and meaning.owner == Schedule.Owner.CODE:
            return False
        return super().has_delete_permission(request, obj)

    def save_model(
        self,
        request: HttpRequest,
        obj: PeriodicTask,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        obj.task = schedules.FIRE
        super().save_model(request, obj, form, change)

    def save_related(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Let slots count from this edit on; what paused the schedule is over."""
        now = clock.now()
        for inline in formsets[0].forms:
            inline.instance.effective_from = now
        super().save_related(request, form, formsets, change)
        for schedule in Schedule.objects.filter(task=form.instance):
            schedules.start_anew(schedule, now=now)


class SharedTimesAdmin(admin.ModelAdmin[Any]):
    """Intervals and crontabs, which several schedules may share.

    Changing one would move them all, and deleting one would delete them all.
    """

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


STOCK = (
    PeriodicTask,
    IntervalSchedule,
    CrontabSchedule,
    SolarSchedule,
    ClockedSchedule,
)
admin.site.unregister(STOCK)
admin.site.register(PeriodicTask, PeriodicTaskAdmin)
admin.site.register([IntervalSchedule, CrontabSchedule], SharedTimesAdmin)
