"""Playlists, their lists and a stocked library for tests."""

import itertools
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import F

from accounts.models import Account
from accounts.services import client_for
from accounts.tests.factories import make_account
from automation import ledger, worker
from automation.ledger import RunSpec
from automation.models import Run
from library.models import (
    Album,
    Artist,
    Collection,
    LibraryVersion,
    Track,
    TrackArtist,
)
from library.services import storing
from library.tests.factories import make_tracks
from playlists.models import HistoryEntry, Playlist, PlaylistSnapshot
from playlists.naming import new_marker, playlist_name
from playlists.services import planning
from vibe_engine import clock
from vibe_engine.testing.sandbox import SandboxControl

_numbers = itertools.count(1)


def make_playlist(
    *,
    account: Account | None = None,
    collections: Sequence[Collection] = (),
    **fields: Any,
) -> Playlist:
    """Save an active playlist that is due in five days; the account counts it.

    Its Spotify id is invented unless given; `spotify_id=None` for none.
    """
    account = account or make_account()
    now = fields.pop("now", None) or clock.now()
    index = fields.pop("index", account.next_index)
    values: dict[str, Any] = {
        "account": account,
        "prefix": account.prefix,
        "index": index,
        "name": playlist_name(account.prefix, index),
        "spotify_id": f"pl{next(_numbers):0>20}",
        "status": Playlist.Status.ACTIVE,
        "marker": new_marker(),
        "created_at": now,
        "last_reshuffled_at": now,
        "next_reshuffle_at": now + timedelta(days=5),
    } | fields
    playlist = Playlist.objects.create(**values)
    playlist.collections.set(collections)
    Account.objects.filter(pk=account.pk).update(
        next_index=index + 1, playlists_count=F("playlists_count") + 1
    )
    account.refresh_from_db()
    return playlist


def make_playlists(
    count: int, *, account: Account | None = None, **fields: Any
) -> list[Playlist]:
    """Save several playlists of one account."""
    account = account or make_account()
    return [make_playlist(account=account, **fields) for _ in range(count)]


def make_snapshot(
    playlist: Playlist,
    tracks: Sequence[Track] | None = None,
    *,
    confirmed_at: datetime | None = None,
    replaced_at: datetime | None = None,
    **fields: Any,
) -> PlaylistSnapshot:
    """Save a confirmed list with its history; it is the current one by default.

    Five new tracks are made where none are given.
    """
    tracks = make_tracks(5) if tracks is None else tracks
    confirmed_at = confirmed_at or clock.now()
    track_ids = [track.pk for track in tracks]
    values: dict[str, Any] = {
        "playlist": playlist,
        "origin": PlaylistSnapshot.Origin.RESHUFFLE,
        "state": PlaylistSnapshot.State.CONFIRMED,
        "batch_tag": planning.batch_tag(confirmed_at),
        "plan": PlaylistSnapshot.pack(track_ids),
        "track_count": len(track_ids),
        "fingerprint": planning.fingerprint(track_ids),
        "planned_at": confirmed_at,
        "sent_at": confirmed_at,
        "confirmed_at": confirmed_at,
        "replaced_at": replaced_at,
    } | fields
    snapshot = PlaylistSnapshot.objects.create(**values)
    HistoryEntry.objects.bulk_create(
        HistoryEntry(
            snapshot=snapshot,
            playlist=playlist,
            track_id=pk,
            position=position,
            batch_tag=snapshot.batch_tag,
            added_at=confirmed_at,
        )
        for position, pk in enumerate(track_ids, start=1)
    )
    return snapshot


def make_planned_snapshot(
    playlist: Playlist, tracks: Sequence[Track], **fields: Any
) -> PlaylistSnapshot:
    """Save a list that is to stand on Spotify and was not sent yet."""
    track_ids = [track.pk for track in tracks]
    values: dict[str, Any] = {
        "playlist": playlist,
        "origin": PlaylistSnapshot.Origin.RESHUFFLE,
        "batch_tag": planning.batch_tag(clock.now()),
        "plan": PlaylistSnapshot.pack(track_ids),
        "track_count": len(track_ids),
        "fingerprint": planning.fingerprint(track_ids),
        "planned_at": clock.now(),
    } | fields
    return PlaylistSnapshot.objects.create(**values)


def claim_run(kind: str, playlist: Playlist, **arguments: object) -> Run:
    """Open a run about a playlist and return it as its worker holds it."""
    opened = ledger.open_run(
        RunSpec(kind=kind, subject=playlist.subject, title=kind, arguments=arguments),
        now=clock.now(),
    )
    run = ledger.claim(opened.pk, worker=f"test {secrets.token_hex(2)}")
    assert run is not None
    return run


def finish(run: Run) -> list[Run]:
    """Carry out a run, or a bulk's children, here and now; return them as they are."""
    children = run.children.values_list("pk", flat=True) if run.is_bulk else [run.pk]
    for pk in children:
        worker.work(pk)
    return list(Run.objects.filter(pk__in=children).order_by("pk"))


def stock_library(
    sandbox: SandboxControl, account: Account, *, albums: int = 50
) -> list[Track]:
    """Take the sandbox's first albums into the library; the log begins afterwards.

    The first time they come as ever, album by album. Later an empty library gets
    the same rows again, which is much quicker.
    """
    key, now = (sandbox.url, albums), clock.now()
    if Track.objects.exists():
        _ingest(sandbox, account, albums, now=now)
    elif key in _stocks:
        _stocks[key].save_again(now=now)
    else:
        _ingest(sandbox, account, albums, now=now)
        _stocks[key] = Stock()
    sandbox.mark()
    return list(Track.objects.order_by("pk"))


def _ingest(
    sandbox: SandboxControl, account: Account, albums: int, *, now: datetime
) -> None:
    with client_for(account, now=now) as client:
        for row in sandbox.catalogue(limit=albums):
            album = client.album(row["id"])
            with transaction.atomic():
                storing.store_album(data=album, submitted_url="", now=now)


class Stock:
    """The library's rows as they stand, to be saved again in later tests."""

    def __init__(self) -> None:
        self.artists = list(Artist.objects.order_by("pk"))
        self.albums = list(Album.objects.order_by("pk"))
        self.tracks = list(Track.objects.order_by("pk"))
        self.credits = list(TrackArtist.objects.order_by("track", "position"))
        artists = {artist.pk: artist for artist in self.artists}
        albums = {album.pk: album for album in self.albums}
        tracks = {track.pk: track for track in self.tracks}
        for track in self.tracks:
            track.album = albums[track.album_id]
            if track.primary_artist_id is not None:
                track.primary_artist = artists[track.primary_artist_id]
        for credit in self.credits:
            credit.track = tracks[credit.track_id]
            credit.artist = artists[credit.artist_id]

    def save_again(self, *, now: datetime) -> None:
        """Save the rows in the same order with new keys, as if they came just now."""
        _save_anew(Artist, self.artists)
        _save_anew(Album, self.albums, refreshed_at=now, created_at=now)
        for track in self.tracks:
            track.album, track.primary_artist = track.album, track.primary_artist
        _save_anew(Track, self.tracks, created_at=now)
        for credit in self.credits:
            credit.track, credit.artist = credit.track, credit.artist
        _save_anew(TrackArtist, self.credits)
        LibraryVersion.bump()


def _save_anew(
    model: type[models.Model], rows: Sequence[models.Model], **fields: object
) -> None:
    for row in rows:
        row.pk = None
        for name, value in fields.items():
            setattr(row, name, value)
    model._default_manager.bulk_create(rows)


_stocks: dict[tuple[str, int], Stock] = {}
