"""A fleet that has run for years: what the pages are measured on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.db import connection, models, transaction
from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import Cast as CastTo
from django.db.models.functions import Concat, Mod

from accounts.models import Account, Usage
from automation import runtime, schedules
from automation.models import EngineLease, Run, RunRequest, Schedule, ScheduleSlot
from library.models import Album, Artist, Block, Collection, CollectionAlbum, Track
from metrics.bench.data import INTERVAL_DAYS, World, write_rows, write_world
from metrics.bench.indexes import without_indexes
from metrics.models import MetricSnapshot
from metrics.services import standing
from metrics.services.snapshots import Figures
from playlists.models import HistoryEntry, Label, Playlist, PlaylistSnapshot
from playlists.services import planning

PERSON = "bench"
ACCOUNTS = 20
COLLECTIONS, COLLECTED = 30, 2_000
LABELS, LABELS_EACH = 40, 2
BLOCKED = range(5_000, 5_100)
"""Artists, by number, that no list may hold; few lists would hold them anyway."""
YEARS = 2
KEPT = timedelta(days=400)
"""How long runs and slots are kept, unless the settings say otherwise."""
BULKS = 80
ROUTINE_PER_DAY = 1_000
HEAVY = (HistoryEntry, Track, Album, Artist)
"""Tables whose indexes are made after their rows, in a tenth of the time."""


def write_fleet(*, tracks: int, playlists: int, snapshots: int, now: datetime) -> World:
    """Write a library, the lists of years, and what an installation kept meanwhile.

    The library and its past are those of the other benches; this adds accounts,
    collections, use counts, runs and slots of 400 days, two years of figures.
    """
    with transaction.atomic(), without_indexes(HEAVY):
        world = write_world(
            tracks=tracks, playlists=playlists, snapshots=snapshots, now=now
        )
        _use_library(world)
        _spread_playlists(world)
    _write_collections(world)
    _write_words(now)
    _write_reports(world)
    schedules.ensure_defaults(now=now - KEPT)
    with _unchecked():
        _write_runs(world)
        _write_figures(now)
        _write_usage(now)
    _settle()
    standing.keep(now=now)
    User.objects.create_user(PERSON, is_staff=True)
    EngineLease.objects.create(
        holder=PERSON, lease_until=now, heartbeat_at=now, broker_ok=True
    )
    return world


@contextmanager
def _unchecked() -> Iterator[None]:
    """Let PostgreSQL take rows without looking each key up, where it may be told so."""
    is_postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if is_postgres:
            cursor.execute("SELECT current_setting('is_superuser') = 'on'")
        may = is_postgres and cursor.fetchone()[0]
        if may:
            cursor.execute("SET session_replication_role = replica")
        yield
        if may:
            cursor.execute("SET session_replication_role = origin")


def _use_library(world: World) -> None:
    """Give tracks uses, popularity, features and artists, and hold some back."""
    day = (world.now - timedelta(days=INTERVAL_DAYS)).date()
    used = world.playlists * world.snapshots * 50 // world.tracks
    Track.objects.update(
        popularity=Mod(F("pk") * 7, Value(101)),
        valence=F("energy"),
        use_count=Value(used) + Mod(F("pk"), Value(4)),
        prior_use_count=Value(used),
        last_used_on=day,
        artist_line=Concat(
            Value("Artist "), CastTo("primary_artist_id", models.CharField())
        ),
    )
    few = Track.objects.annotate(part=Mod(F("pk"), Value(50)))
    few.filter(part=0).update(is_usable=False, held_reason="Too loud.")
    few.filter(part=1).update(use_count=0, last_used_on=None)
    Album.objects.update(
        artist_line=Concat(Value("Artist "), CastTo("pk", models.CharField())),
        refreshed_at=world.now,
        total_tracks=8,
    )


def _spread_playlists(world: World) -> None:
    """Share the playlists out among accounts, and their turns over the interval."""
    first = Account.objects.select_related("app").get()
    Account.objects.bulk_create(
        Account(
            app=first.app,
            account_id=f"bench{number}",
            user_id=f"bench{number}",
            display_name=f"Account {number}",
            prefix=f"Bench {number}",
            authorized_at=world.now,
            consent_ends_at=world.now + timedelta(days=30 + number * 7),
            created_at=world.now - KEPT,
        )
        for number in range(1, ACCOUNTS)
    )
    accounts = list(Account.objects.order_by("pk"))
    playlists = list(Playlist.objects.order_by("pk"))
    interval = timedelta(days=INTERVAL_DAYS)
    step = interval / len(playlists)
    for number, playlist in enumerate(playlists):
        playlist.account = accounts[number % ACCOUNTS]
        playlist.cooldown_days = None if number % 3 else 14
        playlist.next_reshuffle_at = world.now + step * number - timedelta(hours=1)
        playlist.last_reshuffled_at = playlist.next_reshuffle_at - interval
        playlist.created_at = world.now - timedelta(days=number % 700)
    columns = ("account", "cooldown_days", "next_reshuffle_at", "last_reshuffled_at")
    Playlist.objects.bulk_update(playlists, (*columns, "created_at"), batch_size=500)
    Account.objects.update(playlists_count=len(playlists) // ACCOUNTS)
    _spread_lists(world)


def _spread_lists(world: World) -> None:
    """Let the newest lists have come when their playlists had their turn."""
    turn = Playlist.objects.filter(pk=OuterRef("playlist"))
    came_at = Subquery(turn.values("last_reshuffled_at"))
    interval = timedelta(days=INTERVAL_DAYS)
    before = PlaylistSnapshot.objects.filter(replaced_at=world.now - interval)
    before.update(replaced_at=came_at)
    PlaylistSnapshot.objects.current().update(confirmed_at=came_at)


def _write_collections(world: World) -> None:
    Collection.objects.bulk_create(
        Collection(name=f"Collection {number}", created_at=world.now)
        for number in range(1, COLLECTIONS + 1)
    )
    albums = Album.objects.count()
    some = min(COLLECTED, albums)
    keys = list(Collection.objects.order_by("pk").values_list("pk", flat=True))
    count = some * len(keys)
    write_rows(
        CollectionAlbum,
        {
            "collection_id": np.repeat(keys, some).tolist(),
            "album_id": [1 + number % albums for number in range(count)],
        },
        count,
    )


def _write_words(now: datetime) -> None:
    """Write labels, each playlist having some, and blocks."""
    Label.objects.bulk_create(
        Label(name=f"Label {one}", folded_name=f"label {one}", created_at=now)
        for one in range(1, LABELS + 1)
    )
    labels = list(Label.objects.order_by("pk").values_list("pk", flat=True))
    playlists = list(Playlist.objects.order_by("pk").values_list("pk", flat=True))
    given = Playlist.labels.through
    given.objects.bulk_create(
        given(playlist_id=pk, label_id=labels[(number + 7 * turn) % LABELS])
        for number, pk in enumerate(playlists)
        for turn in range(LABELS_EACH)
    )
    Block.objects.bulk_create(
        Block(
            kind=Block.Kind.ARTIST,
            key=f"a{number:021d}",
            name=f"Artist {number}",
            reason="Asked for by a label.",
            created_at=now,
        )
        for number in BLOCKED
    )


def _write_reports(world: World) -> None:
    """Draw one list as ever, and give each list that stands such a report."""
    playlist = Playlist.objects.order_by("pk")[0]
    plan = planning.draw_list(
        playlist=playlist, settings=runtime.load(), now=world.now, seed=1
    )
    report = plan.report.to_dict()
    day = report["seed"][2]
    standing = list(PlaylistSnapshot.objects.current().only("pk", "plan"))
    for snapshot in standing:
        notes = {str(pk): [day - 6 - pk % 40, "rested"] for pk in snapshot.track_ids()}
        snapshot.report = report | {"per_track": notes}
    PlaylistSnapshot.objects.bulk_update(standing, ["report"], batch_size=200)


def _write_runs(world: World) -> None:
    """Write 400 days of bulks with their children, and of what schedules opened."""
    bulks = min(BULKS, world.snapshots)
    children, days = bulks * world.playlists, KEPT.days
    routine = min(ROUTINE_PER_DAY * days, 20 * children)
    keys = list(Playlist.objects.order_by("pk").values_list("pk", flat=True))
    plans = list(Schedule.objects.order_by("pk").values_list("pk", "kind"))
    columns: list[tuple[Any, ...]] = []
    for number in range(routine):
        at = world.now - KEPT * (1 - number / routine)
        pk, kind = plans[number % len(plans)]
        columns.append((kind, f"schedule:{pk}", "Routine work", 5, False, at, "done"))
        if number % (routine // bulks) == 0:
            columns.append(
                ("playlists.reshuffle", "", "Reshuffle all", 10, True, at, "done")
            )
            columns += [_child(key, at) for key in keys]
    _write_run_rows(columns, world.now)
    _write_requests()
    _write_slots(world)


def _child(key: int, at: datetime) -> tuple[Any, ...]:
    state = "failed" if key % 40 == 0 else "done"
    title = f"Reshuffle Bench • {key}"
    return ("playlists.reshuffle", f"playlist:{key}", title, 10, False, at, state)


def _write_run_rows(rows: list[tuple[Any, ...]], now: datetime) -> None:
    names = ("kind", "subject", "title", "priority", "is_bulk", "created_at", "state")
    columns: dict[str, Any] = dict(
        zip(names, map(list, zip(*rows, strict=True)), strict=True)
    )
    at = columns["created_at"]
    columns |= {
        "due_at": at,
        "started_at": at,
        "finished_at": [moment + timedelta(seconds=3) for moment in at],
        "attempts": 1,
        "error": ["Refused." if one == "failed" else "" for one in columns["state"]],
    }
    write_rows(Run, columns, len(rows))
    _write_waiting(now)


def _write_waiting(now: datetime) -> None:
    """Write runs that go on: most wait, few work, some need a person."""
    states = ["planned"] * 260 + ["blocked"] * 32 + ["working"] * 8
    numbers = range(len(states))
    token = "0f6f3a0e-8f3c-4b53-9d62-0e6c8f6b4c11"  # noqa: S105
    write_rows(
        Run,
        {
            "kind": "library.ingest_album",
            "subject": [f"album:{number}" for number in numbers],
            "title": [f"Take in album {number}" for number in numbers],
            "state": states,
            "due_at": now + timedelta(hours=1),
            "created_at": now,
            "lease_token": token,
            "lease_until": now + timedelta(hours=1),
        },
        len(states),
    )


def _write_requests() -> None:
    """Tie each child to the newest bulk before it."""
    bulk, pairs = 0, []
    rows = Run.objects.filter(kind="playlists.reshuffle").order_by("pk")
    for pk, is_bulk in rows.values_list("pk", "is_bulk"):
        if is_bulk:
            bulk = pk
        else:
            pairs.append((bulk, pk))
    columns = dict(
        zip(("bulk_id", "run_id"), map(list, zip(*pairs, strict=True)), strict=True)
    )
    write_rows(RunRequest, columns, len(pairs))


def _write_slots(world: World) -> None:
    pks = list(Schedule.objects.order_by("pk").values_list("pk", flat=True))
    routine = Run.objects.filter(subject__startswith="schedule:").order_by("pk")
    runs = list(routine.values_list("pk", "created_at"))
    write_rows(
        ScheduleSlot,
        {
            "schedule_id": [pks[number % len(pks)] for number in range(len(runs))],
            "slot": [at for _, at in runs],
            "opened_at": [at for _, at in runs],
            "outcome": ScheduleSlot.Outcome.OPENED.value,
            "run_id": [pk for pk, _ in runs],
        },
        len(runs),
    )


def _write_figures(now: datetime) -> None:
    """Write two years of figures, with a gap in each month."""
    for grain, step in (("hourly", timedelta(hours=1)), ("daily", timedelta(days=1))):
        first = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        first = first if grain == "hourly" else first.replace(hour=0)
        count = int(timedelta(days=365 * YEARS) / step)
        slots = [first - step * back for back in range(count) if back % 700 != 300]
        write_rows(
            MetricSnapshot,
            {
                "grain": grain,
                "slot": slots,
                "taken_at": slots,
                "figures": [_json(_figures(number)) for number in range(len(slots))],
            },
            len(slots),
        )


def _figures(number: int) -> dict[str, Any]:
    return asdict(
        Figures(
            accounts=ACCOUNTS,
            playlists=1_000 - number % 700,
            tracks=1_000_000,
            usable=980_000,
            done_24h=200 + number % 30,
            failed_24h=number % 5,
            calls_24h=300 + number % 50,
            tracks_per_playlist=50.0,
            coverage=0.9,
            mean_rest_days=17.5,
        )
    )


def _json(value: object) -> Any:
    field = MetricSnapshot._meta.get_field("figures")
    return field.get_db_prep_save(value, connection)


def _write_usage(now: datetime) -> None:
    hour = now.replace(minute=0, second=0, microsecond=0)
    accounts = list(Account.objects.select_related("app"))
    Usage.objects.bulk_create(
        Usage(
            developer_id=account.app.developer_id,
            account=account,
            hour=hour - timedelta(hours=age),
            group=group,
            calls=7,
        )
        for account in accounts
        for age in range(31 * 24)
        for group in ("catalogue", "playlist_write")
    )


def _settle() -> None:
    """Leave the tables as a server leaves them that has had a quiet night."""
    with connection.cursor() as cursor:
        cursor.execute(
            "VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE"
        )
