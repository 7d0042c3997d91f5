"""The lists of playlists, from plan to replacement."""

from typing import ClassVar, Self

import numpy as np
from django.db import models
from django.db.models import F, Q

from automation.models import Run
from playlists.models.playlists import Playlist


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
