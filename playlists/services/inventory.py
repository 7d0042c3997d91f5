"""Looking at what accounts really hold on Spotify, a little every day.

One listing of an account's library says which playlists are gone, which have another
version than the one we pushed, and which are none of ours. Another version may come
of a changed name as well, so those are looked into: a share of them each day.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F, QuerySet

from accounts.failures import translated
from accounts.models import Account
from automation import ledger
from automation.ledger import RunSpec, unblock
from automation.models import Run
from playlists.models import Inventory, Playlist, PlaylistLook, PlaylistSnapshot
from playlists.services import pushing
from vibe_engine.errors import InputError, WaitError
from vibe_engine.spotify.client import SpotifyClient
from vibe_engine.spotify.errors import NotFoundError
from vibe_engine.spotify.types import PlaylistData

KIND = "playlists.inventory"
SPREAD = timedelta(hours=4)
"""Over so long the accounts of a fleet are looked at, one after another."""
SETTLE = timedelta(hours=1)
"""Younger lists and playlists are left alone: Spotify's answers lag behind."""
LOOK_AGAIN = timedelta(minutes=10)
"""A playlist that is absent counts as gone once it is absent so much later, too."""
DAYS_FOR_ALL = 7
"""Within so many days every playlist with another version is looked into."""
FEW = 3
MOST_OTHERS = 100
STANDS = (Playlist.Status.ACTIVE, Playlist.Status.PAUSED)
KNOWN = (*STANDS, Playlist.Status.MISSING)


def open_inventories(
    *, now: datetime, requested_by: AbstractBaseUser | None = None
) -> int:
    """Open a look at every account that can be used, spread over hours; count them.

    What a person asks for begins at once and looks into everything.

    :raises InputError: a person asks, and no account is connected.
    """
    accounts = list(Account.objects.usable().select_related("app").order_by("pk"))
    step = timedelta() if requested_by else SPREAD / max(len(accounts), 1)
    for number, account in enumerate(accounts):
        spec = RunSpec(
            kind=KIND,
            subject=f"inventory:{account.pk}",
            title=f"Look at what {account} holds on Spotify",
            lane=account.lane,
            budget=account.budget,
            url=account.get_absolute_url(),
            arguments={"thorough": requested_by is not None},
            priority=Run.Priority.INTERACTIVE
            if requested_by
            else Run.Priority.BACKGROUND,
            due_at=now + number * step,
        )
        ledger.open_run(spec, now=now, requested_by=requested_by)
    if requested_by and not accounts:
        raise InputError("No account is connected that could be looked at.")
    return len(accounts)


def take_inventory(
    *, run: Run, account: Account, client: SpotifyClient, now: datetime
) -> dict[str, object]:
    """Compare an account's library on Spotify with what stands here.

    :raises WaitError: something is absent for the first time; it is looked for once
        more before it counts as gone.
    """
    ledger.note_step(run, "Reading the list of playlists")
    there = {data.id: data for data in _listed(run, account, client, now=now)}
    ours = list(_ours(account, now=now))
    absent = [one for one in ours if one.spotify_id not in there]
    note, doubtful = _note_absent(run, ours, absent, now=now)
    back = _welcome_back(run, account, there, now=now)
    edited = _look_into(run, account, client, _changed(run, ours, there), now=now)
    _write_down(run, account, there, note, now=now)
    if doubtful:
        raise WaitError(
            now + LOOK_AGAIN,
            "settle",
            f"{_count(doubtful)} absent on Spotify; looked for once more.",
        )
    return {"found": len(there), "back": back, "edited": edited, "absent": len(absent)}


def _listed(
    run: Run, account: Account, client: SpotifyClient, *, now: datetime
) -> Iterator[PlaylistData]:
    ledger.require_lease(run)
    with translated(account, now):
        for data in client.my_playlists():
            ledger.require_lease(run)
            yield data


def _ours(account: Account, *, now: datetime) -> QuerySet[Playlist]:
    """Return the account's settled playlists, with what was seen of them before."""
    return (
        Playlist.objects.filter(
            account=account,
            status__in=STANDS,
            spotify_id__isnull=False,
            created_at__lt=now - SETTLE,
        )
        .select_related("account", "look")
        .order_by("index")
    )


def _look_of(playlist: Playlist) -> PlaylistLook:
    look: PlaylistLook | None = getattr(playlist, "look", None)
    return look or PlaylistLook(playlist=playlist)


