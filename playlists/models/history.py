"""The append-only log of what stood on Spotify, and of what was deleted from it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from automation.models import Run
from library.models import Track
from playlists.models.playlists import Playlist
from playlists.models.snapshots import PlaylistSnapshot


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
