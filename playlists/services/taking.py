"""Taking over a list that hands have made on Spotify, as it is."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet

from automation import ledger
from automation.models import Run
from automation.runtime import RuntimeSettings
from library.models import Track
from playlists.models import Playlist, PlaylistLook, PlaylistSnapshot
from playlists.services import opening, planning, pushing
from playlists.services.inventory import STANDS
from playlists.services.opening import Playlists, Wish
from vibe_engine.errors import VibeError
from vibe_engine.spotify.client import SpotifyClient

KIND = "playlists.take"
LONGEST = 100
"""A list of ours holds no more (positions 1 to 100)."""


def open_taking(
    *,
    playlists: Playlists,
    now: datetime,
    requested_by: AbstractBaseUser | None = None,
) -> Run:
    """Open the taking over of what stands on Spotify; the next reshuffle stays dated.

    :raises InputError: none of the playlists stands on Spotify.
    """
    if isinstance(playlists, QuerySet):
        playlists = playlists.filter(status__in=STANDS)
    return opening.open_for(
        Wish(kind=KIND, verb="Take over"),
        playlists=[one for one in opening.with_lane(playlists) if one.status in STANDS],
        now=now,
        requested_by=requested_by,
    )


def take_list(
    *,
    run: Run,
    playlist: Playlist,
    client: SpotifyClient,
    settings: RuntimeSettings,
    now: datetime,
) -> dict[str, object]:
    """Make the list that stands on Spotify the playlist's list here; two calls.

    Tracks that the library does not hold cannot stand in a list here: they stay on
    Spotify until the next reshuffle, and the report counts them.

    :raises VibeError: the library holds none of its tracks.
    """
    taken = playlist.snapshots.current().filter(run=run).first()
    if taken is None:
        with pushing.calling_spotify(run, playlist, now=now):
            version = client.playlist(playlist.spotify_id or "").snapshot_id
            uris = client.playlist_items(playlist.spotify_id or "")
        track_ids = _known(uris)
        with ledger.fenced(run):
            taken = planning.store_snapshot(
                run=run,
                playlist=playlist,
                now=now,
                origin=PlaylistSnapshot.Origin.TAKEN,
                track_ids=track_ids,
                sent_at=now,
                report={"unknown": len(uris) - len(track_ids)},
            )
            pushing.confirm(
                taken, playlist, remote_version=version, settings=settings, now=now
            )
            _look_again(playlist, version, now=now)
    return {"snapshot": taken.pk, "tracks": taken.track_count}


def _look_again(playlist: Playlist, version: str, *, now: datetime) -> None:
    """Write down that what hands had changed is ours now."""
    PlaylistLook.objects.filter(playlist=playlist).update(
        looked_at=now, looked_version=version, edited_seen_at=None
    )


def _known(uris: Sequence[str]) -> list[int]:
    """Return the library's tracks among these, in order; each once."""
    ids = list(dict.fromkeys(uri.rpartition(":")[2] for uri in uris if uri))
    keys = dict(
        Track.objects.filter(spotify_id__in=ids).values_list("spotify_id", "pk")
    )
    track_ids = [keys[one] for one in ids if one in keys][:LONGEST]
    if not track_ids:
        raise VibeError(
            f"The library holds none of the {len(uris)} tracks that stand on Spotify. "
            "Ingest their albums first, or push our list again."
        )
    return track_ids
