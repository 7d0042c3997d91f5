"""Playlists, their snapshots and the append-only history."""

from datetime import datetime
from typing import Any, ClassVar, Self

import numpy as np
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from accounts.models import CONSENT_LEAD, Account
from automation.models import Run
from library.models import Collection, Track


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


class PlaylistSnapshotQuerySet(models.QuerySet["PlaylistSnapshot"]):
    def confirmed(self) -> Self:
        """Lists that stood on Spotify."""
        return self.filter(state=PlaylistSnapshot.State.CONFIRMED)

    def current(self) -> Self:
        """Lists that stand on Spotify now, at most one a playlist."""
        return self.confirmed().filter(replaced_at=None)

    def planned(self) -> Self:
        """Lists that are to stand on Spotify, at most one a playlist."""
        return self.filter(state=PlaylistSnapshot.State.PLANNED)


class PlaylistSnapshot(models.Model):
    """The finished list of one run: planned, then confirmed or abandoned.

    A list drawn in shadow mode is only a record: it is never sent, nothing rests
    because of it, and it cannot come back.

    `plan` packs the track ids (our primary keys, int64 little-endian, in order):
    the copy that the cooldown is read from. History holds the same rows once
    the list stands on Spotify. `sent_at` is when it was first sent there: from
    then on its tracks may have been heard, confirmed or not.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        CONFIRMED = "confirmed", "On Spotify"
        ABANDONED = "abandoned", "Abandoned"
        SHADOW = "shadow", "Shadow, never sent"

    class Origin(models.TextChoices):
        CREATE = "create", "First list"
        RESHUFFLE = "reshuffle", "Reshuffle"
        RESTORE = "restore", "Restored"
        EMPTY = "empty", "Emptied"
        TAKEN = "taken", "Taken over from Spotify"

    PACKED: ClassVar = np.dtype("<i8")

    playlist = models.ForeignKey(Playlist, models.CASCADE, related_name="snapshots")
    run = models.ForeignKey(
        Run, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    restored_from = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    origin = models.CharField(max_length=10, choices=Origin.choices)
    batch_tag = models.CharField(max_length=10)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.PLANNED
    )
    seed = models.BigIntegerField(default=0)
    algorithm_version = models.CharField(max_length=16, blank=True)
    library_version = models.PositiveBigIntegerField(default=0)
    rules_hash = models.CharField(max_length=64, blank=True)
    plan = models.BinaryField()
    track_count = models.PositiveSmallIntegerField(default=0)
    fingerprint = models.CharField(max_length=64)
    report = models.JSONField(default=dict, blank=True)
    spotify_snapshot_id = models.CharField(max_length=200, blank=True)
    planned_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    replaced_at = models.DateTimeField(null=True, blank=True)

    objects = PlaylistSnapshotQuerySet.as_manager()

    class Meta:
        db_table = "playlist_snapshots"
        constraints = (
            models.CheckConstraint(
                name="playlist_snapshots_known_state",
                condition=Q(state__in=("planned", "confirmed", "abandoned", "shadow")),
            ),
            models.CheckConstraint(
                name="playlist_snapshots_confirmed_has_time",
                condition=~Q(state="confirmed") | Q(confirmed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="playlist_snapshots_replaced_after",
                condition=Q(replaced_at__isnull=True)
                | Q(replaced_at__gte=F("confirmed_at")),
            ),
            models.UniqueConstraint(
                name="playlist_snapshots_one_planned",
                fields=("playlist",),
                condition=Q(state="planned"),
            ),
            models.UniqueConstraint(
                name="playlist_snapshots_one_current",
                fields=("playlist",),
                condition=Q(state="confirmed", replaced_at__isnull=True),
            ),
        )
        indexes = (
            models.Index(
                name="playlist_snapshots_replaced", fields=("playlist", "replaced_at")
            ),
            models.Index(
                name="playlist_snapshots_confirmed", fields=("-confirmed_at", "id")
            ),
        )

    def __str__(self) -> str:
        return f"{self.playlist_id} {self.batch_tag} {self.state}"

    def track_ids(self) -> list[int]:
        """Return the planned tracks' primary keys, in order."""
        return self.unpack(self.plan)

    @classmethod
    def unpack(cls, plan: bytes | memoryview) -> list[int]:
        """Return the track primary keys of a packed plan, in order."""
        keys: list[int] = np.frombuffer(bytes(plan), dtype=cls.PACKED).tolist()
        return keys

    @classmethod
    def pack(cls, track_ids: list[int]) -> bytes:
        """Pack track primary keys for `plan`."""
        return np.array(track_ids, dtype=cls.PACKED).tobytes()


