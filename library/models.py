"""Artists, albums, tracks and collections."""

import uuid
from datetime import date, datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse

from library.searching import holding

FEATURE_NAMES = (
    "danceability",
    "energy",
    "key",
    "loudness",
    "mode",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
)
SHARE_FEATURES = (
    "danceability",
    "energy",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
)
MOST_FOUND = 10_000
UNTITLED = "Untitled"
"""What stands for a name that Spotify leaves empty, as it does after takedowns."""


class ArtistQuerySet(models.QuerySet["Artist"]):
    def matching(self, text: str) -> Self:
        """Artists with a text in their name."""
        return self.filter(holding(text, "name"))


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
        tracks = Track.objects.matching(text).filter(name__icontains=text)
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
        return self.filter(pk__in=Track.objects.crediting(artist_id).values("album"))

    def released(self, first: int | None, last: int | None) -> Self:
        """Albums of some years, both included; None is open."""
        return self.filter(_between("release_year", first, last))

    def with_tracks(self, tracks: "TrackQuerySet") -> Self:
        """Albums that hold any of these tracks."""
        return self.filter(Exists(tracks.filter(album=OuterRef("pk"))))

    def unused_since(self, day: date | None) -> Self:
        """Albums of which no track was used on or after a day; None: ever."""
        return self.exclude(Exists(_used_since(day).filter(album=OuterRef("pk"))))


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


class Block(models.Model):
    """What no list may ever hold: an artist wherever credited, an album, a track.

    `key` is its Spotify id, of a recording its key (see `recordings.recording_key`),
    which keeps out every release of it. It may be unknown to the library as yet.
    """

    class Kind(models.TextChoices):
        ARTIST = "artist", "Artist"
        ALBUM = "album", "Album"
        TRACK = "track", "This release of a track"
        RECORDING = "recording", "A recording, on every release"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    key = models.CharField(max_length=64)
    name = models.CharField(max_length=500)
    reason = models.CharField(max_length=200)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        db_table = "blocks"
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(name="blocks_once", fields=("kind", "key")),
            models.CheckConstraint(
                name="blocks_known_kind",
                condition=Q(kind__in=("artist", "album", "track", "recording")),
            ),
            models.CheckConstraint(
                name="blocks_say_why", condition=~Q(reason="") & ~Q(key="")
            ),
        )

    def __str__(self) -> str:
        return self.name


class TrackQuerySet(models.QuerySet["Track"]):
    def usable(self) -> Self:
        """Tracks that may be drawn: playable, not held and not blocked."""
        return self.filter(is_usable=True, is_playable=True).exclude(_is_blocked())

    def blocked(self) -> Self:
        """Tracks that could be drawn if no block kept them out of every list."""
        return self.filter(_is_blocked(), is_usable=True, is_playable=True)

    def lacking_features(self) -> Self:
        """Tracks whose sound neither a service nor a person has told."""
        return self.filter(energy=None).exclude(
            features_source=Track.FeatureSource.IMPORT
        )

    def held(self) -> Self:
        """Tracks that a person keeps out of draws."""
        return self.filter(is_usable=False)

    def unplayable(self) -> Self:
        """Tracks that Spotify does not play any more."""
        return self.filter(is_playable=False)

    def in_state(self, state: str) -> Self:
        """Tracks that are "usable", "held" or "unplayable"."""
        states = {
            "usable": self.usable,
            "held": self.held,
            "unplayable": self.unplayable,
        }
        return states[state]()

    def for_table(self) -> Self:
        """Everything one row shows, newest in the library first."""
        return self.select_related("album").order_by("-pk")

    def in_order(self) -> Self:
        """Tracks as their album plays them."""
        return self.order_by("disc_number", "track_number", "pk")

    def matching(self, text: str) -> Self:
        """Tracks with a text in their name or their artists."""
        return self.filter(holding(text, "name", "artist_line"))

    def in_collection(self, collection_id: int) -> Self:
        """Tracks of a collection's albums."""
        places = CollectionAlbum.objects.filter(collection=collection_id)
        return self.filter(album__in=places.values("album"))

    def crediting(self, artist_id: int) -> Self:
        """Tracks that credit an artist, in whatever place."""
        credited = TrackArtist.objects.filter(artist=artist_id)
        return self.filter(pk__in=credited.values("track"))

    def released(self, first: int | None, last: int | None) -> Self:
        """Tracks of albums of some years, both included; None is open."""
        return self.filter(_between("album__release_year", first, last))

    def within(self, name: str, low: float | None, high: float | None) -> Self:
        """Tracks with popularity or a feature in a range; None is open."""
        return self.filter(_between(name, low, high))

    def unused_since(self, day: date | None) -> Self:
        """Tracks that were not used on or after a day; None: ever."""
        unused = Q(last_used_on=None)
        return self.filter(unused if day is None else unused | Q(last_used_on__lt=day))


