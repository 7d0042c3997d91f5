"""A new playlist from nothing to its first list, in three calls."""

from datetime import datetime

from automation import ledger
from automation.faultpoints import fault_point
from automation.models import Run
from automation.runtime import RuntimeSettings
from playlists.models import Playlist, PlaylistSnapshot
from playlists.services import ahead, details, founding, planning, pushing
from vibe_engine.spotify.client import SpotifyClient


def make_playlist(
    *,
    run: Run,
    playlist: Playlist,
    client: SpotifyClient,
    settings: RuntimeSettings,
    now: datetime,
) -> dict[str, object]:
    """Plan, create on Spotify, fill and describe a playlist.

    Each step first looks whether it has been done, so this may be called again
    after a crash at any point. The list is drawn first: without a track to draw,
    nothing is created.
    """
    plan = playlist.snapshots.current().first()
    if plan is None:
        plan = _plan(run, playlist, settings, now=now)
    ledger.note_step(run, "Creating it on Spotify", done=1, total=4)
    others = founding.found_playlist(run=run, playlist=playlist, client=client, now=now)
    if plan.state == PlaylistSnapshot.State.PLANNED:
        ledger.note_step(run, f"Filling it with {plan.track_count} tracks", done=2)
        pushing.push_plan(
            run=run,
            playlist=playlist,
            plan=plan,
            client=client,
            settings=settings,
            now=now,
        )
    ledger.note_step(run, "Describing it", done=3)
    _describe(run, playlist, client, settings, now=now)
    _activate(run, playlist)
    return {"tracks": plan.track_count, "unexpected_playlists": others}


def _plan(
    run: Run, playlist: Playlist, settings: RuntimeSettings, *, now: datetime
) -> PlaylistSnapshot:
    origin = PlaylistSnapshot.Origin.CREATE
    ahead.draw_ahead(
        run=run, playlist=playlist, origin=origin, settings=settings, now=now
    )
    return planning.plan_list(
        run=run, playlist=playlist, origin=origin, settings=settings, now=now
    )


def _describe(
    run: Run,
    playlist: Playlist,
    client: SpotifyClient,
    settings: RuntimeSettings,
    *,
    now: datetime,
) -> None:
    playlist.refresh_from_db()
    if playlist.details_pending:
        details.tell_details(
            run=run, playlist=playlist, client=client, settings=settings, now=now
        )
    fault_point("create.after_details")


def _activate(run: Run, playlist: Playlist) -> None:
    with ledger.fenced(run):
        Playlist.objects.filter(pk=playlist.pk, status=Playlist.Status.CREATING).update(
            status=Playlist.Status.ACTIVE
        )
