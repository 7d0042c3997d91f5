"""Albums, and the collections that group them."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Self

from django.db import connection, models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from library.models.ranges import between
from library.searching import holding

if TYPE_CHECKING:
    from library.models.tracks import TrackQuerySet

MOST_FOUND = 10_000
UNTITLED = "Untitled"
"""What stands for a name that Spotify leaves empty, as it does after takedowns."""


class AlbumQuerySet(models.QuerySet["Album"]):
    def for_table(self) -> Self:
        """Everything one cover or row shows, newest in the library first."""
        return self.order_by("-pk")

    def stale(self, *, before: datetime) -> Self:
        """Albums whose content was last read before a moment."""
        return self.filter(refreshed_at__lt=before)

    def matching(self, text: str) -> Self:
        """Albums with a text in their name, their artists or a track's name.

        Of a text that is everywhere, the newest ten thousand of either are found.
        """
        tracks = _tracks().matching(text).filter(name__icontains=text)
        own = Album.objects.filter(holding(text, "name", "artist_line"))
        if connection.vendor != "postgresql":
            return self.filter(
                Q(pk__in=own.values("pk")) | Q(pk__in=tracks.values("album"))
            )
        found = own.order_by("-pk").values("pk")[:MOST_FOUND]
        by_track = tracks.order_by("-pk").values("album")[:MOST_FOUND]
        return self.filter(pk__in=found.union(by_track))

    def in_collection(self, collection_id: int) -> Self:
        """Albums of a collection."""
        places = CollectionAlbum.objects.filter(collection=collection_id)
        return self.filter(pk__in=places.values("album"))

    def crediting(self, artist_id: int) -> Self:
        """Albums with a track that credits an artist, in whatever place."""
        return self.filter(pk__in=_tracks().crediting(artist_id).values("album"))

    def released(self, first: int | None, last: int | None) -> Self:
        """Albums of some years, both included; None is open."""
        return self.filter(between("release_year", first, last))

    def with_tracks(self, tracks: "TrackQuerySet") -> Self:
        """Albums that hold any of these tracks."""
        return self.filter(Exists(tracks.filter(album=OuterRef("pk"))))

    def unused_since(self, day: date | None) -> Self:
        """Albums of which no track was used on or after a day; None: ever."""
        return self.exclude(Exists(_used_since(day).filter(album=OuterRef("pk"))))


def _tracks() -> "TrackQuerySet":
    """Return all tracks; their model needs this module, so it is imported late."""
    from library.models.tracks import Track

    return Track.objects.all()


def _used_since(day: date | None) -> "TrackQuerySet":
    used = _tracks().filter(use_count__gt=0)
    return used if day is None else used.filter(last_used_on__gte=day)


class Album(models.Model):
    """A release that was taken into the library."""

    spotify_id = models.CharField(max_length=22, unique=True)
    name = models.CharField(max_length=500, blank=True)
    album_type = models.CharField(max_length=16, blank=True)
    artist_line = models.CharField(max_length=500, blank=True)
    release_date = models.CharField(max_length=10, blank=True)
    release_date_precision = models.CharField(max_length=5, blank=True)
    release_year = models.PositiveSmallIntegerField(null=True, blank=True)
    total_tracks = models.PositiveIntegerField(default=0)
    image_url = models.URLField(max_length=500, blank=True)
    spotify_url = models.URLField(max_length=500, blank=True)
    upc = models.CharField(max_length=32, blank=True)
    submitted_url = models.CharField(max_length=500, blank=True)
    refreshed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects = AlbumQuerySet.as_manager()

    class Meta:
        db_table = "albums"
        constraints = (
            models.CheckConstraint(
                name="albums_spotify_id_given", condition=~Q(spotify_id="")
            ),
        )
        indexes = (
            models.Index(name="albums_name", fields=("name", "id")),
            models.Index(name="albums_artist", fields=("artist_line", "id")),
            models.Index(name="albums_year", fields=("release_year", "id")),
            models.Index(name="albums_refreshed", fields=("refreshed_at",)),
        )

    def __str__(self) -> str:
        return self.name or UNTITLED

    def get_absolute_url(self) -> str:
        return reverse("library:album", args=[self.pk])


class Collection(models.Model):
    """A named group of albums; an album may be in several."""

    name = models.CharField(max_length=80, unique=True)
    description = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    albums = models.ManyToManyField(
        Album, through="CollectionAlbum", related_name="collections"
    )

    class Meta:
        db_table = "collections"
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                name="collections_name_given", condition=~Q(name="")
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("library:collection", args=[self.pk])


class CollectionAlbum(models.Model):
    """An album's place in a collection."""

    collection = models.ForeignKey(Collection, models.CASCADE)
    album = models.ForeignKey(Album, models.CASCADE)

    class Meta:
        db_table = "collection_albums"
        constraints = (
            models.UniqueConstraint(
                name="collection_albums_once", fields=("collection", "album")
            ),
        )

    def __str__(self) -> str:
        return f"{self.album_id} in {self.collection_id}"
