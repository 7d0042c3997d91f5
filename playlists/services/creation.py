"""Asking for new playlists: rows, names and runs in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F

from accounts.models import Account
from automation import ledger
from automation.models import Run
from automation.runtime import RuntimeSettings
from library.models import Collection, Track
from playlists.effective import check_override
from playlists.lookups import find_collections
from playlists.models import Playlist
from playlists.naming import clean_label, clean_prefix, new_marker, playlist_name
from playlists.services import labelling, opening, pushing
from playlists.services.opening import Wish
from vibe_engine.errors import InputError

KIND = "playlists.create"
_WISH = Wish(kind=KIND, verb="Create")


@dataclass(frozen=True)
class _Order:
    """What a person asked for, checked."""

    count: int
    prefix: str
    size: int | None
    interval_days: int | None
    is_public: bool
    label_names: tuple[str, ...]
    collections: tuple[Collection, ...]


def create_playlists(
    *,
    account: Account,
    count: int,
    settings: RuntimeSettings,
    now: datetime,
    prefix: str = "",
    size: int | None = None,
    interval_days: int | None = None,
    collection_ids: Sequence[int] = (),
    is_public: bool | None = None,
    label_names: Sequence[str] = (),
    requested_by: AbstractBaseUser | None = None,
    idempotency_key: str | None = None,
) -> Run:
    """Commit `count` new playlists of an account and the bulk that creates them.

    `prefix` "" takes the account's, `size` and `interval_days` None inherit,
    `is_public` None takes the setting. Labels that do not exist are made. Indexes
    are never used twice. The same `idempotency_key` gives the same bulk and no
    further playlists.

    :raises InputError: a value is out of range, the account has no room left or is
        not connected, or there is no track to draw; `field` names the value.
    """
    order = _Order(
        count=_check_count(count, settings),
        prefix=clean_prefix(prefix or account.prefix),
        size=check_override("size", size),
        interval_days=check_override("interval_days", interval_days),
        is_public=settings.public_playlists if is_public is None else is_public,
        label_names=tuple(map(clean_label, label_names)),
        collections=find_collections(collection_ids),
    )
    _check_account(account)
    _check_library(order.collections)
    return _commit(
        account,
        order,
        settings,
        now=now,
        requested_by=requested_by,
        idempotency_key=idempotency_key,
    )


def _commit(
    account: Account,
    order: _Order,
    settings: RuntimeSettings,
    *,
    now: datetime,
    requested_by: AbstractBaseUser | None,
    idempotency_key: str | None,
) -> Run:
    """Insert what was ordered with its runs, or find the bulk that has done it."""
    with transaction.atomic():
        first_index = _reserve_indexes(account, order.count)
        earlier = _earlier_bulk(idempotency_key)
        if earlier is not None:
            _give_back_indexes(account, first_index)
            return earlier
        _check_room(account, order.count, settings)
        playlists = _insert_playlists(account, order, first_index, now=now)
        return opening.open_bulk(
            _WISH,
            [opening.spec_for(_WISH, playlist) for playlist in playlists],
            now=now,
            requested_by=requested_by,
            idempotency_key=idempotency_key,
        )


def resume_creation(
    *, playlist: Playlist, now: datetime, requested_by: AbstractBaseUser | None = None
) -> Run:
    """Go on creating a playlist whose run has failed or was cancelled.

    Safe at any point: a playlist that already stands on Spotify is found again.

    :raises InputError: the playlist is not being created.
    """
    if playlist.status != Playlist.Status.CREATING:
        raise InputError(f"{playlist.name} is not being created.")
    return opening.open_for(
        _WISH, playlists=[playlist], now=now, requested_by=requested_by
    )


def recreate_playlist(
    *, playlist: Playlist, now: datetime, requested_by: AbstractBaseUser | None = None
) -> Run:
    """Create a playlist anew that is gone on Spotify; its history stays.

    :raises InputError: the playlist is not known to be gone.
    """
    with transaction.atomic():
        reset = Playlist.objects.filter(
            pk=playlist.pk, status=Playlist.Status.MISSING
        ).update(
            status=Playlist.Status.CREATING,
            spotify_id=None,
            spotify_url="",
            spotify_snapshot_id="",
            marker=new_marker(),
            post_sent_at=None,
            details_pending=True,
            version=F("version") + 1,
        )
        if not reset:
            raise InputError(f"{playlist.name} is not missing on Spotify.")
        pushing.end_current_list(playlist, now=now)
        ledger.cancel_waiting(subject=playlist.subject, now=now)
        return opening.open_for(
            _WISH, playlists=[playlist], now=now, requested_by=requested_by
        )


def count_managed(account: Account) -> int:
    """Return how many playlists of an account count towards its limit."""
    return Playlist.objects.managed().filter(account=account).count()


def _check_count(count: int, settings: RuntimeSettings) -> int:
    most = settings.max_playlists_per_account
    if not 1 <= count <= most:
        raise InputError(
            f"1 to {most:,} playlists can be created, not {count:,}.", field="count"
        )
    return count


def _check_account(account: Account) -> None:
    if not account.is_usable:
        raise InputError(
            f"{account} is not connected ({account.get_status_display().lower()}).",
            field="account",
        )


def _check_library(collections: Sequence[Collection]) -> None:
    tracks = Track.objects.usable()
    if collections:
        tracks = tracks.filter(album__collections__in=[c.pk for c in collections])
    if not tracks.exists():
        where = "These collections hold" if collections else "The library holds"
        raise InputError(
            f"{where} no track that can be used. Ingest albums first.",
            field="collections",
        )


def _reserve_indexes(account: Account, count: int) -> int:
    """Take the next indexes and return the first.

    The UPDATE locks the account's row on PostgreSQL and the database on SQLite, so
    that what follows in this transaction is alone with this account.
    """
    mine = Account.objects.filter(pk=account.pk)
    mine.update(next_index=F("next_index") + count)
    return mine.values_list("next_index", flat=True).get() - count


def _give_back_indexes(account: Account, first_index: int) -> None:
    Account.objects.filter(pk=account.pk).update(next_index=first_index)


def _earlier_bulk(idempotency_key: str | None) -> Run | None:
    if idempotency_key is None:
        return None
    return Run.objects.filter(idempotency_key=idempotency_key).first()


def _check_room(account: Account, count: int, settings: RuntimeSettings) -> None:
    most = settings.max_playlists_per_account
    held = count_managed(account)
    if held + count > most:
        raise InputError(
            f"{account} holds {held:,} of {most:,} playlists: "
            f"{max(0, most - held):,} more fit.",
            field="count",
        )
    Account.objects.filter(pk=account.pk).update(playlists_count=held + count)


def _insert_playlists(
    account: Account, order: _Order, first_index: int, *, now: datetime
) -> list[Playlist]:
    playlists = Playlist.objects.bulk_create(
        [
            Playlist(
                account=account,
                prefix=order.prefix,
                index=index,
                name=playlist_name(order.prefix, index),
                is_public=order.is_public,
                size=order.size,
                interval_days=order.interval_days,
                marker=new_marker(),
                details_pending=True,
                created_at=now,
            )
            for index in range(first_index, first_index + order.count)
        ],
        batch_size=500,
    )
    _bind(playlists, order.collections)
    _label(playlists, order.label_names, now=now)
    return playlists


def _bind(playlists: Sequence[Playlist], collections: Sequence[Collection]) -> None:
    through = Playlist.collections.through
    through.objects.bulk_create(
        [
            through(playlist_id=playlist.pk, collection_id=collection.pk)
            for playlist in playlists
            for collection in collections
        ],
        batch_size=500,
    )


def _label(
    playlists: Sequence[Playlist], names: Sequence[str], *, now: datetime
) -> None:
    if names:
        mine = Playlist.objects.filter(pk__in=[playlist.pk for playlist in playlists])
        labelling.change_labels(playlists=mine, add=names, now=now)
