"""A hundred thousand tracks and a busy fleet, every name of it hostile."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Count, F, Min
from django.db.models.functions import Mod

from accounts.models import Account, Usage
from accounts.tests.factories import make_accounts, make_app
from automation import runtime, schedules, staffing
from automation.models import EngineLease, Run, RunRequest, Schedule
from automation.timing import Timing
from library.models import Album, Artist, Collection, Track, TrackArtist
from library.services import aliasing
from library.tests.factories import make_collection, make_tracks
from playlists.models import HistoryEntry, Label, Playlist, PlaylistSnapshot
from playlists.services import planning
from playlists.tests.factories import (
    make_planned_snapshot,
    make_playlist,
    make_snapshot,
)
from tests.markup import hostile_names, markup_name
from tests.modulewide import learn_sizes
from tests.security.fleet import RECEIPT, make_receipt

TRACKS = 100_000
ACCOUNTS, PLAYLISTS, LISTS, RUNS = 6, 60, 4, 240
SPREAD = 20
"""Of so many rows as many are hostile as there are hostile names."""


@dataclass(frozen=True)
class BigFleet:
    """Rows to look at; their own names are the markup of their kind."""

    account: Account
    playlist: Playlist
    snapshot: PlaylistSnapshot
    collection: Collection
    album: Album
    artist: Artist
    track: Track
    run: Run
    bulk: Run
    schedule: Schedule
    own_schedule: Schedule
    label: Label


def make_big_fleet(*, now: datetime) -> BigFleet:
    """Fill an empty database; about twenty seconds."""
    library = make_library(now=now)
    learn_sizes(Album, Track, TrackArtist)
    accounts = make_hostile_accounts(now=now)
    playlists = make_hostile_playlists(accounts, library, now=now)
    rename_most_exposed()
    bulk = make_runs(playlists, now=now)
    schedules.ensure_defaults(now=now - timedelta(days=1))
    schedules.open_due_slots(now=now)
    make_receipt(RECEIPT)
    EngineLease.objects.create(
        holder="engine:1", lease_until=now, heartbeat_at=now, broker_ok=True
    )
    make_usage(accounts, now=now)
    playlist = playlists[0]
    current = playlist.snapshots.current().get()
    track = Track.objects.get(pk=current.track_ids()[0])
    Track.objects.filter(pk=track.pk).update(
        name=markup_name("track"), artist_line=markup_name("artist")
    )
    Album.objects.filter(pk=track.album_id).update(name=markup_name("album"))
    track.refresh_from_db()
    artist = track.artists.get(credits__position=1)
    make_aliases(artist, now=now)
    return BigFleet(
        account=accounts[0],
        playlist=playlist,
        snapshot=playlist.snapshots.exclude(pk=current.pk).confirmed()[0],
        collection=library[0],
        album=track.album,
        artist=artist,
        track=track,
        run=bulk.children.filter(state=Run.State.WORKING)[0],
        bulk=bulk,
        schedule=Schedule.objects.order_by("pk")[0],
        own_schedule=make_own_schedule(accounts[0], now=now),
        label=make_labels(playlists, now=now),
    )


def make_aliases(artist: Artist, *, now: datetime) -> None:
    """Give an artist and its newest album a hostile name; take others for the same."""
    Artist.objects.filter(pk=artist.pk).update(name=markup_name("artist"))
    newest = Album.objects.crediting(artist.pk).order_by("-pk")[:1]
    Album.objects.filter(pk__in=newest.values("pk")).update(name=markup_name("album"))
    for other in Artist.objects.exclude(pk=artist.pk).order_by("pk")[:9]:
        aliasing.add_alias(artist=artist, other=other, by=None, now=now)


def make_labels(playlists: list[Playlist], *, now: datetime) -> Label:
    """Label every other playlist with hostile names; return the first label."""
    every_other = Playlist.objects.filter(pk__in=[one.pk for one in playlists[::2]])
    names = [name for name in hostile_names("label", longest=64) if name.strip()]
    labels = [Label.objects.create(name=name, created_at=now) for name in names]
    for label in labels:
        label.playlists.set(every_other)
    return labels[0]


def make_own_schedule(account: Account, *, now: datetime) -> Schedule:
    """Save a schedule of staff's own with a hostile name, about one account."""
    wish = staffing.Wish(
        name=markup_name("schedule")[:200],
        arguments={"account": account.pk},
        timing=Timing(every=1, period="days"),
        policy=Schedule.Policy.ONCE,
        grace_s=3600,
    )
    return staffing.save_schedule(wish, now=now)


