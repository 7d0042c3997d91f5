"""The runs about playlists that this app can carry out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Account
from accounts.services import Erasure, client_for
from automation import registry, retention, runtime
from automation.models import Run
from automation.registry import kind
from automation.runtime import RuntimeSettings
from playlists.models import Playlist
from playlists.services import (
    creation,
    details,
    editing,
    farewell,
    history,
    making,
    removal,
    reshuffling,
    restoring,
)
from vibe_engine import clock
from vibe_engine.errors import VibeError
from vibe_engine.spotify.client import SpotifyClient


@dataclass(frozen=True)
class Work:
    """What every job about one playlist needs."""

    run: Run
    playlist: Playlist
    client: SpotifyClient
    settings: RuntimeSettings
    now: datetime


@contextmanager
def work_on_playlist(run: Run) -> Iterator[Work]:
    """Load what a run is about and open the account's client.

    :raises VibeError: the playlist is gone or not looked after any more.
    :raises BlockedError: the account may not be used now.
    """
    now = clock.now()
    playlist = _load_playlist(run)
    with client_for(playlist.account, now=now, run=run) as client:
        yield Work(run, playlist, client, runtime.load(), now)


def _load_playlist(run: Run) -> Playlist:
    pk = run.subject.removeprefix("playlist:")
    playlists = Playlist.objects.select_related("account__app__developer")
    playlist = playlists.filter(pk=pk).first()
    if playlist is None or playlist.status == Playlist.Status.REMOVED:
        raise VibeError("The playlist is not looked after any more.")
    return playlist


@kind(creation.KIND)
def create(run: Run) -> dict[str, object]:
    """Create a playlist on Spotify with its first list."""
    with work_on_playlist(run) as work:
        return making.make_playlist(
            run=run,
            playlist=work.playlist,
            client=work.client,
            settings=work.settings,
            now=work.now,
        )


@kind(reshuffling.KIND)
def reshuffle(run: Run) -> dict[str, object]:
    """Give a playlist a new list."""
    with work_on_playlist(run) as work:
        return reshuffling.reshuffle_playlist(
            run=run,
            playlist=work.playlist,
            client=work.client,
            settings=work.settings,
            now=work.now,
            seed=run.arguments.get("seed"),
        )


@kind(restoring.RESTORE)
def restore(run: Run) -> dict[str, object]:
    """Bring an earlier list back."""
    with work_on_playlist(run) as work:
        snapshot = work.playlist.snapshots.filter(pk=run.arguments["snapshot"]).first()
        if snapshot is None:
            raise VibeError("The list that was to come back is gone.")
        return restoring.restore_list(
            run=run,
            playlist=work.playlist,
            snapshot=snapshot,
            client=work.client,
            settings=work.settings,
            now=work.now,
        )


@kind(restoring.PUSH)
def push(run: Run) -> dict[str, object]:
    """Push the present list again."""
    with work_on_playlist(run) as work:
        return restoring.push_again(
            run=run, playlist=work.playlist, client=work.client, now=work.now
        )


@kind(editing.KIND)
def update_details(run: Run) -> dict[str, object]:
    """Tell Spotify name, description and visibility."""
    with work_on_playlist(run) as work:
        if not work.playlist.spotify_id:
            return {"told": False}
        details.tell_details(
            run=run,
            playlist=work.playlist,
            client=work.client,
            settings=work.settings,
            now=work.now,
        )
    return {"told": True}


@kind(removal.UNFOLLOW)
def unfollow(run: Run) -> dict[str, object]:
    """Take a playlist out of its account's library."""
    with work_on_playlist(run) as work:
        return removal.unfollow_playlist(
            run=run, playlist=work.playlist, client=work.client, now=work.now
        )


@kind(removal.EMPTY)
def empty(run: Run) -> dict[str, object]:
    """Take every track out of a playlist."""
    with work_on_playlist(run) as work:
        return removal.empty_playlist(
            run=run,
            playlist=work.playlist,
            client=work.client,
            settings=work.settings,
            now=work.now,
        )


def something_is_due(now: datetime) -> bool:
    """Whether a schedule's slot would find anything to do."""
    return (
        reshuffling.due_playlists(now=now).exists()
        or editing.untold_playlists(now=now).exists()
    )


@kind("playlists.reshuffle_due", wanted=something_is_due, schedulable=True)
def reshuffle_due(run: Run) -> dict[str, object]:
    """Open a reshuffle of everything due, and tell Spotify what it does not know."""
    now = clock.now()
    return {
        "reshuffles": reshuffling.open_due(now=now),
        "details": editing.open_untold(now=now),
    }


@kind("playlists.reshuffle_some", schedulable=True)
def reshuffle_some(run: Run) -> dict[str, object]:
    """Open a reshuffle of the playlists that a schedule of its own names."""
    chosen = run.arguments.get("playlists")
    if not isinstance(chosen, list) or not all(isinstance(pk, int) for pk in chosen):
        raise VibeError('The schedule names no playlists: {"playlists": [1, 2]}.')
    return {"reshuffles": reshuffling.open_some(playlist_ids=chosen, now=clock.now())}


def settings_changed(*, keys: set[str], now: datetime) -> None:
    """Let a new interval count for all that inherit it."""
    if "reshuffle_interval_days" in keys:
        reshuffling.move_due_dates(settings=runtime.load())


def account_erasing(*, erasure: Erasure) -> None:
    """Settle what stands on Spotify, then delete the playlists with their history."""
    farewell.settle_on_spotify(erasure)
    history.erase_playlists(erasure)


def account_erased(*, account: Account) -> None:
    """Delete what came in while the account was being erased."""
    history.erase_rest(account=account, now=clock.now())


def retention_due(*, run: Run, settings: RuntimeSettings, now: datetime) -> None:
    """Delete the history that is older than the settings say."""
    keep_after = history.keep_history_after(settings=settings, now=now)
    if keep_after is not None:
        history.apply_retention(run=run, keep_after=keep_after, now=now)


registry.on("settings.changed", settings_changed)
registry.on("account.erasing", account_erasing)
registry.on("account.erased", account_erased)
registry.on(retention.DUE, retention_due)
