"""One row of everything that an address can name, and the state of all tables."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.sessions.models import Session

from accounts.models import Account, ErasureReceipt
from accounts.tests.factories import make_account, make_app
from automation import schedules
from automation.models import (
    Channel,
    Delivery,
    EngineLease,
    Run,
    Schedule,
    ScheduleSlot,
    Setting,
)
from automation.tests.factories import make_channel, make_notice, make_run
from library.models import Album, Collection, Track
from library.tests.factories import make_collection, make_tracks
from metrics.models import MetricSnapshot
from playlists.models import (
    HistoryAudit,
    HistoryUnlock,
    Label,
    Playlist,
    PlaylistSnapshot,
)
from playlists.tests.factories import make_playlist, make_snapshot
from vibe_engine import clock


@dataclass(frozen=True)
class Fleet:
    """What stands in the database while addresses are tried."""

    account: Account
    playlist: Playlist
    snapshot: PlaylistSnapshot
    album: Album
    track: Track
    collection: Collection
    run: Run
    schedule: Schedule
    label: Label
    channel: Channel

    def arguments(self, name: str) -> dict[str, Any]:
        """Return what the address of this name needs, as `reverse()` takes it."""
        app, _, view = name.rpartition(":")
        return {"pk": self._row(app, view).pk} | {
            "snapshot_pk": self.snapshot.pk,
            "track_pk": self.track.pk,
            "account_pk": self.account.pk,
            "key": "artist_cap",
            "action": "reshuffle",
            "code": RECEIPT,
            "suffix": "json",
            "kind": "webhook",
        }

    def _row(self, app: str, view: str) -> Any:
        if app == "library":
            words = {"album": self.album, "track": self.track}
            found = (row for word, row in words.items() if word in view)
            return next(found, self.collection)
        if app == "automation" and "channel" in view:
            return self.channel
        if app == "automation":
            return self.schedule if "schedule" in view else self.run
        if app == "playlists":
            is_group = view.endswith(("label", "label_report"))
            return self.label if is_group else self.playlist
        return self.account


RECEIPT = "K7QRECEIPT"
SECRETS = (
    "BQ-access-canary",
    "AQ-refresh-canary",
    "client-secret-canary",
    "https://hooks.example.org/way-canary",
    "webhook-secret-canary",
)


def make_fleet() -> Fleet:
    """Save one account, playlist, album, track, collection, run and schedule.

    The account's tokens, its app's secret, a channel's address and its secret are
    `SECRETS`.
    """
    app = make_app(client_secret=SECRETS[2])
    account = make_account(app=app, tokens=SECRETS[:2])
    tracks = make_tracks(10)
    album = tracks[0].album
    collection = make_collection(albums=[album])
    playlist = make_playlist(account=account, collections=[collection])
    schedules.ensure_defaults(now=clock.now())
    make_receipt(RECEIPT)
    return Fleet(
        account=account,
        playlist=playlist,
        snapshot=make_snapshot(playlist, tracks),
        album=album,
        track=tracks[0],
        collection=collection,
        run=make_run(kind="playlists.reshuffle", subject=playlist.subject),
        schedule=Schedule.objects.earliest("pk"),
        label=Label.objects.create(name="late night", created_at=clock.now()),
        channel=make_channel(url=SECRETS[3], secret=SECRETS[4]),
    )


def make_receipt(code: str) -> ErasureReceipt:
    """Save the receipt of an account that was erased long ago."""
    now = clock.now()
    return ErasureReceipt.objects.create(
        code=code,
        account_number=1_000_000,
        salt="00" * 16,
        id_hashes=["0" * 64],
        asked_at=now,
        asked_by="operator",
        finished_at=now,
        counts={"playlists": 2},
        on_spotify={"stayed": 2},
    )


def make_machinery(fleet: Fleet) -> None:
    """Save a row of every table that only the product itself writes."""
    now = clock.now()
    EngineLease.objects.create(lease_until=now, heartbeat_at=now)
    Setting.objects.create(key="artist_cap", value=3, updated_at=now)
    ScheduleSlot.objects.create(
        schedule=fleet.schedule, slot=now, outcome="skipped", opened_at=now
    )
    MetricSnapshot.objects.create(grain="hourly", slot=now, taken_at=now, figures={})
    HistoryAudit.objects.create(at=now, reason="retention", entries_deleted=0)
    HistoryUnlock.objects.create()
    make_notice(now=now)
    Delivery.objects.create(channel=fleet.channel, what="test", created_at=now)


def all_rows() -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table but the sessions, to compare before and after."""
    models = apps.get_models(include_auto_created=True)
    return {
        model._meta.db_table: list(model._default_manager.order_by("pk").values_list())
        for model in models
        if model is not Session
    }
