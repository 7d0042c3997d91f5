"""Runs to read, settings to read, schedules to edit."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html

from automation import registry, schedules
from automation.models import EngineLease, Run, Schedule, ScheduleSlot, Setting
from vibe_engine import clock


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Rows that only the product itself writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


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
    show_full_result_count = False
    exclude = ("lease_token", "idempotency_key")

    @admin.display(description="Dashboard")
    def on_dashboard(self, run: Run) -> str:
        return format_html('<a href="{}">open</a>', run.get_absolute_url())


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

    list_display = ("slot", "schedule", "outcome", "run")
    list_filter = ("outcome", "schedule")
    list_select_related = ("schedule__task", "run")


@admin.register(Schedule)
class ScheduleAdmin(admin.ModelAdmin[Schedule]):
    """Which work a periodic task stands for; slots count from the last edit on."""

    list_display = ("task", "kind", "owner", "policy", "is_on", "next_slot")
    list_filter = ("owner", "kind", "policy")
    list_select_related = ("task__crontab", "task__interval")
    readonly_fields = ("owner", "effective_from", "failures")

    @admin.display(description="On", boolean=True)
    def is_on(self, schedule: Schedule) -> bool:
        return bool(schedule.task.enabled)

    @admin.display(description="Next")
    def next_slot(self, schedule: Schedule) -> str:
        slots = schedules.next_slots(schedule, now=clock.now(), count=1)
        return f"{slots[0]:%Y-%m-%d %H:%M} UTC" if slots else "never"

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Offer the kinds that this version knows, and no free text."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "kind" and field is not None:
            return forms.ChoiceField(
                choices=[(name, name) for name in registry.names()]
            )
        return field

    def save_model(
        self,
        request: HttpRequest,
        obj: Schedule,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        obj.effective_from = clock.now()
        super().save_model(request, obj, form, change)
