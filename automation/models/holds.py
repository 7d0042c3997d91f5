"""Writing to Spotify held back."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class Hold(models.Model):
    """Writing to Spotify held back: stopped altogether, or in shadow mode.

    `lane` "" holds the whole fleet, "account:7" one account. A row that has ended
    stays: it is the record of who held what back, and from when until when.
    """

    class Kind(models.TextChoices):
        STOP = "stop", "Pushes stopped"
        SHADOW = "shadow", "Shadow mode"

    NOBODY: ClassVar = "Vibe Engine"
    """Who began what no person began."""

    kind = models.CharField(max_length=8, choices=Kind.choices)
    lane = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    began_at = models.DateTimeField()
    began_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        db_table = "holds"
        ordering = ("-began_at", "-pk")
        constraints = (
            models.CheckConstraint(
                name="holds_known_kind", condition=Q(kind__in=("stop", "shadow"))
            ),
            models.CheckConstraint(
                name="holds_stop_is_for_all", condition=~Q(kind="stop") | Q(lane="")
            ),
            models.UniqueConstraint(
                name="holds_one_open",
                fields=("kind", "lane"),
                condition=Q(ended_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} since {self.began_at:%Y-%m-%d %H:%M}"

    @property
    def began_by_words(self) -> str:
        """Who began it: a person's name, or the product itself."""
        return self.began_by.get_username() if self.began_by else self.NOBODY
