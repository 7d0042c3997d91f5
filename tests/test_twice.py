"""Every kind of run executed twice: the same state, the same effects.

A worker that dies right before it writes down that a run is done leaves a run whose
job was carried out in full, and that is carried out again. Nothing is mocked: the
database is the tests' own, Spotify is the sandbox over HTTP.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Q

from accounts.models import Account
from accounts.services import client_for, erasing, mending
from accounts.tests.factories import connect_account
from automation import ledger, registry, runtime, worker
from automation.ledger import RunSpec
from automation.models import Delivery, Run
from automation.notices import watch
from automation.tests.factories import make_channel
from library.models import FEATURE_NAMES, Album, Track
from library.services import open_refresh
from metrics.models import MetricSnapshot
from playlists.models import Playlist
from playlists.services import (
    creation,
    editing,
    inventory,
    lateness,
    opening,
    removal,
    reshuffling,
    restoring,
    taking,
)
from playlists.tests.factories import finish, stock_library
from vibe_engine import clock
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = pytest.mark.django_db

APART = frozenset({"django_session", "spotify_usage", "spotify_developers"})
"""Tables that count calls and visits: a second look at Spotify is one more call."""
PASSING = frozenset(
    {"looked_at", "changed_at", "revision", "snapshot_id", "spotify_snapshot_id"}
)
"""What says when somebody looked or wrote last, not what there is."""

Rows = dict[str, list[dict[str, Any]]]


@dataclass
class World:
    """A connected account with a library, and a playlist that stands on Spotify."""

    account: Account
    sandbox: SandboxControl
    playlist: Playlist = field(init=False)

    def __post_init__(self) -> None:
        stock_library(self.sandbox, self.account, albums=20)
        (self.playlist,) = self.create(1)

    def create(self, count: int) -> list[Playlist]:
        """Create playlists of five tracks on Spotify."""
        for run in finish(self.order(count)):
            assert run.state == Run.State.DONE, run.error
        return list(Playlist.objects.order_by("-pk")[:count])

    def order(self, count: int) -> Run:
        """Ask for new playlists."""
        return creation.create_playlists(
            account=self.account,
            count=count,
            size=5,
            settings=runtime.load(),
            now=clock.now(),
        )

    def reshuffle(self) -> None:
        """Give the playlist another list."""
        finish(reshuffling.open_reshuffle(playlists=[self.playlist], now=clock.now()))

    def schedule(self, kind: str, **arguments: object) -> Run:
        """Open the run of a schedule."""
        spec = RunSpec(kind, "schedule:1", kind, arguments=arguments)
        return ledger.open_run(spec, now=clock.now())

    def rows(self, run: Run) -> Rows:
        """Return the rows of every table that a second execution may not change."""
        found: Rows = {}
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            rows = model._default_manager.order_by("pk")
            if model is Run:
                rows = rows.exclude(Q(pk=run.pk) | Q(requests__run=run))
            if table not in APART:
                found[table] = [_lasting(row) for row in rows.values()]
        return found

    def spotify(self) -> list[dict[str, Any]]:
        """Return what stands on Spotify, in order."""
        there = self.sandbox.playlists(self.account.user_id)
        return [_lasting(playlist) for playlist in there]

    def writes(self) -> list[str]:
        """Return the calls since the last look that write, ids left out; begin anew."""
        written = [call for call in self.sandbox.calls() if call[:3] != "GET"]
        self.sandbox.mark()
        return [re.sub(r"[0-9A-Za-z]{22}", "*", call) for call in written]


def _lasting(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in PASSING}


@dataclass(frozen=True)
class Case:
    """How a run of a kind comes about, and which writes it may repeat.

    Only calls that lead to the same however often they are made may be repeated.
    """

    open: Callable[[World], Run]
    repeats: frozenset[str] = frozenset()


CASES: dict[str, Case] = {}


def case(
    kind: str, *repeats: str
) -> Callable[[Callable[[World], Run]], Callable[[World], Run]]:
    """Register how a run of this kind comes about."""

    def register(opened: Callable[[World], Run]) -> Callable[[World], Run]:
        CASES[kind] = Case(opened, frozenset(repeats))
        return opened

    return register


@case("playlists.create")
def _create(world: World) -> Run:
    return world.order(1).children.get()


@case("playlists.reshuffle")
def _reshuffle(world: World) -> Run:
    return reshuffling.open_reshuffle(playlists=[world.playlist], now=clock.now())


@case("playlists.restore")
def _restore(world: World) -> Run:
    first = world.playlist.snapshots.current().get()
    world.reshuffle()
    first.refresh_from_db()
    return restoring.open_restore(snapshot=first, now=clock.now())


@case("playlists.push", "PUT /v1/playlists/*/items")
def _push(world: World) -> Run:
    world.sandbox.edit_playlist(world.playlist.spotify_id or "", items=[])
    return restoring.open_push(playlists=[world.playlist], now=clock.now())


@case("playlists.details", "PUT /v1/playlists/*")
def _details(world: World) -> Run:
    world.playlist.refresh_from_db()
    run = editing.edit_playlist(
        playlist=world.playlist,
        version=world.playlist.version,
        changes={"name": "Another name"},
        settings=runtime.load(),
        now=clock.now(),
    )
    assert run is not None
    return run


@case("playlists.unfollow")
def _unfollow(world: World) -> Run:
    return removal.open_unfollow(playlists=[world.playlist], now=clock.now())


@case("playlists.empty")
def _empty(world: World) -> Run:
    return removal.open_empty(playlists=[world.playlist], now=clock.now())


@case("playlists.take")
def _take(world: World) -> Run:
    uris = [track.uri for track in Track.objects.order_by("pk")[:2]]
    world.sandbox.edit_playlist(world.playlist.spotify_id or "", items=uris)
    return taking.open_taking(playlists=[world.playlist], now=clock.now())


@case(lateness.TIDY)
def _tidy(world: World) -> Run:
    marker = world.playlist.marker
    _stand_beside(world, description=f"Being filled. {marker}")
    Playlist.objects.filter(pk=world.playlist.pk).update(tidy_from=clock.now())
    playlists = Playlist.objects.filter(pk=world.playlist.pk)
    return opening.open_for(
        lateness.LATE_CREATE.wish,
        playlists=playlists,
        now=clock.now(),
        requested_by=None,
    )


def _stand_beside(world: World, *, description: str) -> None:
    """Leave a copy on Spotify, as a creation does that was carried out late."""
    with client_for(world.account, now=clock.now()) as client:
        client.create_playlist(name="Copy", description=description, public=True)


@case("playlists.reshuffle_due")
def _reshuffle_due(world: World) -> Run:
    world.create(1)
    Playlist.objects.update(next_reshuffle_at=clock.now() - timedelta(days=1))
    return world.schedule("playlists.reshuffle_due")


@case("playlists.reshuffle_some")
def _reshuffle_some(world: World) -> Run:
    return world.schedule("playlists.reshuffle_some", playlists=[world.playlist.pk])


@case("playlists.inventory")
def _inventory(world: World) -> Run:
    world.sandbox.edit_playlist(world.playlist.spotify_id or "", items=[])
    inventory.open_inventories(now=clock.now())
    return Run.objects.get(kind="playlists.inventory")


@case("playlists.check_inventory")
def _check_inventory(world: World) -> Run:
    return world.schedule("playlists.check_inventory")


@case("library.ingest_album")
def _ingest(world: World) -> Run:
    albums = list(Album.objects.all()[:1])
    Album.objects.filter(pk=albums[0].pk).update(name="An old name")
    return open_refresh(albums=albums, account=world.account, now=clock.now())


@case("accounts.refresh_token")
def _refresh_token(world: World) -> Run:
    spec = RunSpec(
        "accounts.refresh_token",
        world.account.subject,
        "Refresh",
        arguments={"account": world.account.pk},
    )
    return ledger.open_run(spec, now=clock.now())


@case("accounts.refresh_tokens")
def _refresh_tokens(world: World) -> Run:
    _reshuffle(world)
    Account.objects.update(token_expires_at=clock.now())
    return world.schedule("accounts.refresh_tokens")


@case("accounts.watch_consents")
def _watch_consents(world: World) -> Run:
    Account.objects.update(consent_ends_at=clock.now() + timedelta(days=6))
    return world.schedule("accounts.watch_consents")


@case("accounts.check_seat")
def _check_seat(world: World) -> Run:
    Account.objects.update(status=Account.Status.BLOCKED)
    return mending.open_seat_check(account=world.account, now=clock.now())


@case("accounts.erase")
def _erase(world: World) -> Run:
    receipt = erasing.open_erasure(
        account=world.account, now=clock.now(), unfollow=True
    )
    assert receipt.run is not None
    return receipt.run


@case("automation.apply_retention")
def _retention(world: World) -> Run:
    _snapshot(world)
    long_ago = clock.now() - timedelta(days=800)
    MetricSnapshot.objects.create(
        grain="hourly", slot=long_ago, taken_at=long_ago, figures={}
    )
    return world.schedule("automation.apply_retention")


@case("automation.notify")
def _notify(world: World) -> Run:
    delivery = Delivery.objects.create(
        channel=make_channel(), what="test", created_at=clock.now()
    )
    return watch.open_delivery(
        delivery, now=clock.now(), priority=Run.Priority.INTERACTIVE
    )


@case("library.refresh_content")
def _refresh_content(world: World) -> Run:
    half_old, old = (clock.now() - timedelta(days=days) for days in (40, 90))
    first = Album.objects.earliest("pk")
    Album.objects.exclude(pk=first.pk).update(refreshed_at=half_old)
    Album.objects.filter(pk=first.pk).update(refreshed_at=old)
    return world.schedule("library.refresh_content")


@case("library.fetch_features")
def _fetch_features(world: World) -> Run:
    runtime.save_settings(changes={"reccobeats": "on"}, by=None, now=clock.now())
    nothing: dict[str, Any] = dict.fromkeys(FEATURE_NAMES)
    Track.objects.update(**nothing, features_source="", features_at=None)
    world.sandbox.fault("GET", "/v1/audio-features", status=403, count=1)
    return world.schedule("library.fetch_features")


@case("metrics.snapshot")
def _snapshot(world: World) -> Run:
    return world.schedule("metrics.snapshot", grain="hourly")


@pytest.fixture
def world(sandbox: SandboxControl, db: None) -> World:
    return World(connect_account(sandbox, f"Twice {secrets.token_hex(4)}"), sandbox)


def execute_and_die(run: Run) -> None:
    """Do the job of a run and stop right before writing down that it is done."""
    claimed = ledger.claim(run.pk, worker="first:1:1")
    assert claimed is not None
    registry.get(run.kind).job(claimed)


def let_the_lease_lapse(run: Run) -> None:
    """Take the run back as the engine does, and let it be due."""
    now = clock.now()
    late = now + timedelta(seconds=ledger.LEASE_S + 1)
    assert ledger.take_back_lapsed(now=late) == [run.pk]
    Run.objects.filter(pk=run.pk).update(due_at=now)


class TestEveryKind:
    def test_has_a_case(self) -> None:
        assert set(CASES) == set(registry.names())

    @pytest.mark.parametrize("kind", sorted(CASES))
    def test_leaves_the_same_when_it_is_executed_twice(
        self, world: World, kind: str
    ) -> None:
        run = CASES[kind].open(world)
        assert run.kind == kind
        before = (world.rows(run), world.spotify(), world.writes())
        execute_and_die(run)
        once = (world.rows(run), world.spotify())
        first = world.writes()
        assert once != before[:2] or first, "the case leaves nothing to be done"
        let_the_lease_lapse(run)
        ended = worker.work(run.pk)
        assert ended is not None
        assert Run.objects.get(pk=run.pk).state == Run.State.DONE, ended.error
        assert world.rows(run) == once[0]
        assert world.spotify() == once[1]
        assert set(world.writes()) <= CASES[kind].repeats
        assert worker.work(run.pk) is None
        assert (world.rows(run), world.spotify()) == once
        assert world.writes() == []