def _is_blocked() -> Q:
    """Return what is true of tracks that a block names, itself or by what it is of."""
    keys = {kind: Block.objects.filter(kind=kind).values("key") for kind in Block.Kind}
    albums = Album.objects.filter(spotify_id__in=keys[Block.Kind.ALBUM])
    credits = TrackArtist.objects.filter(artist__spotify_id__in=keys[Block.Kind.ARTIST])
    return (
        Q(spotify_id__in=keys[Block.Kind.TRACK])
        | Q(recording_key__in=keys[Block.Kind.RECORDING])
        | Q(album__in=albums.values("pk"))
        | Q(pk__in=credits.values("track"))
    )


def _between(name: str, low: float | None, high: float | None) -> Q:
    bounds = {f"{name}__gte": low, f"{name}__lte": high}
    return Q(**{key: bound for key, bound in bounds.items() if bound is not None})


def _used_since(day: date | None) -> TrackQuerySet:
    used = Track.objects.filter(use_count__gt=0)
    return used if day is None else used.filter(last_used_on__gte=day)


def _share() -> Any:
    return models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
    )


class Track(models.Model):
    """A track of an album, with what is known of its sound.

    `recording_key` says which rows are the same recording: the ISRC where it is
    known, else normalised title, primary artist and length. `prior_used_on` and
    `prior_use_count` are what `last_used_on` and `use_count` were before the day of
    the last use, so that all lists of a day are drawn from the same figures.
    `features_source` says where the features come from; "none" with `features_at`
    that Spotify had none then, `reccobeats_missed_at` that ReccoBeats had none.
    """

    class FeatureSource(models.TextChoices):
        SPOTIFY = "spotify", "Spotify"
        IMPORT = "import", "Imported file"
        RECCOBEATS = "reccobeats", "ReccoBeats"
        NONE = "none", "Not to be had"

    SHARES: ClassVar = SHARE_FEATURES

    spotify_id = models.CharField(max_length=22, unique=True)
    album = models.ForeignKey(Album, models.CASCADE, related_name="tracks")
    disc_number = models.PositiveSmallIntegerField(default=1)
    track_number = models.PositiveSmallIntegerField(default=1)
    name = models.CharField(max_length=500, blank=True)
    artist_line = models.CharField(max_length=500, blank=True)
    primary_artist = models.ForeignKey(
        Artist, models.PROTECT, related_name="primary_tracks", null=True
    )
    artists = models.ManyToManyField(
        Artist, through="TrackArtist", related_name="tracks"
    )
    duration_ms = models.PositiveIntegerField(default=0)
    explicit = models.BooleanField(null=True)
    isrc = models.CharField(max_length=15, blank=True)
    recording_key = models.CharField(max_length=64)
    popularity = models.PositiveSmallIntegerField(null=True, blank=True)

    danceability = _share()
    energy = _share()
    key = models.SmallIntegerField(null=True, blank=True)
    loudness = models.FloatField(null=True, blank=True)
    mode = models.SmallIntegerField(null=True, blank=True)
    speechiness = _share()
    acousticness = _share()
    instrumentalness = _share()
    liveness = _share()
    valence = _share()
    tempo = models.FloatField(null=True, blank=True)
    features_source = models.CharField(
        max_length=12, choices=FeatureSource.choices, blank=True
    )
    features_at = models.DateTimeField(null=True, blank=True)
    reccobeats_missed_at = models.DateTimeField(null=True, blank=True)

    is_usable = models.BooleanField(default=True)
    held_reason = models.CharField(max_length=200, blank=True)
    is_playable = models.BooleanField(default=True)
    last_used_on = models.DateField(null=True, blank=True)
    use_count = models.PositiveIntegerField(default=0)
    prior_used_on = models.DateField(null=True, blank=True, editable=False)
    prior_use_count = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField()

    objects = TrackQuerySet.as_manager()

    class Meta:
        db_table = "tracks"
        constraints = (
            models.CheckConstraint(
                name="tracks_spotify_id_given", condition=~Q(spotify_id="")
            ),
            models.CheckConstraint(
                name="tracks_recording_key_given", condition=~Q(recording_key="")
            ),
            models.CheckConstraint(
                name="tracks_popularity_range",
                condition=Q(popularity__isnull=True) | Q(popularity__lte=100),
            ),
            models.CheckConstraint(
                name="tracks_held_has_reason",
                condition=Q(is_usable=True) | ~Q(held_reason=""),
            ),
            *(
                models.CheckConstraint(
                    name=f"tracks_{name}_range",
                    condition=Q(**{f"{name}__isnull": True})
                    | Q(**{f"{name}__gte": 0.0, f"{name}__lte": 1.0}),
                )
                for name in SHARE_FEATURES
            ),
            models.CheckConstraint(
                name="tracks_key_range",
                condition=Q(key__isnull=True) | Q(key__gte=-1, key__lte=11),
            ),
            models.CheckConstraint(
                name="tracks_mode_range",
                condition=Q(mode__isnull=True) | Q(mode__in=(0, 1)),
            ),
        )
        indexes = (
            models.Index(name="tracks_artist", fields=("primary_artist", "id")),
            models.Index(name="tracks_popularity", fields=("popularity", "id")),
            models.Index(name="tracks_recording", fields=("recording_key",)),
            models.Index(
                name="tracks_album_order",
                fields=("album", "disc_number", "track_number"),
            ),
            models.Index(name="tracks_name", fields=("name", "id")),
            models.Index(name="tracks_artist_line", fields=("artist_line", "id")),
            models.Index(name="tracks_last_used", fields=("last_used_on", "id")),
            models.Index(name="tracks_use_count", fields=("use_count", "id")),
            models.Index(
                name="tracks_featureless", fields=("id",), condition=Q(energy=None)
            ),
            models.Index(
                name="tracks_held", fields=("id",), condition=Q(is_usable=False)
            ),
            models.Index(
                name="tracks_unused",
                fields=("id",),
                condition=Q(last_used_on=None, is_usable=True, is_playable=True),
            ),
        )

    def __str__(self) -> str:
        return self.name or UNTITLED

    def get_absolute_url(self) -> str:
        return reverse("library:track", args=[self.pk])

    @property
    def uri(self) -> str:
        """The Spotify URI that a playlist holds."""
        return f"spotify:track:{self.spotify_id}"

    @property
    def spotify_url(self) -> str:
        """Its page on Spotify, beside its album's; "" where that is unknown."""
        place, found, _ = self.album.spotify_url.rpartition("/album/")
        return f"{place}/track/{self.spotify_id}" if found else ""

    @property
    def has_features(self) -> bool:
        """Whether its sound is known."""
        return self.energy is not None

    @property
    def lacks_features(self) -> bool:
        """Whether neither a service nor a person has told its sound."""
        return (
            not self.has_features and self.features_source != self.FeatureSource.IMPORT
        )