def make_library(*, now: datetime) -> list[Collection]:
    """Save the tracks with hostile names, and collections of some of their albums."""
    make_tracks(TRACKS, artists=8_000)
    rename(Artist, name="artist")
    rename(Album, name="album", artist_line="artist")
    rename(Track, name="track", artist_line="artist")
    Track.objects.annotate(part=Mod(F("pk"), 50)).filter(part=0).update(
        is_usable=False, held_reason=markup_name("reason")
    )
    Album.objects.update(image_url="https://i.scdn.co/image/a", refreshed_at=now)
    albums = list(Album.objects.order_by("-pk")[:400])
    names = [name for name in hostile_names("collection", longest=80) if name.strip()]
    return [
        make_collection(name=name, albums=albums[number * 50 : number * 50 + 120])
        for number, name in enumerate(names)
    ]


def rename(model: type[models.Model], **kinds: str) -> None:
    """Give columns of a large table hostile names, whichever page its rows are on.

    `kinds` says what is named in which column. Rows are counted from the first one,
    whose key depends on what ran before.
    """
    first = model._default_manager.aggregate(pk=Min("pk"))["pk"]
    rows = model._default_manager.annotate(part=Mod(F("pk") - (first - 1), SPREAD))
    for part, names in enumerate(zip(*map(hostile_names, kinds.values()), strict=True)):
        rows.filter(part=part).update(**dict(zip(kinds, names, strict=True)))


def rename_most_exposed() -> None:
    """Give the artist with most places in the lists the name that is searched for."""
    lists = PlaylistSnapshot.objects.current()
    current = HistoryEntry.objects.filter(snapshot__in=lists)
    artist = (
        current.values(key=F("track__primary_artist"))
        .annotate(places=Count("pk"))
        .order_by("-places", "key")[0]
    )
    Artist.objects.filter(pk=artist["key"]).update(name=markup_name("artist"))


def make_hostile_accounts(*, now: datetime) -> list[Account]:
    """Save accounts of two apps, in different states."""
    names = hostile_names("account", longest=200)
    prefixes = [n for n in hostile_names("account", longest=64) if n.strip()]
    accounts = make_accounts(ACCOUNTS, app=make_app(name=markup_name("app")))
    for account, name, prefix in zip(accounts, names, prefixes, strict=False):
        account.display_name, account.prefix = name, prefix
        account.image_url = "https://i.scdn.co/image/b"
        account.save(update_fields=["display_name", "prefix", "image_url"])
    states = (Account.Status.NEEDS_REAUTH, Account.Status.INACTIVE)
    for account, status in zip(accounts[-2:], states, strict=True):
        account.status, account.status_reason = status, markup_name("reason")
        account.save(update_fields=["status", "status_reason"])
    Account.objects.filter(pk=accounts[1].pk).update(
        authorized_at=now - timedelta(days=170),
        consent_ends_at=now + timedelta(days=12),
    )
    return accounts


def make_hostile_playlists(
    accounts: list[Account], collections: list[Collection], *, now: datetime
) -> list[Playlist]:
    """Save playlists with some lists each; the newest with a real report."""
    settings = runtime.load()
    names = cycle(n for n in hostile_names("playlist", longest=100) if n.strip())
    texts = cycle(hostile_names("description", longest=300))
    playlists = [
        make_playlist(
            account=accounts[number % ACCOUNTS],
            collections=collections[number % 3 : number % 3 + number % 2],
            name=next(names),
            description=next(texts),
            spotify_url="https://open.spotify.com/playlist/p",
            now=now - timedelta(days=number % 5),
        )
        for number in range(PLAYLISTS)
    ]
    for number, playlist in enumerate(playlists):
        make_lists(playlist, settings, seed=number, now=now)
    for status, playlist in zip(
        ("paused", "missing", "removed", "creating"), playlists[-4:], strict=True
    ):
        Playlist.objects.filter(pk=playlist.pk).update(status=status)
    Playlist.objects.filter(pk__in=[one.pk for one in playlists[10:14]]).update(
        next_reshuffle_at=now - timedelta(hours=1)
    )
    return playlists


