"""Taking away copies of a playlist that a doubtful creation left on Spotify.

They are known by the marker in their description, which is random and stands in no
other one; the true playlist has had its own description since.
"""

from datetime import datetime

from accounts.failures import translated
from automation import ledger
from automation.models import Run
from automation.runtime import RuntimeSettings
from playlists.models import Playlist
from playlists.services import details, founding, pushing
from vibe_engine.spotify.client import SpotifyClient
from vibe_engine.spotify.errors import NotFoundError
from vibe_engine.spotify.types import PlaylistData


def tidy_copies(
    *,
    run: Run,
    playlist: Playlist,
    client: SpotifyClient,
    settings: RuntimeSettings,
    now: datetime,
) -> dict[str, object]:
    """Take every copy with this playlist's marker out of the account's library.

    Spotify keeps such a playlist for some ninety days, so a person can have it back.
    Nothing happens while the playlist itself is still being created: it may be the
    one that is found. One that was given up half-made loses its marker. Returns the
    addresses of what was taken away.
    """
    if playlist.status == Playlist.Status.CREATING and not playlist.spotify_id:
        _look_later(run, playlist, at=now + founding.LOOK_AGAIN)
        return {"copies": []}
    seen = founding.list_playlists(run, playlist, client, now=now)
    marked = [data for data in seen if playlist.marker in data.description]
    for data in marked:
        if data.id != playlist.spotify_id:
            _take_away(run, playlist, data, client, now=now)
        elif playlist.status == Playlist.Status.REMOVED:
            _describe(run, playlist, client, settings, now=now)
    _look_later(run, playlist, at=None)
    copies = [data for data in marked if data.id != playlist.spotify_id]
    return {"copies": [data.url or data.id for data in copies]}


def _take_away(
    run: Run,
    playlist: Playlist,
    copy: PlaylistData,
    client: SpotifyClient,
    *,
    now: datetime,
) -> None:
    ledger.require_lease(run)
    try:
        with translated(playlist.account, now):
            client.unfollow(copy.id)
    except NotFoundError:
        return


def _describe(
    run: Run,
    playlist: Playlist,
    client: SpotifyClient,
    settings: RuntimeSettings,
    *,
    now: datetime,
) -> None:
    text = details.describe_current_list(playlist, settings)
    with pushing.calling_spotify(run, playlist, now=now):
        client.change_details(playlist.spotify_id or "", description=text)


def _look_later(run: Run, playlist: Playlist, *, at: datetime | None) -> None:
    """Set when to look again, unless a new doubt has come up since this one began."""
    with ledger.fenced(run):
        same = Playlist.objects.filter(pk=playlist.pk, tidy_from=playlist.tidy_from)
        same.update(tidy_from=at)
