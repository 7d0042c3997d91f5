"""Shadow mode: lists are drawn and recorded as they would be sent, and are not sent.

A shadow list was never live, so nothing rests because of it: each is drawn against
what really stands on Spotify, and the one after it as though there had been none.
So the live rotation goes on where it stopped once shadow mode is left.
"""

from datetime import datetime

from django.db.models import Exists, OuterRef

from automation import holds, ledger
from automation.models import Run
from automation.runtime import RuntimeSettings
from playlists.models import Playlist, PlaylistSnapshot
from playlists.services import planning, restoring, spreading
from vibe_engine.errors import BlockedError

SHADOW = PlaylistSnapshot.State.SHADOW


def shadow_reshuffle(
    *,
    run: Run,
    playlist: Playlist,
    settings: RuntimeSettings,
    now: datetime,
    seed: int | None = None,
) -> dict[str, object]:
    """Record the list that a reshuffle would send; the next one is an interval away.

    :raises EmptyDrawError: no track may be drawn.
    """
    origin = PlaylistSnapshot.Origin.RESHUFFLE
    snapshot = _recorded(run, playlist) or _draw(
        run, playlist, origin, settings, now=now, seed=seed
    )
    return _result(snapshot)


def shadow_restore(
    *, run: Run, playlist: Playlist, snapshot: PlaylistSnapshot, now: datetime
) -> dict[str, object]:
    """Record the list that a restore would send.

    :raises VibeError: none of its tracks may be used any more.
    """
    recorded = _recorded(run, playlist)
    if recorded is None:
        with ledger.fenced(run):
            recorded = planning.insert_snapshot(
                run=run,
                playlist=playlist,
                state=SHADOW,
                now=now,
                **restoring.plan_again(snapshot),
            )
    return _result(recorded)


def shadow_create(
    *, run: Run, playlist: Playlist, settings: RuntimeSettings, now: datetime
) -> None:
    """Record the first list that the playlist would get; creating it waits.

    :raises EmptyDrawError: no track may be drawn.
    :raises BlockedError: "shadow", always.
    """
    recorded = _recorded(run, playlist)
    if recorded is None:
        origin = PlaylistSnapshot.Origin.CREATE
        recorded = _draw(run, playlist, origin, settings, now=now)
    raise BlockedError(
        holds.SHADOW,
        f"Shadow mode: it would be created with {recorded.track_count} tracks, and is "
        "when shadow mode is left.",
    )


def date_by_live_lists(*, lane: str, settings: RuntimeSettings) -> int:
    """Date what was reshuffled in shadow by the list that really stands on Spotify.

    `lane` "" means the fleet. What is overdue by that is reshuffled at the next
    occasion. Returns how many playlists that concerns.
    """
    drawn = PlaylistSnapshot.objects.filter(
        playlist=OuterRef("pk"),
        state=SHADOW,
        planned_at__gt=OuterRef("last_reshuffled_at"),
    )
    moved = Playlist.objects.filter(Exists(drawn), last_reshuffled_at__isnull=False)
    if lane:
        moved = moved.filter(account=int(lane.removeprefix("account:")))
    return spreading.redate(moved, settings=settings)


def _recorded(run: Run, playlist: Playlist) -> PlaylistSnapshot | None:
    """Return what an earlier attempt of this run has recorded, or brought there."""
    states = (SHADOW, PlaylistSnapshot.State.CONFIRMED)
    return playlist.snapshots.filter(run=run, state__in=states).first()


def _draw(
    run: Run,
    playlist: Playlist,
    origin: PlaylistSnapshot.Origin,
    settings: RuntimeSettings,
    *,
    now: datetime,
    seed: int | None = None,
) -> PlaylistSnapshot:
    plan = planning.draw_list(
        playlist=playlist,
        settings=settings,
        now=now,
        seed=run.pk if seed is None else seed,
    )
    due_at = spreading.next_due(playlist, settings, last_at=now)
    with ledger.fenced(run):
        if playlist.next_reshuffle_at is not None:
            mine = Playlist.objects.filter(pk=playlist.pk)
            mine.update(next_reshuffle_at=due_at)
        return planning.insert_snapshot(
            run=run,
            playlist=playlist,
            state=SHADOW,
            origin=origin,
            now=now,
            **plan.columns(),
        )


def _result(snapshot: PlaylistSnapshot) -> dict[str, object]:
    return {
        "shadow": snapshot.state == SHADOW,
        "snapshot": snapshot.pk,
        "tracks": snapshot.track_count,
    }
