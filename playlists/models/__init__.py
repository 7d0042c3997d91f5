"""Playlists, their snapshots and the append-only history."""

from playlists.models.history import HistoryAudit, HistoryEntry, HistoryUnlock
from playlists.models.inventory import Inventory, PlaylistLook
from playlists.models.labels import Label
from playlists.models.playlists import Playlist, PlaylistQuerySet
from playlists.models.snapshots import PlaylistSnapshot, PlaylistSnapshotQuerySet

__all__ = [
    "HistoryAudit",
    "HistoryEntry",
    "HistoryUnlock",
    "Inventory",
    "Label",
    "Playlist",
    "PlaylistLook",
    "PlaylistQuerySet",
    "PlaylistSnapshot",
    "PlaylistSnapshotQuerySet",
]
