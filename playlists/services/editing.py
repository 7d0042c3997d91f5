"""Editing playlists, one and many, and telling Spotify what it shows of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, cast

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, QuerySet

from accounts.models import Account
from automation.models import Run
from automation.runtime import RuntimeSettings
from playlists.effective import BOUNDS, check_override
from playlists.lookups import find_collections
from playlists.models import Playlist
from playlists.naming import (
    clean_description,
    clean_name,
    clean_prefix,
    playlist_name,
)
from playlists.services import lateness, opening, spreading
from playlists.services.opening import Wish
from vibe_engine.errors import ConflictError, InputError

KIND = lateness.DETAILS
_WISH = Wish(kind=KIND, verb="Update")
MANAGED_THERE = (Playlist.Status.ACTIVE, Playlist.Status.PAUSED)
SHOWN_ON_SPOTIFY = frozenset(
    {"name", "description", "description_is_custom", "is_public"}
)


OWN_TIMES = {"reshuffle_weekday": 6, "reshuffle_hour": 23}
"""The highest value of each; the lowest is 0."""


class Changes(TypedDict, total=False):
    """What is to be changed; a key that is absent stays as it is.

    `description` "" has the sentence written anew with each list. Of the overrides
    None inherits the setting. `reshuffle_weekday` (Monday is 0) and `reshuffle_hour`
    are in UTC; None leaves them open.
    """

    name: str
    description: str
    is_public: bool
    size: int | None
    interval_days: int | None
    cooldown_days: int | None
    artist_cap: int | None
    artist_separation: int | None
    collection_ids: Sequence[int]
    reshuffle_weekday: int | None
    reshuffle_hour: int | None


@dataclass(frozen=True)
class BulkEdit:
    """How many playlists were changed, and the run that tells Spotify, if any."""

    changed: int
    run: Run | None


def edit_playlist(
    *,
    playlist: Playlist,
    version: int,
    changes: Changes,
    settings: RuntimeSettings,
    now: datetime,
    requested_by: AbstractBaseUser | None = None,
) -> Run | None:
    """Change a playlist as the person saw it at `version`.

    Returns the run that tells Spotify, None where nothing it shows has changed.

    :raises ConflictError: somebody else has changed it since.
    :raises InputError: a value is not possible; `field` names it.
    """
    columns, collection_ids = _clean(changes)
    differing = {k: v for k, v in columns.items() if getattr(playlist, k) != v}
    tells = bool(SHOWN_ON_SPOTIFY & differing.keys()) and _stands_on_spotify(playlist)
    with transaction.atomic():
        pending = {"details_pending": True} if tells else {}
        _update_at(playlist, version, **differing, **pending)
        mine = Playlist.objects.filter(pk=playlist.pk)
        _set_collections(mine, collection_ids)
        _date_anew(mine, differing, settings)
        playlist.refresh_from_db()
        if not tells:
            return None
        return open_details(playlists=mine, now=now, requested_by=requested_by)


def _update_at(playlist: Playlist, version: int, **columns: Any) -> None:
    """Change columns of the row that a person saw.

    :raises ConflictError: it is another by now.
    """
    seen = Playlist.objects.filter(pk=playlist.pk, version=version)
    if not seen.update(**columns, version=F("version") + 1):
        raise ConflictError(
            f"{playlist.name} was changed by somebody else. Look at it again."
        )


def edit_playlists(
    *,
    playlists: QuerySet[Playlist],
    changes: Changes,
    settings: RuntimeSettings,
    now: datetime,
    requested_by: AbstractBaseUser | None = None,
) -> BulkEdit:
    """Change many playlists alike; everything but the name.

    :raises InputError: a value is not possible, or nothing is to be changed.
    """
    if "name" in changes:
        raise InputError("Playlists are renamed one by one.", field="name")
    columns, collection_ids = _clean(changes)
    if not changes:
        raise InputError("Nothing is to be changed.")
    with transaction.atomic():
        ids = list(playlists.values_list("pk", flat=True))
        mine = Playlist.objects.managed().filter(pk__in=ids)
        telling = _those_to_tell(mine, columns)
        changed = mine.update(**columns, version=F("version") + 1)
        _set_collections(mine, collection_ids)
        _date_anew(mine, columns, settings)
        told = Playlist.objects.filter(pk__in=telling)
        told.update(details_pending=True)
        run = None
        if telling:
            run = open_details(playlists=told, now=now, requested_by=requested_by)
    return BulkEdit(changed, run)


def open_details(
    *,
    playlists: QuerySet[Playlist],
    now: datetime,
    requested_by: AbstractBaseUser | None = None,
    title: str = "",
) -> Run:
    """Open runs that tell Spotify name, description and visibility.

    :raises InputError: no playlist is given.
    """
    return opening.open_for(
        Wish(kind=KIND, verb="Update", title=title),
        playlists=playlists,
        now=now,
        requested_by=requested_by,
    )


def untold_playlists(*, now: datetime) -> QuerySet[Playlist]:
    """Return the playlists of usable accounts whose details Spotify must be told."""
    untold = Playlist.objects.filter(
        details_pending=True,
        spotify_id__isnull=False,
        status__in=MANAGED_THERE,
        account__status=Account.Status.ACTIVE,
    )
    return opening.at_rest(untold, KIND, now=now)


def open_untold(*, now: datetime) -> int:
    """Open runs for details that Spotify was never told; return how many.

    An edit that joins a run just as it ends is caught up with here.
    """
    untold = untold_playlists(now=now)
    count = untold.count()
    if count:
        open_details(playlists=untold, now=now)
    return count


def rename_playlists(
    *,
    account: Account,
    now: datetime,
    requested_by: AbstractBaseUser | None = None,
    prefix: str = "",
) -> Run:
    """Name an account's playlists "<prefix> • 001" and open the bulk that tells it.

    `prefix` "" takes the account's.

    :raises InputError: the prefix is not possible, or all have these names.
    """
    wanted = clean_prefix(prefix or account.prefix)
    with transaction.atomic():
        renamed = list(_with_other_names(account, wanted))
        for playlist in renamed:
            playlist.prefix = wanted
            playlist.name = playlist_name(wanted, playlist.index)
            playlist.version += 1
            playlist.details_pending = True
        Playlist.objects.bulk_update(
            renamed, ["prefix", "name", "version", "details_pending"], batch_size=200
        )
        if not renamed:
            raise InputError("Every playlist has that name already.", field="prefix")
        return opening.open_bulk(
            _WISH,
            [opening.spec_for(_WISH, playlist) for playlist in renamed],
            now=now,
            requested_by=requested_by,
        )


def count_renames(*, account: Account, prefix: str = "") -> int:
    """Return how many playlists `rename_playlists` would rename."""
    return len(_with_other_names(account, clean_prefix(prefix or account.prefix)))


def pause_playlists(*, playlists: QuerySet[Playlist]) -> int:
    """Take active playlists out of the schedule; return how many.

    A reshuffle that a person asks for still works.
    """
    return _move(playlists, Playlist.Status.ACTIVE, Playlist.Status.PAUSED)


def resume_playlists(*, playlists: QuerySet[Playlist]) -> int:
    """Put paused playlists back into the schedule; return how many.

    What became due meanwhile is reshuffled at the next occasion, once.
    """
    return _move(playlists, Playlist.Status.PAUSED, Playlist.Status.ACTIVE)


def _clean(changes: Changes) -> tuple[dict[str, Any], Sequence[int] | None]:
    """Return the columns to write and the collections to set (None: leave them)."""
    columns: dict[str, Any] = {}
    if "name" in changes:
        columns["name"] = clean_name(changes["name"])
    if "description" in changes:
        text = clean_description(changes["description"])
        columns["description_is_custom"] = bool(text)
        if text:
            columns["description"] = text
    if "is_public" in changes:
        columns["is_public"] = changes["is_public"]
    values = cast("Mapping[str, Any]", changes)
    for name in BOUNDS.keys() & values.keys():
        columns[name] = check_override(name, values[name])
    for name in OWN_TIMES.keys() & values.keys():
        columns[name] = _check_own_time(name, values[name])
    return columns, changes.get("collection_ids")


def _check_own_time(name: str, value: int | None) -> int | None:
    """Return a weekday or an hour as it is if there is such a one.

    :raises InputError: there is none; `field` is `name`.
    """
    if value is not None and not 0 <= value <= OWN_TIMES[name]:
        raise InputError(
            f"0 to {OWN_TIMES[name]} is possible, not {value}.", field=name
        )
    return value


def _stands_on_spotify(playlist: Playlist) -> bool:
    return bool(playlist.spotify_id) and playlist.status in MANAGED_THERE


def _those_to_tell(
    playlists: QuerySet[Playlist], columns: Mapping[str, Any]
) -> list[int]:
    """Return the playlists of which Spotify shows something that now changes."""
    shown = {name: columns[name] for name in SHOWN_ON_SPOTIFY & columns.keys()}
    if not shown:
        return []
    there = playlists.filter(spotify_id__isnull=False, status__in=MANAGED_THERE)
    return list(there.exclude(**shown).values_list("pk", flat=True))


def _set_collections(
    playlists: QuerySet[Playlist], collection_ids: Sequence[int] | None
) -> None:
    if collection_ids is None:
        return
    through = Playlist.collections.through
    collections = find_collections(collection_ids)
    ids = list(playlists.values_list("pk", flat=True))
    through.objects.filter(playlist_id__in=ids).delete()
    through.objects.bulk_create(
        [
            through(playlist_id=pk, collection_id=collection.pk)
            for pk in ids
            for collection in collections
        ],
        batch_size=500,
    )


def _date_anew(
    playlists: QuerySet[Playlist],
    columns: Mapping[str, Any],
    settings: RuntimeSettings,
) -> None:
    """Let a changed rhythm count from the last reshuffle on."""
    if columns.keys() & set(spreading.COLUMNS):
        spreading.redate(playlists, settings=settings)


def _with_other_names(account: Account, prefix: str) -> list[Playlist]:
    playlists = Playlist.objects.managed().filter(account=account)
    return [
        one
        for one in playlists.select_related("account__app").order_by("index")
        if one.name != playlist_name(prefix, one.index) or one.prefix != prefix
    ]


def _move(
    playlists: QuerySet[Playlist], before: Playlist.Status, after: Playlist.Status
) -> int:
    ids = list(playlists.filter(status=before).values_list("pk", flat=True))
    return Playlist.objects.filter(pk__in=ids, status=before).update(status=after)
