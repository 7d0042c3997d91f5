"""Credited artists."""

from typing import Self

from django.db import models
from django.urls import reverse

from library.searching import holding, seen_to_hold


class ArtistQuerySet(models.QuerySet["Artist"]):
    def matching(self, text: str, *, is_common: bool = False) -> Self:
        """Artists with a text in their name; `is_common`: many have it."""
        return self.filter((seen_to_hold if is_common else holding)(text, "name"))


class Artist(models.Model):
    """A credited artist."""

    spotify_id = models.CharField(max_length=22, unique=True)
    name = models.CharField(max_length=500, blank=True)

    objects = ArtistQuerySet.as_manager()

    class Meta:
        db_table = "artists"
        indexes = (models.Index(name="artists_name", fields=("name", "id")),)

    def __str__(self) -> str:
        return self.name or "Unnamed artist"

    def get_absolute_url(self) -> str:
        """Address of the artist's page."""
        return reverse("library:artist", args=[self.pk])
