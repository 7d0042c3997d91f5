"""Words that make groups of playlists."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse


class Label(models.Model):
    """A word that playlists carry, to find and to treat them as a group.

    `folded_name` is the name whatever its case, on every database alike: no two
    labels differ by case alone.
    """

    name = models.CharField(max_length=64)
    folded_name = models.CharField(max_length=192, unique=True, editable=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "labels"
        ordering = ("folded_name",)
        constraints = (
            models.CheckConstraint(name="labels_name_given", condition=~Q(name="")),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep `folded_name` in step with the name."""
        self.folded_name = self.name.casefold()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("playlists:label", args=[self.pk])
