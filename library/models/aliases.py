"""Which artists are the same person or band."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from library.models.artists import Artist


class Alias(models.Model):
    """Says that an artist is another one under a second name.

    `main` names the group and is an alias of nobody, so groups have no chains
    (`services.aliasing` sees to it). Caps, separation and choices of rules take all
    artists of a group for one; what Spotify credits stays as it is.
    """

    artist = models.OneToOneField(Artist, models.PROTECT, related_name="alias_of")
    main = models.ForeignKey(Artist, models.PROTECT, related_name="aliases")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        db_table = "artist_aliases"
        ordering = ("pk",)
        verbose_name_plural = "aliases"
        constraints = (
            models.CheckConstraint(
                name="artist_aliases_of_another", condition=~Q(artist=F("main"))
            ),
        )

    def __str__(self) -> str:
        return f"{self.artist} is {self.main}"


def same_artists(artists: models.QuerySet[Artist]) -> models.QuerySet[Any, Any]:
    """Return the keys of some artists and of all who are the same as one of them."""
    named = artists.order_by().values("pk")
    mains = Alias.objects.filter(artist__in=named).order_by().values("main")
    group = Alias.objects.filter(Q(main__in=named) | Q(main__in=mains))
    return named.union(mains, group.order_by().values("artist"))
