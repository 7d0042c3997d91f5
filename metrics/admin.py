"""Metric snapshots in the admin, to read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from metrics.models import MetricSnapshot, Standing


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Figures that only the product itself writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(MetricSnapshot)
class MetricSnapshotAdmin(ReadOnlyAdmin):
    """Figures over time."""

    list_display = ("slot", "grain", "taken_at")
    list_filter = ("grain",)
    date_hierarchy = "slot"
    readonly_fields = ("grain", "slot", "taken_at", "figures")


@admin.register(Standing)
class StandingAdmin(ReadOnlyAdmin):
    """How the lists use the library, as last counted."""

    list_display = ("taken_at", "took_ms")
