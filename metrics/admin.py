"""Metric snapshots in the admin, to read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from metrics.models import MetricSnapshot


@admin.register(MetricSnapshot)
class MetricSnapshotAdmin(admin.ModelAdmin[MetricSnapshot]):
    """Figures over time; nobody edits them."""

    list_display = ("slot", "grain", "taken_at")
    list_filter = ("grain",)
    date_hierarchy = "slot"
    readonly_fields = ("grain", "slot", "taken_at", "figures")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