class HistoryEntry(models.Model):
    """One track at one position of a confirmed snapshot. Append-only.

    The database refuses UPDATE and DELETE (see playlists/triggers.py).
    """

    snapshot = models.ForeignKey(
        PlaylistSnapshot, models.DO_NOTHING, related_name="entries"
    )
    playlist = models.ForeignKey(Playlist, models.DO_NOTHING, related_name="history")
    track = models.ForeignKey(Track, models.DO_NOTHING, related_name="history")
    position = models.PositiveSmallIntegerField()
    batch_tag = models.CharField(max_length=10)
    added_at = models.DateTimeField()

    class Meta:
        db_table = "playlist_entries_history"
        verbose_name_plural = "history entries"
        constraints = (
            models.UniqueConstraint(
                name="playlist_entries_history_position",
                fields=("snapshot", "position"),
            ),
            models.CheckConstraint(
                name="playlist_entries_history_position_range",
                condition=Q(position__gte=1, position__lte=100),
            ),
        )
        indexes = (
            models.Index(
                name="history_playlist_added", fields=("playlist", "-added_at")
            ),
            models.Index(name="history_track_added", fields=("track", "-added_at")),
        )

    def __str__(self) -> str:
        return f"{self.snapshot_id}/{self.position}"


class HistoryUnlock(models.Model):
    """While a row stands here, history may be deleted. Only within a transaction."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)

    class Meta:
        db_table = "history_unlock"
        constraints = (
            models.CheckConstraint(name="history_unlock_one_row", condition=Q(id=1)),
        )

    def __str__(self) -> str:
        return "unlocked"


class HistoryAudit(models.Model):
    """What was deleted from the history, when, why and by whom."""

    at = models.DateTimeField()
    reason = models.CharField(max_length=200)
    entries_deleted = models.PositiveIntegerField()
    detail = models.JSONField(default=dict, blank=True)
    run = models.ForeignKey(
        Run, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True
    )

    class Meta:
        db_table = "history_audit"
        ordering = ("-at",)
        constraints = (
            models.UniqueConstraint(
                name="history_audit_once_a_run", fields=("run", "reason")
            ),
        )

    def __str__(self) -> str:
        return f"{self.entries_deleted} entries, {self.reason}"


class PlaylistLook(models.Model):
    """What the inventory saw of a playlist on Spotify.

    `looked_version` is Spotify's name for the version whose items were last
    compared. A hand edit counts while `edited_over` is still the version that we
    pushed last: a later push has overwritten it.
    """

    playlist = models.OneToOneField(
        Playlist, models.CASCADE, primary_key=True, related_name="look"
    )
    absent_since = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)
    looked_version = models.CharField(max_length=200, blank=True)
    edited_seen_at = models.DateTimeField(null=True, blank=True)
    edited_over = models.CharField(max_length=200, blank=True)
    came_in = models.PositiveIntegerField(default=0)
    went_out = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "playlist_looks"
        indexes = (
            models.Index(
                name="playlist_looks_edited",
                fields=("edited_seen_at",),
                condition=Q(edited_seen_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"Look at {self.playlist_id}"


class Inventory(models.Model):
    """What an account's library on Spotify holds beside our playlists.

    `others` are its own playlists that are not ours, each with `id`, `name`, `url`
    and `looks_ours`; at most `services.inventory.MOST_OTHERS` are named.
    """

    account = models.OneToOneField(
        Account, models.CASCADE, primary_key=True, related_name="inventory"
    )
    looked_at = models.DateTimeField()
    found = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    others_total = models.PositiveIntegerField(default=0)
    others = models.JSONField(default=list, blank=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "playlist_inventories"
        verbose_name_plural = "inventories"

    def __str__(self) -> str:
        return f"Inventory of account {self.account_id}"
