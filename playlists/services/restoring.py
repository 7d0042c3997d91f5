"""Bringing an earlier list back, and pushing the present one again."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet

from automation import ledger, waiting
from automation.models import Run
from automation.runtime import RuntimeSettings
from library.models import Track
from playlists.effective import calls_per_turn
from playlists.models import Playlist, PlaylistSnapshot
from playlists.services import details, lateness, opening, planning, pushing
from playlists.services.lateness import PUSH as PUSH
from playlists.services.opening import Playlists, Wish
from vibe_engine.errors import ConflictError, InputError, VibeError
from vibe_engine.spotify.client import SpotifyClient

RESTORE = "playlists.restore"
RESTORED = (Playlist.Status.ACTIVE, Playlist.Status.PAUSED)
PUSHED = (*RESTORED, Playlist.Status.MISSING)
"""A missing playlist may have been recovered on Spotify: pushing tries it."""
FOUND_AGAIN = ("remote_missing", "forbidden")
"""Why other runs about a playlist may be blocked that a good push sets free."""


def open_restore(
    *,
    snapshot: PlaylistSnapshot,
    now: datetime,
    requested_by: AbstractBaseUser | None = None,
) -> Run:
    """Open the restoring of a list that once stood on Spotify.

    :raises InputError: it never stood there, was empty, or its playlist is not
        looked after.
    :raises ConflictError: another list of this playlist waits to be restored.
    """
    playlist = snapshot.playlist
    if snapshot.state != PlaylistSnapshot.State.CONFIRMED or not snapshot.track_count:
        raise InputError("Only a list with tracks that stood on Spotify can come back.")
    if playlist.status not in RESTORED:
        raise InputError(
            f"{playlist.name} is not looked after "
            f"({playlist.get_status_display().lower()})."
        )
    wish = Wish(kind=RESTORE, verb="Restore", arguments={"snapshot": snapshot.pk})
    run = opening.open_for(
        wish, playlists=[playlist], now=now, requested_by=requested_by
    )
    if run.arguments.get("snapshot") != snapshot.pk:
        raise ConflictError(f"Another list of {playlist.name} is being restored.")
    return run


def count_calls(*, playlist: Playlist, settings: RuntimeSettings) -> int:
    """Return how many calls a restore costs at most: the list, and new words."""
    return calls_per_turn(settings, own_words=playlist.description_is_custom)


def restore_list(
    *,
    run: Run,
    playlist: Playlist,
    snapshot: PlaylistSnapshot,
    client: SpotifyClient,
    settings: RuntimeSettings,
    now: datetime,
) -> dict[str, object]:
    """Bring a list back as a new snapshot; the next reshuffle stays where it is.

    Tracks that Spotify no longer plays or that are held are left out, and the
    report names them.

    :raises VibeError: none of its tracks may be used any more.
    """
    restored = playlist.snapshots.current().filter(run=run).first()
    if restored is None:
        restored = playlist.snapshots.planned().filter(run=run).first()
        if restored is None:
            restored = planning.store_snapshot(
                run=run, playlist=playlist, now=now, **plan_again(snapshot)
            )
        pushing.push_plan(
            run=run,
            playlist=playlist,
            plan=restored,
            client=client,
            settings=settings,
            now=now,
        )
    details.refresh_description(
        run=run, playlist=playlist, client=client, settings=settings, now=now
    )
    return {"snapshot": restored.pk, "tracks": restored.track_count}


def plan_again(snapshot: PlaylistSnapshot) -> dict[str, Any]:
    """Return the columns of a list that holds what may still be used of another.

    :raises VibeError: none of its tracks may be used any more.
    """
    track_ids = snapshot.track_ids()
    usable = set(
        Track.objects.usable().filter(pk__in=track_ids).values_list("pk", flat=True)
    )
    kept = [pk for pk in track_ids if pk in usable]
    if not kept:
        raise VibeError(
            "Every track of that list is held or no longer played by Spotify, so the "
            "present list stays."
        )
    return {
        "origin": PlaylistSnapshot.Origin.RESTORE,
        "track_ids": kept,
        "restored_from": snapshot,
        "seed": snapshot.seed,
        "rules_hash": snapshot.rules_hash,
        "library_version": snapshot.library_version,
        "report": {"left_out": [pk for pk in track_ids if pk not in usable]},
    }


def open_push(
    *,
    playlists: Playlists,
    now: datetime,
    requested_by: AbstractBaseUser | None = None,
    title: str = "",
    url: str = "",
) -> Run:
    """Open the pushing of each playlist's present list once more, nothing drawn.

    :raises InputError: none of the playlists stands on Spotify.
    """
    if isinstance(playlists, QuerySet):
        playlists = playlists.filter(status__in=PUSHED)
    else:
        playlists = [one for one in playlists if one.status in PUSHED]
    return opening.open_for(
        Wish(kind=PUSH, verb="Push", title=title, url=url),
        playlists=playlists,
        now=now,
        requested_by=requested_by,
    )


def push_again(
    *, run: Run, playlist: Playlist, client: SpotifyClient, now: datetime
) -> dict[str, object]:
    """Make Spotify hold the list that was confirmed last; no snapshot, no history.

    :raises VibeError: there is none yet.
    """
    current = playlist.snapshots.current().first()
    if current is None:
        raise VibeError(f"{playlist.name} has no list yet. Reshuffle it.")
    with ledger.fenced(run):
        planning.abandon_plan(playlist, now=now)
    version = pushing.send_tracks(
        run=run,
        playlist=playlist,
        uris=pushing.uris_of(current.track_ids()),
        client=client,
        now=now,
    )
    with ledger.fenced(run):
        mine = Playlist.objects.filter(pk=playlist.pk)
        lateness.clear(playlist)
        mine.update(spotify_snapshot_id=version)
        mine.filter(status=Playlist.Status.MISSING).update(
            status=Playlist.Status.ACTIVE
        )
        waiting.let_go_on(subject=playlist.subject, reasons=FOUND_AGAIN, now=now)
    return {"snapshot": current.pk, "tracks": current.track_count}
