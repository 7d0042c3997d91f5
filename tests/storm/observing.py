"""Writes down what a storm left: the sandbox's log and playlists, and the database."""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import connection

from accounts.models import App
from automation.models import Run
from library.models import Track
from playlists.models import Playlist, PlaylistSnapshot
from tests.storm.checker import Call, Ended, History, List, Local, Opening, Remote
from tests.storm.fleet import Fleet
from vibe_engine.sandbox.playlists import digest
from vibe_engine.testing.sandbox import SandboxControl

ABOUT_A_PLAYLIST = re.compile(r"^/v1/playlists/([^/]+)")
WRITES_ITEMS = re.compile(r"^/v1/playlists/[^/]+/items$")


def observe(sandbox: SandboxControl, fleet: Fleet) -> History:
    """Return everything that the checker judges."""
    owners = {account.user_id for account in fleet.accounts}
    return History(
        accepted=frozenset(fleet.accepted),
        runs=tuple(_runs()),
        calls=tuple(_calls(sandbox)),
        remote=tuple(
            Remote(row["id"], row["description"], digest(row["items"]))
            for row in sandbox.playlists()
            if row["owner_id"] in owners
        ),
        local=tuple(_playlists()),
        lists=tuple(_lists()),
        openings=tuple(_openings()),
    )


def _runs() -> Iterator[Ended]:
    rows = Run.objects.order_by("pk").only("pk", "title", "state", "reason", "error")
    for run in rows:
        yield Ended(run.pk, run.title, run.state, f"{run.reason} {run.error}".strip())


def _calls(sandbox: SandboxControl) -> Iterator[Call]:
    developers = dict(App.objects.values_list("client_id", "developer__name"))
    answer = sandbox.get("log", since=sandbox.log_start, path="/v1/")
    for row in answer["requests"]:
        found = ABOUT_A_PLAYLIST.search(row["path"])
        left = _items_left(row)
        yield Call(
            number=row["n"],
            started_s=_seconds(row["at"]),
            ended_s=_seconds(row["finished_at"]),
            name=f"{row['method']} {row['path']}",
            developer=developers.get(row["client_id"], ""),
            playlist=found[1] if found else "",
            digest=left.get("items_sha256", ""),
            version=left.get("snapshot_id", ""),
        )


def _items_left(row: dict[str, Any]) -> dict[str, str]:
    writes = row["applied"] and WRITES_ITEMS.search(row["path"])
    effect: dict[str, str] = (row["effect"] or {}) if writes else {}
    return effect


def _playlists() -> Iterator[Local]:
    for row in Playlist.objects.order_by("pk"):
        active = row.status == Playlist.Status.ACTIVE
        yield Local(
            pk=row.pk,
            remote_id=row.spotify_id or "",
            marker=row.marker,
            description=row.description,
            is_settled=active and not (row.post_sent_at or row.details_pending),
        )


def _lists() -> Iterator[List]:
    uris = {track.pk: track.uri for track in Track.objects.only("spotify_id")}
    order = ("confirmed_at", "pk")
    for row in PlaylistSnapshot.objects.order_by(*order).iterator():
        tracks = [uris[pk] for pk in row.track_ids()]
        yield List(row.pk, row.playlist_id, row.run_id, row.state, digest(tracks))


def _openings() -> Iterator[Opening]:
    """Return when circuits stood open; a later change of the row ends each stretch."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.name, c.at, c.until FROM storm_circuits c"
            " JOIN spotify_developers d ON d.id = c.developer_id ORDER BY d.name, c.at"
        )
        rows = cursor.fetchall()
    for developer, group in groupby(rows, key=lambda row: str(row[0])):
        changes = [(at, until) for _, at, until in group]
        ends = [*(at for at, _ in changes[1:]), None]
        for (at, until), end in zip(changes, ends, strict=True):
            if until is not None:
                closed = min(until, end) if end else until
                yield Opening(developer, at.timestamp(), closed.timestamp())


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