def _note_absent(
    run: Run, ours: Sequence[Playlist], absent: Sequence[Playlist], *, now: datetime
) -> tuple[str, int]:
    """Mark as gone what is absent for the second time; return a note, and the others.

    Where most of the account's playlists are absent at once, Spotify is more likely
    wrong than somebody that thorough: a person is told, and nothing is marked.
    """
    if len(absent) > max(FEW, len(ours) // 2):
        return (
            f"Spotify listed none of {len(absent)} of {len(ours)} playlists, so none "
            "was marked as gone. Look at the account there.",
            0,
        )
    gone = [
        one
        for one in absent
        if (since := _look_of(one).absent_since) and since <= now - LOOK_AGAIN
    ]
    with ledger.fenced(run):
        keys = [one.pk for one in absent]
        PlaylistLook.objects.exclude(playlist__in=keys).filter(
            playlist__in=[one.pk for one in ours]
        ).update(absent_since=None)
        for one in absent:
            PlaylistLook.objects.get_or_create(playlist=one)
        fresh = PlaylistLook.objects.filter(playlist__in=keys, absent_since=None)
        fresh.update(absent_since=now)
        Playlist.objects.filter(
            pk__in=[one.pk for one in gone], status__in=STANDS
        ).update(status=Playlist.Status.MISSING, version=F("version") + 1)
    return "", len(absent) - len(gone)


def _welcome_back(
    run: Run, account: Account, there: dict[str, PlaylistData], *, now: datetime
) -> int:
    """Take up again what was gone and stands there once more; return how many."""
    missing = Playlist.objects.filter(
        account=account, status=Playlist.Status.MISSING, spotify_id__in=list(there)
    )
    with ledger.fenced(run):
        keys = list(missing.values_list("pk", flat=True))
        back = missing.update(status=Playlist.Status.ACTIVE, version=F("version") + 1)
        PlaylistLook.objects.filter(playlist__in=keys).update(absent_since=None)
        if back:
            unblock(lane=account.lane, reason="remote_missing", now=now)
    return back


def _changed(
    run: Run, ours: Iterable[Playlist], there: dict[str, PlaylistData]
) -> list[tuple[Playlist, PlaylistData]]:
    """Return what has a version that was neither pushed nor looked into, oldest first.

    A schedule's run takes a share of the account, so that all are seen within days.
    """
    ours = list(ours)
    changed = [
        (one, there[one.spotify_id or ""])
        for one in ours
        if one.spotify_id in there
        and there[one.spotify_id].snapshot_id
        not in {one.spotify_snapshot_id, _look_of(one).looked_version}
    ]
    changed.sort(key=lambda pair: str(_look_of(pair[0]).looked_at or ""))
    most = len(ours) if run.arguments.get("thorough") else -(-len(ours) // DAYS_FOR_ALL)
    return changed[:most]


def _look_into(
    run: Run,
    account: Account,
    client: SpotifyClient,
    changed: Sequence[tuple[Playlist, PlaylistData]],
    *,
    now: datetime,
) -> int:
    """Compare lists track by track; return how many were edited by hand."""
    edited = 0
    for done, (playlist, data) in enumerate(changed):
        ledger.note_step(run, f"Looking into {playlist}", done=done, total=len(changed))
        current = playlist.snapshots.current().first()
        if current is None or _is_fresh(current, now=now):
            continue
        ledger.require_lease(run)
        try:
            with translated(account, now):
                theirs = client.playlist_items(data.id)
        except NotFoundError:
            continue
        edited += _store_look(run, playlist, data, current, theirs, now=now)
    return edited


def _is_fresh(current: PlaylistSnapshot, *, now: datetime) -> bool:
    return current.confirmed_at is None or current.confirmed_at > now - SETTLE


def _store_look(
    run: Run,
    playlist: Playlist,
    data: PlaylistData,
    current: PlaylistSnapshot,
    theirs: Sequence[str],
    *,
    now: datetime,
) -> bool:
    """Write down what was seen; nothing where another list was pushed meanwhile."""
    mine = tuple(pushing.uris_of(current.track_ids()))
    is_edited = tuple(theirs) != mine
    with ledger.fenced(run):
        busy = Run.objects.filter(subject=playlist.subject, state=Run.State.WORKING)
        if busy.exists() or not playlist.snapshots.current().filter(pk=current.pk):
            return False
        PlaylistLook.objects.update_or_create(
            playlist=playlist,
            defaults={
                "absent_since": None,
                "looked_at": now,
                "looked_version": data.snapshot_id,
                "edited_seen_at": now if is_edited else None,
                "edited_over": playlist.spotify_snapshot_id if is_edited else "",
                "came_in": len(set(theirs) - set(mine)),
                "went_out": len(set(mine) - set(theirs)),
            },
        )
    return is_edited


def _write_down(
    run: Run,
    account: Account,
    there: dict[str, PlaylistData],
    note: str,
    *,
    now: datetime,
) -> None:
    mine = Playlist.objects.filter(account=account, spotify_id__in=list(there))
    known = set(mine.values_list("spotify_id", flat=True))
    names = set(Playlist.objects.filter(account=account).values_list("name", flat=True))
    others = [
        _described(data, names)
        for data in there.values()
        if data.owner_id == account.user_id and data.id not in known
    ]
    others.sort(key=lambda one: not one["looks_ours"])
    missing = Playlist.objects.filter(account=account, status=Playlist.Status.MISSING)
    with ledger.fenced(run):
        Inventory.objects.update_or_create(
            account=account,
            defaults={
                "looked_at": now,
                "found": len(known),
                "missing": missing.count(),
                "others_total": len(others),
                "others": others[:MOST_OTHERS],
                "note": note[:300],
            },
        )


def _described(data: PlaylistData, names: set[str]) -> dict[str, Any]:
    return {
        "id": data.id,
        "name": data.name,
        "url": data.url,
        "looks_ours": data.name in names,
    }


def _count(number: int) -> str:
    return "1 playlist is" if number == 1 else f"{number} playlists are"


def edited_looks() -> QuerySet[PlaylistLook]:
    """Return the hand edits that no later push has overwritten, newest first."""
    return (
        PlaylistLook.objects.filter(
            edited_seen_at__isnull=False,
            edited_over=F("playlist__spotify_snapshot_id"),
            playlist__status__in=STANDS,
        )
        .select_related("playlist__account")
        .order_by("-edited_seen_at")
    )


def edited_look(playlist: Playlist) -> PlaylistLook | None:
    """Return what hands have changed in a playlist since it was pushed, if anything."""
    look = _look_of(playlist)
    if look.edited_seen_at is None:
        return None
    stands = look.edited_over == playlist.spotify_snapshot_id
    return look if stands and playlist.status in STANDS else None
