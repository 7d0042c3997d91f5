"""Three ways to part with a playlist, told apart.

Stop managing: nothing happens on Spotify. Unfollow: it leaves the account's library
there, which is how Spotify deletes. Empty: it stays there, with nothing in it.
"""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, QuerySet

from accounts.models import Account
from automation import ledger
from automation.models import Run
from automation.runtime import RuntimeSettings
from playlists.models import Playlist, PlaylistSnapshot
from playlists.services import opening, planning, pushing
from playlists.services.creation import count_managed
from playlists.services.lateness import SETTLE
from playlists.services.opening import Playlists, Wish
from vibe_engine.spotify.client import SpotifyClient

UNFOLLOW = "playlists.unfollow"
EMPTY = "playlists.empty"
ON_SPOTIFY = (Playlist.Status.ACTIVE, Playlist.Status.PAUSED, Playlist.Status.MISSING)


def stop_managing(*, playlists: Playlists, now: datetime) -> int:
    """Leave playlists to themselves and cancel what waits; return how many.

    They stay on Spotify as they are. Their history stays here, their indexes are
    not used again. What a creation cut short may have left there is looked for.
    """
    ids = [playlist.pk for playlist in playlists]
    with transaction.atomic():
        mine = Playlist.objects.managed().filter(pk__in=ids)
        leaving = list(mine)
        mine.update(
            status=Playlist.Status.REMOVED, removed_at=now, version=F("version") + 1
        )
        half_made = [one.pk for one in leaving if _may_be_half_made(one)]
        Playlist.objects.filter(pk__in=half_made).update(tidy_from=now + SETTLE)
        for playlist in leaving:
            ledger.cancel_waiting(subject=playlist.subject, now=now)
        _count_anew({playlist.account_id for playlist in leaving})
    return len(leaving)


def _may_be_half_made(playlist: Playlist) -> bool:
    """Whether Spotify may hold it, under its marker, before it was finished."""
    began = playlist.post_sent_at is not None or playlist.spotify_id is not None
    return began and playlist.status == Playlist.Status.CREATING


def open_unfollow(
    *,
    playlists: Playlists,
    now: datetime,
    requested_by: AbstractBaseUser | None = None,
    title: str = "",
) -> Run:
    """Open the removal of playlists from their accounts' libraries on Spotify.

    Other followers keep them there. Other work that waits on them is cancelled.

    :raises InputError: none of the playlists stands on Spotify.
    """
    return _open(UNFOLLOW, "Unfollow", playlists, title, now, requested_by)


def open_empty(
    *,
    playlists: Playlists,
    now: datetime,
    requested_by: AbstractBaseUser | None = None,
    title: str = "",
) -> Run:
    """Open the emptying of playlists; they are paused, so that they stay empty.

    Other work that waits on them is cancelled.

    :raises InputError: none of the playlists stands on Spotify.
    """
    return _open(EMPTY, "Empty", playlists, title, now, requested_by)


def unfollow_playlist(
    *, run: Run, playlist: Playlist, client: SpotifyClient, now: datetime
) -> dict[str, object]:
    """Take a playlist out of its account's library and stop managing it."""
    with pushing.calling_spotify(run, playlist, now=now):
        client.unfollow(playlist.spotify_id or "")
    with ledger.fenced(run):
        pushing.end_current_list(playlist, now=now)
        planning.abandon_plan(playlist, now=now)
        stop_managing(playlists=[playlist], now=now)
    return {}


def empty_playlist(
    *,
    run: Run,
    playlist: Playlist,
    client: SpotifyClient,
    settings: RuntimeSettings,
    now: datetime,
) -> dict[str, object]:
    """Make Spotify's playlist hold nothing, as a snapshot without tracks."""
    emptied = playlist.snapshots.current().filter(run=run).first()
    if emptied is None:
        emptied = playlist.snapshots.planned().filter(run=run).first()
        if emptied is None:
            emptied = planning.store_snapshot(
                run=run,
                playlist=playlist,
                origin=PlaylistSnapshot.Origin.EMPTY,
                track_ids=[],
                now=now,
            )
        pushing.push_plan(
            run=run,
            playlist=playlist,
            plan=emptied,
            client=client,
            settings=settings,
            now=now,
        )
    return {"snapshot": emptied.pk}


def _open(
    kind: str,
    verb: str,
    playlists: Playlists,
    title: str,
    now: datetime,
    requested_by: AbstractBaseUser | None,
) -> Run:
    if isinstance(playlists, QuerySet):
        playlists = playlists.filter(status__in=ON_SPOTIFY)
    chosen = [one for one in opening.with_lane(playlists) if one.status in ON_SPOTIFY]
    with transaction.atomic():
        for playlist in chosen:
            ledger.cancel_waiting(subject=playlist.subject, now=now)
        if kind == EMPTY:
            Playlist.objects.filter(
                pk__in=[one.pk for one in chosen], status=Playlist.Status.ACTIVE
            ).update(status=Playlist.Status.PAUSED)
        return opening.open_for(
            Wish(kind=kind, verb=verb, title=title),
            playlists=chosen,
            now=now,
            requested_by=requested_by,
        )


def _count_anew(account_ids: set[int]) -> None:
    for account in Account.objects.filter(pk__in=account_ids):
        Account.objects.filter(pk=account.pk).update(
            playlists_count=count_managed(account)
        )
