"""The sign of life of the engine, and of the installation."""

from django.db import models
from django.db.models import Q


class EngineLease(models.Model):
    """The one row that says which engine leads, and that it lives."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    holder = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField()
    heartbeat_at = models.DateTimeField()
    broker_ok = models.BooleanField(default=False)
    facts = models.JSONField(default=dict, blank=True)

    class Meta:
        db_table = "engine_lease"
        constraints = (
            models.CheckConstraint(name="engine_lease_one_row", condition=Q(id=1)),
        )

    def __str__(self) -> str:
        return self.holder


class Installation(models.Model):
    """The one row by which a database that came out of a backup is recognised.

    `place` is where the database lives, in the database's own words; `beats` only
    ever grows, and a file beside the database remembers how far it had come.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    identity = models.UUIDField()
    place = models.CharField(max_length=200, blank=True)
    beats = models.PositiveBigIntegerField(default=0)

    class Meta:
        db_table = "installation"
        constraints = (
            models.CheckConstraint(name="installation_one_row", condition=Q(id=1)),
        )

    def __str__(self) -> str:
        return str(self.identity)