class TrackArtist(models.Model):
    """A credit: every credited artist with its position, the primary one first."""

    track = models.ForeignKey(Track, models.CASCADE, related_name="credits")
    artist = models.ForeignKey(Artist, models.PROTECT, related_name="credits")
    position = models.PositiveSmallIntegerField()

    class Meta:
        db_table = "track_artists"
        ordering = ("track_id", "position")
        constraints = (
            models.UniqueConstraint(
                name="track_artists_position", fields=("track", "position")
            ),
            models.UniqueConstraint(
                name="track_artists_once", fields=("artist", "track")
            ),
        )

    def __str__(self) -> str:
        return f"{self.artist_id} on {self.track_id}"


class SourcePause(models.Model):
    """Until when a source of audio features is left alone, and why."""

    source = models.CharField(
        max_length=12, primary_key=True, choices=Track.FeatureSource.choices
    )
    until = models.DateTimeField()
    reason = models.CharField(max_length=200)

    class Meta:
        db_table = "feature_pauses"

    def __str__(self) -> str:
        return f"{self.get_source_display()}: {self.reason}"


class LibraryVersion(models.Model):
    """One row that counts the changes of tracks; pools are cached by it.

    `epoch` is made with the row, so that the same number in another database, or
    in an emptied one, is not taken for the same library.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    version = models.PositiveBigIntegerField(default=0)
    epoch = models.UUIDField(default=uuid.uuid4)

    class Meta:
        db_table = "library_version"
        constraints = (
            models.CheckConstraint(name="library_version_one_row", condition=Q(id=1)),
        )

    def __str__(self) -> str:
        return str(self.version)

    @classmethod
    def stamp(cls) -> tuple[uuid.UUID, int] | None:
        """Return epoch and version, None before the first change."""
        return cls.objects.filter(pk=1).values_list("epoch", "version").first()

    @classmethod
    def bump(cls) -> None:
        """Count one change; call it in the transaction that changes tracks."""
        if not cls.objects.filter(pk=1).update(version=F("version") + 1):
            cls.objects.get_or_create(pk=1, defaults={"version": 1})
