"""The only door through which history is ever deleted."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet

from accounts.models import Account
from accounts.services import Erasure
from automation import pruning
from automation.models import Run
from automation.runtime import RuntimeSettings
from playlists.models import (
    HistoryAudit,
    HistoryEntry,
    HistoryUnlock,
    Inventory,
    Playlist,
    PlaylistLook,
    PlaylistSnapshot,
)

ERASED = "Account erased"
RETENTION = "Kept as long as the settings say"
LISTS_AT_ONCE = 50
"""Lists of one transaction: each carries its plan, its report and 100 entries."""


def delete_entries(
    *,
    entries: QuerySet[HistoryEntry],
    reason: str,
    now: datetime,
    run: Run | None = None,
    requested_by: AbstractBaseUser | None = None,
    detail: dict[str, object] | None = None,
) -> int:
    """Delete history entries and write down that it was done; return how many.

    The history is unlocked within this transaction alone, so no other connection
    sees it open. A run keeps one line for all that it deletes for one reason.
    """
    with transaction.atomic():
        HistoryUnlock.objects.create()
        count, _ = entries.delete()
        HistoryUnlock.objects.all().delete()
        if count:
            _audit(count, reason, now, run, requested_by, detail or {})
    return count


def _audit(
    count: int,
    reason: str,
    now: datetime,
    run: Run | None,
    requested_by: AbstractBaseUser | None,
    detail: dict[str, object],
) -> None:
    line = HistoryAudit(
        at=now,
        reason=reason[:200],
        entries_deleted=count,
        detail=detail,
        run=run,
        requested_by_id=requested_by.pk if requested_by else None,
    )
    earlier = HistoryAudit.objects.filter(run=run, reason=line.reason)
    grown = run and earlier.update(entries_deleted=F("entries_deleted") + count, at=now)
    if not grown:
        line.save()


def erase_playlists(erasure: Erasure) -> None:
    """Delete an account's playlists with lists and history, in batches.

    Spotify's terms: personal data goes within five days of disconnecting.
    """
    mine = Playlist.objects.filter(account=erasure.account)
    ids = mine.values("pk")
    detail: dict[str, object] = {
        "account": erasure.account.pk,
        "receipt": erasure.receipt.code,
    }

    def delete(entries: QuerySet[Any]) -> int:
        return delete_entries(
            entries=entries,
            reason=ERASED,
            now=erasure.now,
            run=erasure.run,
            detail=detail,
        )

    erasure.delete(HistoryEntry.objects.filter(playlist__in=ids), delete=delete)
    snapshots = PlaylistSnapshot.objects.filter(playlist__in=ids)
    erasure.delete(snapshots, batch=LISTS_AT_ONCE)
    erasure.delete(PlaylistLook.objects.filter(playlist__in=ids))
    erasure.delete(Inventory.objects.filter(account=erasure.account))
    erasure.delete(_admin_log(mine))
    erasure.delete(mine, batch=LISTS_AT_ONCE)


def _admin_log(playlists: QuerySet[Playlist]) -> QuerySet[LogEntry]:
    """Return what the admin noted about playlists: its lines name them."""
    return LogEntry.objects.filter(
        content_type__app_label="playlists",
        content_type__model="playlist",
        object_id__in=[str(pk) for pk in playlists.values_list("pk", flat=True)],
    )


def erase_rest(*, account: Account, now: datetime) -> None:
    """Delete playlists that were asked for while the account was being erased.

    For the transaction in which the account itself goes.
    """
    playlists = Playlist.objects.filter(account=account)
    delete_entries(
        entries=HistoryEntry.objects.filter(playlist__in=playlists.values("pk")),
        reason=ERASED,
        now=now,
        detail={"account": account.pk},
    )
    playlists.delete()


def apply_retention(*, run: Run, keep_after: datetime, now: datetime) -> int:
    """Delete lists that ended before a moment, with their history.

    What stands on Spotify or is planned stays, however old, and so does each
    playlist's newest list. Returns how many lists were deleted.
    """

    def note(table: str, count: int) -> None:
        pruning.note_rows(run, table, count, older_than=keep_after, now=now)

    def delete(lists: QuerySet[Any]) -> int:
        entries = delete_entries(
            entries=HistoryEntry.objects.filter(snapshot__in=lists.values("pk")),
            reason=RETENTION,
            now=now,
            run=run,
            detail={"ended_before": keep_after.isoformat()},
        )
        note(HistoryEntry._meta.db_table, entries)
        return pruning.delete_rows(lists)

    return pruning.delete_in_batches(
        run,
        ended_lists(before=keep_after),
        note=partial(note, PlaylistSnapshot._meta.db_table),
        batch=LISTS_AT_ONCE,
        delete=delete,
    )


def old_entries(before: datetime) -> QuerySet[HistoryEntry]:
    """Return the history of the lists that ended before a moment."""
    return HistoryEntry.objects.filter(snapshot__in=ended_lists(before=before))


def ended_lists(*, before: datetime) -> QuerySet[PlaylistSnapshot]:
    """Return the lists that stand nowhere since before a moment, but for the newest.

    A list that was never sent counts from the day it was planned.
    """
    later = PlaylistSnapshot.objects.confirmed().filter(
        playlist=OuterRef("playlist"), pk__gt=OuterRef("pk")
    )
    never_sent = Q(
        state__in=(PlaylistSnapshot.State.ABANDONED, PlaylistSnapshot.State.SHADOW),
        replaced_at=None,
        planned_at__lt=before,
    )
    ended = PlaylistSnapshot.objects.filter(Q(replaced_at__lt=before) | never_sent)
    return ended.filter(Exists(later))


def keep_history_after(*, settings: RuntimeSettings, now: datetime) -> datetime | None:
    """Return from when on history is kept; None: for good.

    However short the retention, a list stays while the longest cooldown of any
    playlist still asks when its tracks left.
    """
    if not settings.history_retention_days:
        return None
    longest = Playlist.objects.aggregate(days=Max("cooldown_days"))["days"] or 0
    cooldown_days = max(settings.cooldown_days, longest)
    return now - timedelta(days=max(settings.history_retention_days, cooldown_days + 1))
