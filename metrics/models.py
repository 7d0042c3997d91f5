"""Aggregated figures over time."""

from django.db import models
from django.db.models import Q


class MetricSnapshot(models.Model):
    """The fleet's figures at one moment; one row a slot."""

    class Grain(models.TextChoices):
        HOURLY = "hourly", "Hourly"
        DAILY = "daily", "Daily"

    grain = models.CharField(max_length=8, choices=Grain.choices)
    slot = models.DateTimeField()
    taken_at = models.DateTimeField()
    figures = models.JSONField(default=dict)

    class Meta:
        db_table = "metric_snapshots"
        ordering = ("-slot",)
        constraints = (
            models.UniqueConstraint(
                name="metric_snapshots_once", fields=("grain", "slot")
            ),
            models.CheckConstraint(
                name="metric_snapshots_known_grain",
                condition=Q(grain__in=("hourly", "daily")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.grain} {self.slot:%Y-%m-%d %H:%M}"


class Standing(models.Model):
    """The one row that says how the lists use the library, counted once an hour.

    `took_ms` is how long the counting took: while that is short, pages count anew.
    The energies of the newest lists stand beside it.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    taken_at = models.DateTimeField()
    took_ms = models.PositiveIntegerField()
    figures = models.JSONField(default=dict)

    class Meta:
        db_table = "metric_standing"
        constraints = (
            models.CheckConstraint(name="metric_standing_one_row", condition=Q(id=1)),
        )

    def __str__(self) -> str:
        return f"{self.taken_at:%Y-%m-%d %H:%M}"
