"""Receipts of what was erased."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from automation.models import Run


class ErasureReceipt(models.Model):
    """What was erased with an account, when and at whose wish; nothing personal.

    The Spotify ids are kept as salted scrypt hashes (`services.receipts`), so that
    whoever knows an id can prove that this is its receipt. `counts` are rows deleted
    by table, `on_spotify` says what was left there.
    """

    code = models.CharField(max_length=12, unique=True)
    account_number = models.PositiveBigIntegerField(unique=True)
    salt = models.CharField(max_length=32)
    id_hashes = models.JSONField(default=list)
    unfollow = models.BooleanField(default=False)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=150)
    finished_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    on_spotify = models.JSONField(default=dict, blank=True)
    run = models.ForeignKey(
        Run, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        db_table = "erasure_receipts"
        ordering = ("-asked_at", "-pk")
        constraints = (
            models.CheckConstraint(
                name="erasure_receipts_finished_later",
                condition=Q(finished_at__isnull=True)
                | Q(finished_at__gte=F("asked_at")),
            ),
        )

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("accounts:receipt", args=[self.code])

    @property
    def is_finished(self) -> bool:
        """Whether nothing of the account is left."""
        return self.finished_at is not None

    @property
    def rows(self) -> int:
        """How many rows were deleted in all."""
        return sum(self.counts.values())
