"""What becomes, on Spotify, of the playlists of an account that is erased here."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Q, QuerySet

from accounts.failures import translated
from accounts.services import Erasure
from automation import holds, ledger
from automation.faultpoints import fault_point
from playlists.models import Playlist
from playlists.services.removal import ON_SPOTIFY
from vibe_engine.errors import BlockedError, TransientError, WaitError
from vibe_engine.spotify.client import SpotifyClient
from vibe_engine.spotify.errors import NotFoundError

PATIENCE = timedelta(days=4)
"""Personal data goes within five days of disconnecting (Spotify's terms, appendix A)."""
LOOK_AGAIN = timedelta(minutes=10)
"""How soon to see whether pushes that were stopped go on."""
TRIES = 5
"""Transient failures after which the rest stays on Spotify."""


def settle_on_spotify(erasure: Erasure) -> None:
    """Unfollow the account's playlists where that was asked for; note what stayed.

    What cannot be unfollowed, because the consent is gone, because Spotify has no
    answer five times or asks to wait for days, stays there; the receipt says so.

    :raises WaitError: Spotify asks to wait, or somebody has stopped all pushes.
    """
    if "stayed" in erasure.receipt.on_spotify:
        return
    reason = _unfollow_all(erasure) if erasure.receipt.unfollow else ""
    stayed = _there(erasure).count()
    with ledger.fenced(erasure.run):
        erasure.note(
            on_spotify=erasure.receipt.on_spotify | {"stayed": stayed, "reason": reason}
        )


def _there(erasure: Erasure) -> QuerySet[Playlist]:
    return Playlist.objects.filter(
        Q(spotify_id__isnull=False) | Q(post_sent_at__isnull=False),
        account=erasure.account,
        status__in=(*ON_SPOTIFY, Playlist.Status.CREATING),
    ).order_by("index")


def _unfollow_all(erasure: Erasure) -> str:
    """Unfollow one after another; return why that came to an early end, if it did."""
    if erasure.now > erasure.receipt.asked_at + PATIENCE:
        return "Spotify let nothing be removed for four days."
    try:
        with erasure.open_client() as client:
            for playlist, spotify_id in _addresses(erasure, client):
                _unfollow(erasure, playlist, spotify_id, client)
    except BlockedError as error:
        if error.reason == holds.STOPPED:
            raise WaitError(
                erasure.now + LOOK_AGAIN, error.reason, str(error)
            ) from error
        return f"The rest could not be removed: {error}"
    except TransientError as error:
        if erasure.run.errors < TRIES:
            raise
        return f"The rest could not be removed: {error}"
    return ""


def _addresses(
    erasure: Erasure, client: SpotifyClient
) -> Iterator[tuple[Playlist, str]]:
    """Yield each playlist with its Spotify id.

    One whose creation is in doubt is looked up by its marker: what has no id here
    may stand there.
    """
    doubtful = {}
    for playlist in list(_there(erasure)):
        if playlist.spotify_id:
            yield playlist, playlist.spotify_id
        else:
            doubtful[playlist.marker] = playlist
    if doubtful:
        with translated(erasure.account, erasure.now):
            for data in client.my_playlists():
                ledger.require_lease(erasure.run)
                for marker, playlist in doubtful.items():
                    if marker in data.description:
                        yield playlist, data.id


def _unfollow(
    erasure: Erasure, playlist: Playlist, spotify_id: str, client: SpotifyClient
) -> None:
    ledger.require_lease(erasure.run)
    try:
        with translated(erasure.account, erasure.now):
            client.unfollow(spotify_id)
    except NotFoundError:
        pass
    fault_point("erase.after_unfollow")
    told = erasure.receipt.on_spotify
    with ledger.fenced(erasure.run):
        Playlist.objects.filter(pk=playlist.pk).update(
            status=Playlist.Status.REMOVED, removed_at=erasure.now
        )
        erasure.note(on_spotify=told | {"unfollowed": told.get("unfollowed", 0) + 1})
