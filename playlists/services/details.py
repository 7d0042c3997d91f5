"""Name, description and visibility as Spotify shows them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from automation import ledger
from automation.models import Run
from automation.runtime import RuntimeSettings
from playlists.effective import effective, refresh_share_of
from playlists.models import Playlist, PlaylistSnapshot
from playlists.services import describing, lateness
from playlists.services.pushing import calling_spotify
from vibe_engine.errors import TransientError
from vibe_engine.spotify.client import SpotifyClient

MOST_ROUNDS = 3
"""How often details are told anew because they were edited meanwhile."""


def tell_details(
    *,
    run: Run,
    playlist: Playlist,
    client: SpotifyClient,
    settings: RuntimeSettings,
    now: datetime,
) -> None:
    """Make Spotify show name, description and visibility as they stand here.

    An edit that comes in meanwhile is told too: the row counts its versions.

    :raises TransientError: it was edited again and again.
    """
    for _ in range(MOST_ROUNDS):
        playlist.refresh_from_db()
        text = describe_current_list(playlist, settings)
        with _telling(run, playlist, now=now):
            client.change_details(
                playlist.spotify_id or "",
                name=playlist.name,
                description=text,
                public=playlist.is_public,
            )
        if _note_told(run, playlist, text):
            return
    raise TransientError(f"{playlist.name} is being edited; it is told again soon.")


def refresh_description(
    *,
    run: Run,
    playlist: Playlist,
    client: SpotifyClient,
    settings: RuntimeSettings,
    now: datetime,
) -> bool:
    """Tell Spotify the new list's sentence if it is another one; say whether it was.

    Details that still wait to be told go along in the same call.
    """
    playlist.refresh_from_db()
    if playlist.details_pending:
        tell_details(
            run=run, playlist=playlist, client=client, settings=settings, now=now
        )
        return True
    if not settings.refresh_description:
        return False
    text = describe_current_list(playlist, settings)
    if text == playlist.description:
        return False
    with _telling(run, playlist, now=now):
        client.change_details(playlist.spotify_id or "", description=text)
    _note_told(run, playlist, text)
    return True


def describe_current_list(playlist: Playlist, settings: RuntimeSettings) -> str:
    """Return the true sentence for the current list; a text of one's own stays."""
    if playlist.description_is_custom:
        return playlist.description
    snapshot = playlist.snapshots.current().first() or PlaylistSnapshot()
    return describing.write_description(
        playlist_id=playlist.pk,
        batch_tag=snapshot.batch_tag,
        values=effective(playlist, settings),
        facts=replace(
            _facts_of(snapshot), refresh_share=refresh_share_of(playlist, settings)
        ),
        collections=list(
            playlist.collections.order_by("name").values_list("name", flat=True)
        ),
        settings=settings,
    )


def _facts_of(snapshot: PlaylistSnapshot) -> describing.ListFacts:
    """Promise nothing but its length of a list that is not a draw of today."""
    if snapshot.origin in (
        PlaylistSnapshot.Origin.RESTORE,
        PlaylistSnapshot.Origin.TAKEN,
    ):
        return describing.ListFacts(
            size=snapshot.track_count, keeps_rest=False, keeps_cap=False
        )
    return describing.facts_of(track_count=snapshot.track_count, report=snapshot.report)


@contextmanager
def _telling(run: Run, playlist: Playlist, *, now: datetime) -> Iterator[None]:
    with (
        lateness.owning_up(run, playlist, lateness.LATE_DETAILS, now=now),
        calling_spotify(run, playlist, now=now),
    ):
        yield


def _note_told(run: Run, playlist: Playlist, text: str) -> bool:
    """Store what Spotify was told; False if the row was edited meanwhile."""
    with ledger.fenced(run):
        told = Playlist.objects.filter(pk=playlist.pk, version=playlist.version)
        return bool(told.update(description=text, details_pending=False))
