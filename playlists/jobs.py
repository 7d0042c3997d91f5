"""The runs about playlists that this app can carry out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from accounts.models import Account
from accounts.services import Erasure, client_for
from automation import holds, ledger, registry, retention, runtime, verdicts
from automation.models import Run
from automation.registry import kind
from automation.retention import Kept
from automation.runtime import RuntimeSettings
from playlists.arguments import ScopeForm
from playlists.models import HistoryEntry, Playlist, PlaylistSnapshot
from playlists.services import (
    creation,
    details,
    editing,
    farewell,
    history,
    inventory,
    lateness,
    making,
    removal,
    reshuffling,
    restoring,
    scopes,
    shadowing,
    taking,
    tidying,
)
from vibe_engine import clock
from vibe_engine.errors import BlockedError, VibeError, WaitError
from vibe_engine.spotify.client import SpotifyClient


class Handed(TypedDict):
    """What services that do the work of a run are handed."""

    run: Run
    playlist: Playlist
    client: SpotifyClient
    settings: RuntimeSettings
    now: datetime


@dataclass(frozen=True)
class Work:
    """What every job about one playlist needs; `is_shadow`: nothing may be sent."""

    run: Run
    playlist: Playlist
    client: SpotifyClient
    settings: RuntimeSettings
    now: datetime
    is_shadow: bool

    @property
    def handed(self) -> Handed:
        """All of it that a service takes."""
        return {
            "run": self.run,
            "playlist": self.playlist,
            "client": self.client,
            "settings": self.settings,
            "now": self.now,
        }


@contextmanager
def work_on_playlist(
    run: Run, *, even_removed: bool = False, records: bool = False
) -> Iterator[Work]:
    """Load what a run is about and open the account's client.

    A job that `records` has something to do in shadow mode too; where that begins in
    the middle of it, it begins again.

    :raises VibeError: the playlist is gone, or not looked after any more.
    :raises BlockedError: the account may not be used now, pushes are stopped
        ("stopped"), or it is in shadow mode ("shadow").
    """
    now = clock.now()
    playlist = _load_playlist(run, even_removed=even_removed)
    is_shadow = holds.require_moving(playlist.account.lane).shadow is not None
    if is_shadow and not records:
        holds.require_writing(playlist.account.lane)
    with client_for(playlist.account, now=now, run=run) as client:
        try:
            yield Work(run, playlist, client, runtime.load(), now, is_shadow)
        except BlockedError as error:
            if error.reason == holds.SHADOW and records and not is_shadow:
                raise WaitError(now, holds.SHADOW, "Shadow mode has begun.") from error
            raise


def _load_playlist(run: Run, *, even_removed: bool) -> Playlist:
    pk = run.subject.removeprefix("playlist:")
    playlists = Playlist.objects.select_related("account__app__developer")
    playlist = playlists.filter(pk=pk).first()
    if playlist is None or (
        playlist.status == Playlist.Status.REMOVED and not even_removed
    ):
        raise VibeError("The playlist is not looked after any more.")
    return playlist


@kind(creation.KIND, writes=True)
def create(run: Run) -> dict[str, object]:
    """Create a playlist on Spotify with its first list."""
    with work_on_playlist(run, records=True) as work:
        if work.is_shadow:
            shadowing.shadow_create(
                run=run, playlist=work.playlist, settings=work.settings, now=work.now
            )
        return making.make_playlist(**work.handed)


@kind(reshuffling.KIND, writes=True)
def reshuffle(run: Run) -> dict[str, object]:
    """Give a playlist a new list."""
    seed = run.arguments.get("seed")
    with work_on_playlist(run, records=True) as work:
        if work.is_shadow:
            return shadowing.shadow_reshuffle(
                run=run,
                playlist=work.playlist,
                settings=work.settings,
                now=work.now,
                seed=seed,
            )
        return reshuffling.reshuffle_playlist(**work.handed, seed=seed)


@kind(restoring.RESTORE, writes=True)
def restore(run: Run) -> dict[str, object]:
    """Bring an earlier list back."""
    with work_on_playlist(run, records=True) as work:
        snapshot = work.playlist.snapshots.filter(pk=run.arguments["snapshot"]).first()
        if snapshot is None:
            raise VibeError("The list that was to come back is gone.")
        if work.is_shadow:
            return shadowing.shadow_restore(
                run=run, playlist=work.playlist, snapshot=snapshot, now=work.now
            )
        return restoring.restore_list(**work.handed, snapshot=snapshot)


@kind(restoring.PUSH, writes=True)
def push(run: Run) -> dict[str, object]:
    """Push the present list again."""
    with work_on_playlist(run) as work:
        return restoring.push_again(
            run=run, playlist=work.playlist, client=work.client, now=work.now
        )


@kind(editing.KIND, writes=True)
def update_details(run: Run) -> dict[str, object]:
    """Tell Spotify name, description and visibility."""
    with work_on_playlist(run) as work:
        if not work.playlist.spotify_id:
            return {"told": False}
        details.tell_details(**work.handed)
    return {"told": True}


@kind(removal.UNFOLLOW, writes=True)
def unfollow(run: Run) -> dict[str, object]:
    """Take a playlist out of its account's library; done if it is removed already."""
    with work_on_playlist(run, even_removed=True) as work:
        if work.playlist.status == Playlist.Status.REMOVED:
            return {}
        return removal.unfollow_playlist(
            run=run, playlist=work.playlist, client=work.client, now=work.now
        )


