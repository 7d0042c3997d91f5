"""Bringing a planned list to Spotify and confirming it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from accounts.failures import translated
from automation import ledger
from automation.faultpoints import fault_point
from automation.models import Run
from automation.runtime import RuntimeSettings
from library import services as library_services
from library.models import Track
from playlists.models import HistoryEntry, Playlist, PlaylistSnapshot
from playlists.services import lateness, spreading
from vibe_engine.errors import BlockedError, TransientError, VibeError
from vibe_engine.spotify.client import SpotifyClient
from vibe_engine.spotify.errors import (
    BadRequestError,
    EndpointClosedError,
    NotFoundError,
)

PATIENCE = 5
"""Answers "not found" about a playlist just created before it counts as gone."""
SETS_DATES = (PlaylistSnapshot.Origin.CREATE, PlaylistSnapshot.Origin.RESHUFFLE)
"""Origins after which the next reshuffle is an interval away; others leave it."""


@contextmanager
def calling_spotify(run: Run, playlist: Playlist, *, now: datetime) -> Iterator[None]:
    """Surround calls about a playlist: lease before, errors in the ledger's terms.

    :raises LeaseLostError: another worker owns the run.
    :raises BlockedError: the playlist is gone on Spotify ("remote_missing"), belongs
        to somebody else ("forbidden"), or the account may not be used.
    :raises TransientError: Spotify has created it and does not show it yet.
    """
    ledger.require_lease(run)
    try:
        with translated(playlist.account, now):
            yield
    except NotFoundError as error:
        if not playlist.spotify_id:
            raise
        if playlist.status == Playlist.Status.CREATING and run.errors < PATIENCE:
            raise TransientError(
                f"Spotify has created {playlist.name} but does not show it yet."
            ) from error
        raise _gone(run, playlist) from error
    except EndpointClosedError as error:
        raise BlockedError("forbidden", str(error)) from error


def _gone(run: Run, playlist: Playlist) -> BlockedError:
    with ledger.fenced(run):
        Playlist.objects.managed().filter(pk=playlist.pk).update(
            status=Playlist.Status.MISSING
        )
    return BlockedError(
        "remote_missing",
        f"{playlist.name} is gone on Spotify. Create it anew, or stop managing it.",
    )


def push_plan(
    *,
    run: Run,
    playlist: Playlist,
    plan: PlaylistSnapshot,
    client: SpotifyClient,
    settings: RuntimeSettings,
    now: datetime,
) -> None:
    """Make Spotify hold a planned list, then confirm it.

    One idempotent call. A plan that Spotify refuses as wrong is given up, so that
    the next attempt draws another. A plan counts as sent, and its tracks rest, from
    before the call on, unless that was clearly not carried out.
    """
    with _sending(run, plan, now=now):
        remote_version = send_tracks(
            run=run,
            playlist=playlist,
            uris=uris_of(plan.track_ids()),
            client=client,
            now=now,
        )
    fault_point("push.after_put")
    with ledger.fenced(run):
        confirm(
            plan, playlist, remote_version=remote_version, settings=settings, now=now
        )
    fault_point("push.after_confirm")


@contextmanager
def _sending(run: Run, plan: PlaylistSnapshot, *, now: datetime) -> Iterator[None]:
    """Surround the call that sends a plan: note it before, judge the plan after."""
    mine = PlaylistSnapshot.objects.filter(pk=plan.pk)
    with ledger.fenced(run):
        is_first = mine.filter(sent_at=None).update(sent_at=now)
    try:
        yield
    except BadRequestError:
        with ledger.fenced(run):
            mine.update(state=PlaylistSnapshot.State.ABANDONED)
        raise
    except VibeError as error:
        if is_first and not lateness.is_in_doubt(error):
            mine.filter(sent_at=now).update(sent_at=None)
        raise


def send_tracks(
    *,
    run: Run,
    playlist: Playlist,
    uris: Sequence[str],
    client: SpotifyClient,
    now: datetime,
) -> str:
    """Replace the playlist's items; return Spotify's name for this version.

    A run that was taken over reads back once and sends again if something else
    stands there, since its former worker may have been late. Once: a read that lags
    behind shows something else as well, and sending twice does no harm. The caller
    clears the late writes counted on `playlist` when it writes down the result.
    """
    playlist.refresh_from_db(fields=["late_writes"])
    remote_version = _replace(run, playlist, uris, client, now=now)
    if run.was_taken_over:
        with calling_spotify(run, playlist, now=now):
            standing = client.playlist_items(playlist.spotify_id or "")
        if standing != tuple(uris):
            remote_version = _replace(run, playlist, uris, client, now=now)
    return remote_version


def _replace(
    run: Run,
    playlist: Playlist,
    uris: Sequence[str],
    client: SpotifyClient,
    *,
    now: datetime,
) -> str:
    with (
        lateness.owning_up(run, playlist, lateness.LATE_ITEMS, now=now),
        calling_spotify(run, playlist, now=now),
    ):
        fault_point("push.before_put")
        return client.replace_items(playlist.spotify_id or "", uris)


def uris_of(track_ids: Sequence[int]) -> list[str]:
    """Return the Spotify URIs of tracks in the given order."""
    tracks = Track.objects.only("spotify_id").in_bulk(track_ids)
    return [tracks[pk].uri for pk in track_ids]


def confirm(
    plan: PlaylistSnapshot,
    playlist: Playlist,
    *,
    remote_version: str,
    settings: RuntimeSettings,
    now: datetime,
) -> None:
    """Write down that a list stands on Spotify; the caller holds the transaction.

    The list before it ends at the same moment, the history grows by one row a
    track, and the library learns that its tracks were used.
    """
    end_current_list(playlist, now=now)
    lateness.clear(playlist)
    plan.state, plan.confirmed_at = PlaylistSnapshot.State.CONFIRMED, now
    plan.batch_tag = f"{now.astimezone(UTC):%Y-%m-%d}"
    plan.spotify_snapshot_id = remote_version
    plan.save(
        update_fields=["state", "confirmed_at", "batch_tag", "spotify_snapshot_id"]
    )
    track_ids = plan.track_ids()
    _write_history(plan, track_ids, now=now)
    library_services.mark_used(track_ids, on=now.astimezone(UTC).date())
    _date_playlist(plan, playlist, settings, now=now)


def end_current_list(playlist: Playlist, *, now: datetime) -> None:
    """Write down that the list on Spotify, if any, stands there no longer."""
    current = playlist.snapshots.current()
    for confirmed_at in current.values_list("confirmed_at", flat=True):
        current.update(replaced_at=max(now, confirmed_at or now))


def _write_history(
    plan: PlaylistSnapshot, track_ids: Sequence[int], *, now: datetime
) -> None:
    HistoryEntry.objects.bulk_create(
        HistoryEntry(
            snapshot=plan,
            playlist_id=plan.playlist_id,
            track_id=track_id,
            position=position,
            batch_tag=plan.batch_tag,
            added_at=now,
        )
        for position, track_id in enumerate(track_ids, start=1)
    )


def _date_playlist(
    plan: PlaylistSnapshot,
    playlist: Playlist,
    settings: RuntimeSettings,
    *,
    now: datetime,
) -> None:
    playlist.spotify_snapshot_id = plan.spotify_snapshot_id
    changed = ["spotify_snapshot_id"]
    if plan.origin in SETS_DATES:
        playlist.refresh_from_db(fields=spreading.COLUMNS)
        playlist.last_reshuffled_at = now
        playlist.next_reshuffle_at = spreading.next_due(playlist, settings, last_at=now)
        changed += ["last_reshuffled_at", "next_reshuffle_at"]
    playlist.save(update_fields=changed)
