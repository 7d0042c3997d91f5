"""Runtime settings, and what was deleted because of its age."""

from django.conf import settings
from django.db import models

from automation.models.runs import Run


class Setting(models.Model):
    """One runtime setting that overrides the environment and the default."""

    key = models.CharField(max_length=64, primary_key=True)
    value = models.JSONField()
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True
    )

    class Meta:
        db_table = "settings"
        ordering = ("key",)

    def __str__(self) -> str:
        return self.key


class Pruning(models.Model):
    """Rows of one table that a run deleted because of their age."""

    table = models.CharField(max_length=64)
    rows = models.PositiveIntegerField(default=0)
    older_than = models.DateTimeField()
    at = models.DateTimeField()
    run = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True)

    class Meta:
        db_table = "prunings"
        ordering = ("-at", "-pk")
        constraints = (
            models.UniqueConstraint(name="prunings_once", fields=("run", "table")),
        )

    def __str__(self) -> str:
        return f"{self.rows} of {self.table}"