@kind(removal.EMPTY, writes=True)
def empty(run: Run) -> dict[str, object]:
    """Take every track out of a playlist."""
    with work_on_playlist(run) as work:
        return removal.empty_playlist(**work.handed)


@kind(lateness.TIDY, writes=True)
def tidy(run: Run) -> dict[str, object]:
    """Take away copies that a doubtful creation may have left."""
    with work_on_playlist(run, even_removed=True) as work:
        return tidying.tidy_copies(**work.handed)


def something_is_due(now: datetime) -> bool:
    """Whether a schedule's slot would find anything to do."""
    return (
        reshuffling.due_playlists(now=now).exists()
        or editing.untold_playlists(now=now).exists()
        or lateness.late_playlists(now=now).exists()
        or lateness.untidy_playlists(now=now).exists()
    )


@kind("playlists.reshuffle_due", wanted=something_is_due, schedulable=True)
def reshuffle_due(run: Run) -> dict[str, object]:
    """Open a reshuffle of everything due, and tell Spotify what it does not know."""
    now = clock.now()
    return {
        "reshuffles": reshuffling.open_due(settings=runtime.load(), now=now),
        "details": editing.open_untold(now=now),
        "repairs": lateness.open_repairs(now=now),
    }


@kind(scopes.KIND, schedulable=True, arguments=ScopeForm)
def reshuffle_some(run: Run) -> dict[str, object]:
    """Open a reshuffle of the part of the fleet that a schedule of its own is about."""
    with ledger.watch_opened() as opened:
        count = scopes.open_scope(
            arguments=run.arguments, settings=runtime.load(), now=clock.now()
        )
    return {"reshuffles": count, verdicts.OPENED_RUNS: [one.pk for one in opened]}


@kind(taking.KIND)
def take_list(run: Run) -> dict[str, object]:
    """Take over the list that hands have made on Spotify."""
    with work_on_playlist(run, records=True) as work:
        return taking.take_list(**work.handed)


@kind(inventory.KIND)
def take_inventory(run: Run) -> dict[str, object]:
    """Compare what an account holds on Spotify with what stands here."""
    now, pk = clock.now(), run.subject.removeprefix("inventory:")
    account = Account.objects.select_related("app__developer").filter(pk=pk).first()
    if account is None:
        raise VibeError("The account is gone.")
    with client_for(account, now=now) as client:
        return inventory.take_inventory(
            run=run, account=account, client=client, now=now
        )


@kind("playlists.check_inventory", schedulable=True)
def check_inventory(run: Run) -> dict[str, object]:
    """Open a look at every account's library on Spotify, spread over hours."""
    return {"accounts": inventory.open_inventories(now=clock.now())}


def settings_changed(*, keys: set[str], now: datetime) -> None:
    """Let a new interval count for all that inherit it, and new hours for all."""
    if keys & {"reshuffle_from_hour", "reshuffle_hours"}:
        reshuffling.move_due_dates(settings=runtime.load(), inheriting=False)
    elif "reshuffle_interval_days" in keys:
        reshuffling.move_due_dates(settings=runtime.load())


def account_erasing(*, erasure: Erasure) -> None:
    """Settle what stands on Spotify, then delete the playlists with their history."""
    farewell.settle_on_spotify(erasure)
    history.erase_playlists(erasure)


def account_erased(*, account: Account) -> None:
    """Delete what came in while the account was being erased."""
    now = clock.now()
    history.erase_rest(account=account, now=now)
    holds.forget_lane(account.lane, now=now)


def retention_due(*, run: Run, settings: RuntimeSettings, now: datetime) -> None:
    """Delete the history that is older than the settings say."""
    keep_after = history.keep_history_after(settings=settings, now=now)
    if keep_after is not None:
        history.apply_retention(run=run, keep_after=keep_after, now=now)


def history_older_than(settings: RuntimeSettings, now: datetime) -> datetime | None:
    """Return from when on history is kept; None: for good."""
    return history.keep_history_after(settings=settings, now=now)


def shadow_left(*, lane: str, now: datetime) -> None:
    """Let what was only recorded be due by the lists that really stand there."""
    shadowing.date_by_live_lists(lane=lane, settings=runtime.load())


registry.on("settings.changed", settings_changed)
registry.on("shadow.left", shadow_left)
registry.on("account.erasing", account_erasing)
registry.on("account.erased", account_erased)
registry.on(retention.DUE, retention_due)
retention.declare(
    Kept(
        PlaylistSnapshot,
        "Lists that stood before",
        "history_retention_days",
        history_older_than,
        lambda before: history.ended_lists(before=before),
    ),
    Kept(
        HistoryEntry,
        "Their tracks, the history",
        "history_retention_days",
        history_older_than,
        history.old_entries,
    ),
)
