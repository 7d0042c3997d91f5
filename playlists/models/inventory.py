"""What a daily look at the accounts' libraries on Spotify found."""

from django.db import models
from django.db.models import Q

from accounts.models import Account
from playlists.models.playlists import Playlist


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