def make_lists(
    playlist: Playlist, settings: runtime.RuntimeSettings, *, seed: int, now: datetime
) -> None:
    """Save a playlist's lists, five days apart; the newest is drawn as ever."""
    for age in range(1, LISTS):
        began = now - timedelta(days=5 * age)
        before = Track.objects.order_by("pk")[50 * (LISTS * seed + age) :][:50]
        make_snapshot(
            playlist,
            list(before),
            confirmed_at=began,
            replaced_at=began + timedelta(days=5),
        )
    plan = planning.draw_list(playlist=playlist, settings=settings, now=now, seed=seed)
    drawn = Track.objects.in_bulk(plan.track_ids)
    tracks = [drawn[pk] for pk in plan.track_ids]
    make_snapshot(
        playlist, tracks, confirmed_at=now, report=plan.report.to_dict(), seed=seed
    )
    if seed % 7 == 0:
        make_planned_snapshot(playlist, tracks)


def make_runs(playlists: list[Playlist], *, now: datetime) -> Run:
    """Save runs in every state; return a bulk that still goes on."""
    asker = User.objects.create(username=markup_name("person"))
    titles, states = cycle(hostile_names("run", longest=300)), cycle(Run.State.values)
    runs = Run.objects.bulk_create(
        make_run(next(titles), next(states), number, asker, playlists, now=now)
        for number in range(RUNS)
    )
    bulk = make_bulk("working", asker, now=now)
    RunRequest.objects.bulk_create(
        RunRequest(bulk=bulk, run=run) for run in runs[: RUNS // 2]
    )
    for _ in range(5):
        make_bulk("done", asker, now=now)
    return bulk


def make_run(
    title: str,
    state: str,
    number: int,
    asker: User,
    playlists: list[Playlist],
    *,
    now: datetime,
) -> Run:
    is_working = state == Run.State.WORKING
    has_ended = state not in Run.ACTIVE
    playlist = playlists[number % len(playlists)]
    return Run(
        kind=f"playlists.kind{number // len(playlists)}",
        subject=f"{playlist.subject}{'' if number < len(playlists) else number}",
        lane=playlist.account.lane,
        title=title,
        url=playlist.get_absolute_url(),
        state=state,
        requested_by=asker,
        step=markup_name("step"),
        error=markup_name("error"),
        reason="needs_reauth",
        created_at=now - timedelta(minutes=number),
        due_at=now + timedelta(minutes=number - 20),
        started_at=now - timedelta(minutes=number),
        finished_at=now if has_ended else None,
        lease_token="0f6f3a0e-8f3c-4b53-9d62-0e6c8f6b4c11" if is_working else None,
        lease_until=now + timedelta(minutes=2) if is_working else None,
    )


def make_bulk(state: str, asker: User, *, now: datetime) -> Run:
    return Run.objects.create(
        kind="playlists.reshuffle",
        is_bulk=True,
        title=markup_name("run"),
        state=state,
        requested_by=asker,
        progress_total=RUNS,
        due_at=now,
        created_at=now,
        started_at=now,
        finished_at=None if state == Run.State.WORKING else now,
    )


def make_usage(accounts: Iterable[Account], *, now: datetime) -> None:
    """Save two days of calls of every account."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    Usage.objects.bulk_create(
        Usage(
            developer=account.app.developer,
            account=account,
            hour=hour - timedelta(hours=age),
            group=group,
            calls=7,
        )
        for account in accounts
        for age in range(48)
        for group in ("catalogue", "playlist_write")
    )
