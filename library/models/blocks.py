"""What no list may ever hold."""

from django.conf import settings
from django.db import models
from django.db.models import Q


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
