"""Metric snapshots in the admin, to read."""

from django.contrib import admin

from metrics.models import MetricSnapshot, Standing
from vibe_engine.readonly import ReadOnlyAdmin


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
