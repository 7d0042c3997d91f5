"""Tracks: what is known of their sound, who is credited, whether they may be drawn."""

from datetime import date
from typing import Any, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse

from library.models.albums import UNTITLED, Album, CollectionAlbum
from library.models.aliases import same_artists
from library.models.artists import Artist
from library.models.blocks import Block
from library.models.ranges import between
from library.searching import holding, seen_to_hold

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

    def matching(self, text: str, *, is_common: bool = False) -> Self:
        """Tracks with a text in their name or their artists.

        `is_common`: so many have it that they are met along a sorted list.
        """
        has_text = seen_to_hold if is_common else holding
        return self.filter(has_text(text, "name", "artist_line"))

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
        return self.filter(between("album__release_year", first, last))

    def within(self, name: str, low: float | None, high: float | None) -> Self:
        """Tracks with popularity or a feature in a range; None is open."""
        return self.filter(between(name, low, high))

    def unused_since(self, day: date | None) -> Self:
        """Tracks that were not used on or after a day; None: ever."""
        unused = Q(last_used_on=None)
        return self.filter(unused if day is None else unused | Q(last_used_on__lt=day))


def _is_blocked() -> Q:
    """Return what is true of tracks that a block names, itself or by what it is of."""
    keys = {kind: Block.objects.filter(kind=kind).values("key") for kind in Block.Kind}
    albums = Album.objects.filter(spotify_id__in=keys[Block.Kind.ALBUM])
    named = Artist.objects.filter(spotify_id__in=keys[Block.Kind.ARTIST])
    credits = TrackArtist.objects.filter(artist__in=same_artists(named))
    return (
        Q(spotify_id__in=keys[Block.Kind.TRACK])
        | Q(recording_key__in=keys[Block.Kind.RECORDING])
        | Q(album__in=albums.values("pk"))
        | Q(pk__in=credits.values("track"))
    )


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

    spotify_id = models.CharField(max_length=22, unique=True)
    album = models.ForeignKey(Album, models.CASCADE, related_name="tracks")
    disc_number = models.PositiveSmallIntegerField(default=1)
    track_number = models.PositiveSmallIntegerField(default=1)
    name = models.CharField(max_length=500, blank=True)
    artist_line = models.CharField(max_length=500, blank=True)
    primary_artist = models.ForeignKey(
        Artist,
        models.PROTECT,
        related_name="primary_tracks",
        null=True,
        db_index=False,
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
            models.Index(
                name="tracks_artist_used", fields=("primary_artist", "last_used_on")
            ),
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
    """A credit: every credited artist with its position, the primary one first.

    Both keys are found through the indexes of the constraints.
    """

    track = models.ForeignKey(
        Track, models.CASCADE, related_name="credits", db_index=False
    )
    artist = models.ForeignKey(
        Artist, models.PROTECT, related_name="credits", db_index=False
    )
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
        indexes = (
            models.Index(
                name="track_artists_guests",
                fields=("artist", "track"),
                condition=Q(position__gt=1),
            ),
        )

    def __str__(self) -> str:
        return f"{self.artist_id} on {self.track_id}"
