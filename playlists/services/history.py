"""The only door through which history is ever deleted."""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Account
from automation import ledger
from playlists.models import (
    HistoryAudit,
    HistoryEntry,
    HistoryUnlock,
    Playlist,
    PlaylistSnapshot,
)

ERASED = "Account erased"
RETENTION = "Kept as long as the settings say"


def delete_entries(
    *,
    entries: QuerySet[HistoryEntry],
    reason: str,
    now: datetime,
    requested_by: AbstractBaseUser | None = None,
    detail: dict[str, object] | None = None,
) -> int:
    """Delete history entries and write down that it was done; return how many.

    The history is unlocked within this transaction alone, so no other connection
    sees it open.
    """
    with transaction.atomic():
        HistoryUnlock.objects.create()
        count, _ = entries.delete()
        HistoryUnlock.objects.all().delete()
        if count:
            HistoryAudit.objects.create(
                at=now,
                reason=reason[:200],
                entries_deleted=count,
                detail=detail or {},
                requested_by_id=requested_by.pk if requested_by else None,
            )
    return count


def erase_account(*, account: Account, now: datetime) -> int:
    """Delete an account's playlists with all their history; return the entries.

    Spotify's terms: personal data goes within five days of disconnecting.
    """
    playlists = Playlist.objects.filter(account=account)
    with transaction.atomic():
        ledger.cancel_waiting(lane=account.lane, now=now)
        count = delete_entries(
            entries=HistoryEntry.objects.filter(playlist__in=playlists.values("pk")),
            reason=ERASED,
            now=now,
            detail={"account": account.pk, "playlists": playlists.count()},
        )
        playlists.delete()
    return count


def apply_retention(*, keep_after: datetime, now: datetime) -> int:
    """Delete the history of lists that were replaced before a moment.

    What stands on Spotify now stays, however old. Returns the entries deleted.
    """
    old = PlaylistSnapshot.objects.filter(replaced_at__lt=keep_after)
    with transaction.atomic():
        count = delete_entries(
            entries=HistoryEntry.objects.filter(snapshot__in=old.values("pk")),
            reason=RETENTION,
            now=now,
            detail={"replaced_before": keep_after.isoformat()},
        )
        old.delete()
    return count
