"""Creating a playlist on Spotify exactly once, although creating is not idempotent.

The intent is committed before the POST, and a marker stands in the description.
After any doubt the playlist is looked up by the marker before it is asked for again
(Web API, "Create Playlist": no idempotency key, names are not unique).
"""

from datetime import datetime, timedelta

from automation import ledger
from automation.faultpoints import fault_point
from automation.models import Run
from playlists.models import Playlist
from playlists.services import lateness
from playlists.services.lateness import SETTLE
from playlists.services.pushing import calling_spotify
from vibe_engine import clock
from vibe_engine.errors import VibeError, WaitError
from vibe_engine.spotify.client import SpotifyClient
from vibe_engine.spotify.types import PlaylistData

ABSENT_CHECKS = 2
"""Looks, a settling time apart, before it counts as not created."""
ENOUGH_SEEN = 250
"""Playlists after which a look that the rate cut short counts: newest come first."""
REFILL = timedelta(seconds=30)
LOOK_AGAIN = timedelta(minutes=10)
"""After a second POST: the first one may show up yet, and then it is one too many."""
SENTENCE = "Being filled."
PAGE = "https://open.spotify.com/playlist/"


def found_playlist(
    *, run: Run, playlist: Playlist, client: SpotifyClient, now: datetime
) -> list[str]:
    """Create the playlist on Spotify, or find the one an earlier attempt created.

    Of several with the same marker the oldest is taken, whoever looks; Spotify lists
    the newest first. Returns the addresses of the others, which are tidied away.

    :raises WaitError: an earlier attempt is in doubt and must settle first.
    """
    if playlist.spotify_id:
        return []
    if playlist.post_sent_at is None:
        _adopt(run, playlist, _post(run, playlist, client, now=now))
        return []
    found = _look_up(run, playlist, client, now=now)
    if found:
        *others, oldest = found
        _adopt(run, playlist, oldest, tidy_from=now if others else None)
        return [data.url or data.id for data in others]
    data = _post(run, playlist, client, now=now)
    _adopt(run, playlist, data, tidy_from=now + LOOK_AGAIN)
    return []


def _post(
    run: Run, playlist: Playlist, client: SpotifyClient, *, now: datetime
) -> PlaylistData:
    _note_intent(run, playlist, sent_at=clock.now())
    fault_point("create.before_post")
    with (
        lateness.owning_up(run, playlist, lateness.LATE_CREATE, now=now),
        calling_spotify(run, playlist, now=now),
    ):
        try:
            data = client.create_playlist(
                name=playlist.name,
                description=f"{SENTENCE} {playlist.marker}",
                public=playlist.is_public,
            )
        except VibeError as error:
            if not lateness.is_in_doubt(error):
                _note_intent(run, playlist, sent_at=None)
            raise
    fault_point("create.after_post")
    return data


def _note_intent(run: Run, playlist: Playlist, *, sent_at: datetime | None) -> None:
    """Commit that it is asked for now, or that it clearly was not created.

    The moment is that of the call, not of the job's beginning, since the settling
    time counts from it.
    """
    with ledger.fenced(run):
        Playlist.objects.filter(pk=playlist.pk).update(post_sent_at=sent_at)
        ledger.remember(run, absent_checks=0)
    playlist.post_sent_at = sent_at


def _adopt(
    run: Run,
    playlist: Playlist,
    data: PlaylistData,
    *,
    tidy_from: datetime | None = None,
) -> None:
    playlist.spotify_id = data.id
    playlist.spotify_url = data.url or f"{PAGE}{data.id}"
    playlist.post_sent_at = None
    changed = ["spotify_id", "spotify_url", "post_sent_at"]
    if tidy_from is not None:
        playlist.tidy_from = tidy_from
        changed.append("tidy_from")
    with ledger.fenced(run):
        playlist.save(update_fields=changed)
    fault_point("create.after_id_saved")


def _look_up(
    run: Run, playlist: Playlist, client: SpotifyClient, *, now: datetime
) -> list[PlaylistData]:
    """Return the playlists with our marker, newest first; none if absent twice."""
    settled_at = (playlist.post_sent_at or now) + SETTLE
    if now < settled_at:
        raise WaitError(
            settled_at, "settle", "Spotify may have created it; it settles."
        )
    seen = list_playlists(run, playlist, client, now=now)
    found = [data for data in seen if playlist.marker in data.description]
    if not found:
        _refuse_twins(playlist, seen)
        _count_absence(run, now=clock.now())
    return found


def list_playlists(
    run: Run, playlist: Playlist, client: SpotifyClient, *, now: datetime
) -> list[PlaylistData]:
    """Return what the account owns or follows, newest first, each once.

    :raises WaitError: the rate cut the look short before it had seen enough.
    """
    seen: dict[str, PlaylistData] = {}
    try:
        with calling_spotify(run, playlist, now=now):
            for data in client.my_playlists():
                seen[data.id] = data
                ledger.require_lease(run)
    except WaitError as wait:
        if len(seen) < ENOUGH_SEEN:
            raise WaitError(max(wait.until, now + REFILL), wait.cause) from wait
    return list(seen.values())


def _refuse_twins(playlist: Playlist, seen: list[PlaylistData]) -> None:
    """Leave it to a person where Spotify shows no description to look into.

    :raises VibeError: an empty playlist of that name may be the one.
    """
    twins = [
        data
        for data in seen
        if data.name == playlist.name
        and data.owner_id == playlist.account.user_id
        and not data.description
        and not data.total
    ]
    known = set(
        Playlist.objects.filter(spotify_id__in=[data.id for data in twins]).values_list(
            "spotify_id", flat=True
        )
    )
    for data in twins:
        if data.id not in known:
            raise VibeError(
                f"Spotify holds an empty playlist “{data.name}” ({data.url or data.id}) "
                "that may be this one. Delete it there, then create this one again."
            )


def _count_absence(run: Run, *, now: datetime) -> None:
    """Return once the marker was absent often enough; else come back later."""
    checks = int(str(run.memo.get("absent_checks", 0))) + 1
    if checks < ABSENT_CHECKS:
        ledger.remember(run, absent_checks=checks)
        raise WaitError(now + SETTLE, "settle", "Not there yet; looking once more.")
