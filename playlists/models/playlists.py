"""Playlists: what is wanted of them, and how they stand on Spotify."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.models import CONSENT_LEAD, Account
from library.models import Collection
from playlists.models.labels import Label


class PlaylistQuerySet(models.QuerySet["Playlist"]):
    def managed(self) -> Self:
        """Playlists that the engine looks after or is about to create."""
        return self.exclude(status=Playlist.Status.REMOVED)

    def due(self, *, now: datetime) -> Self:
        """Active playlists of usable accounts whose next reshuffle is not ahead.

        Accounts whose consent ends within the hour are out of it already.
        """
        return self.filter(
            status=Playlist.Status.ACTIVE,
            account__status=Account.Status.ACTIVE,
            account__consent_ends_at__gt=now + CONSENT_LEAD,
            next_reshuffle_at__lte=now,
        )

    def for_table(self) -> Self:
        """Everything one row of the table shows, in a stable order."""
        return self.select_related("account").order_by("account_id", "index")


class Playlist(models.Model):
    """A playlist of one account that is refilled on time.

    An override that is NULL inherits the runtime setting of the same meaning.
    `post_sent_at` is the intent to create it on Spotify, kept until the answer is
    known; `details_pending` says that Spotify does not yet show name, description
    and visibility as they stand here. `late_writes` counts writes by workers that
    had lost their lease: until the list is pushed again, an older one may stand on
    Spotify. From `tidy_from` on, copies with the same marker are looked for there.
    `reshuffle_weekday` (Monday is 0) and `reshuffle_hour` are in UTC; NULL leaves
    the day to the interval and the time to the spread.
    """

    class Status(models.TextChoices):
        CREATING = "creating", "Being created"
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        MISSING = "missing", "Gone on Spotify"
        REMOVED = "removed", "Removed"

    class Weekday(models.IntegerChoices):
        MONDAY = 0, "Monday"
        TUESDAY = 1, "Tuesday"
        WEDNESDAY = 2, "Wednesday"
        THURSDAY = 3, "Thursday"
        FRIDAY = 4, "Friday"
        SATURDAY = 5, "Saturday"
        SUNDAY = 6, "Sunday"

    account = models.ForeignKey(Account, models.CASCADE, related_name="playlists")
    prefix = models.CharField(max_length=64)
    index = models.PositiveIntegerField()
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=300, blank=True)
    description_is_custom = models.BooleanField(default=False)
    is_public = models.BooleanField(default=True)
    size = models.PositiveSmallIntegerField(null=True, blank=True)
    interval_days = models.PositiveSmallIntegerField(null=True, blank=True)
    cooldown_days = models.PositiveSmallIntegerField(null=True, blank=True)
    artist_cap = models.PositiveSmallIntegerField(null=True, blank=True)
    artist_separation = models.PositiveSmallIntegerField(null=True, blank=True)
    rules = models.JSONField(default=dict, blank=True)
    collections = models.ManyToManyField(
        Collection,
        blank=True,
        related_name="playlists",
        db_table="playlist_collections",
    )
    labels = models.ManyToManyField(
        Label, blank=True, related_name="playlists", db_table="playlist_labels"
    )
    reshuffle_weekday = models.PositiveSmallIntegerField(
        choices=Weekday.choices, null=True, blank=True
    )
    reshuffle_hour = models.PositiveSmallIntegerField(null=True, blank=True)
    spotify_id = models.CharField(max_length=22, null=True, blank=True, unique=True)
    spotify_url = models.URLField(max_length=500, blank=True)
    spotify_snapshot_id = models.CharField(max_length=200, blank=True)
    status = models.CharField(
        max_length=16, choices=Status.choices, default=Status.CREATING
    )
    marker = models.CharField(max_length=16, unique=True)
    post_sent_at = models.DateTimeField(null=True, blank=True)
    details_pending = models.BooleanField(default=False)
    late_writes = models.PositiveIntegerField(default=0)
    tidy_from = models.DateTimeField(null=True, blank=True)
    last_reshuffled_at = models.DateTimeField(null=True, blank=True)
    next_reshuffle_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = PlaylistQuerySet.as_manager()

    class Meta:
        db_table = "playlists"
        constraints = (
            models.UniqueConstraint(
                name="playlists_index_once", fields=("account", "index")
            ),
            models.CheckConstraint(
                name="playlists_known_status",
                condition=Q(
                    status__in=("creating", "active", "paused", "missing", "removed")
                ),
            ),
            models.CheckConstraint(name="playlists_name_given", condition=~Q(name="")),
            models.CheckConstraint(
                name="playlists_index_from_one", condition=Q(index__gte=1)
            ),
            models.CheckConstraint(
                name="playlists_size_range",
                condition=Q(size__isnull=True) | Q(size__gte=1, size__lte=100),
            ),
            models.CheckConstraint(
                name="playlists_interval_range",
                condition=Q(interval_days__isnull=True)
                | Q(interval_days__gte=1, interval_days__lte=90),
            ),
            models.CheckConstraint(
                name="playlists_cooldown_range",
                condition=Q(cooldown_days__isnull=True) | Q(cooldown_days__lte=365),
            ),
            models.CheckConstraint(
                name="playlists_cap_range",
                condition=Q(artist_cap__isnull=True)
                | Q(artist_cap__gte=1, artist_cap__lte=100),
            ),
            models.CheckConstraint(
                name="playlists_weekday_range",
                condition=Q(reshuffle_weekday__isnull=True)
                | Q(reshuffle_weekday__lte=6),
            ),
            models.CheckConstraint(
                name="playlists_hour_range",
                condition=Q(reshuffle_hour__isnull=True) | Q(reshuffle_hour__lte=23),
            ),
            models.CheckConstraint(
                name="playlists_active_is_on_spotify",
                condition=~Q(status="active") | Q(spotify_id__isnull=False),
            ),
        )
        indexes = (
            models.Index(
                name="playlists_due",
                fields=("next_reshuffle_at",),
                condition=Q(status="active"),
            ),
            models.Index(name="playlists_name", fields=("name", "id")),
            models.Index(name="playlists_status", fields=("status", "id")),
            models.Index(
                name="playlists_late",
                fields=("id",),
                condition=Q(late_writes__gt=0),
            ),
            models.Index(
                name="playlists_to_tidy",
                fields=("tidy_from",),
                condition=Q(tidy_from__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("playlists:detail", args=[self.pk])

    @property
    def own_time(self) -> str:
        """Weekday and hour of its own in words, "" where it has none."""
        day = self.get_reshuffle_weekday_display()
        hour = self.reshuffle_hour
        words = [f"{day}s"] if day else []
        words += [] if hour is None else [f"from {hour:02d}:00 UTC"]
        return " ".join(words)

    @property
    def subject(self) -> str:
        """The ledger's subject: one run at a time works on a playlist."""
        return f"playlist:{self.pk}"
