"""What others would write for the same list; each checks what it claims to keep."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module

from django.db import connection
from django.db.models import QuerySet

from library.models import Track
from playlists.models import HistoryEntry, PlaylistSnapshot

CAP, SIZE = 2, 50
FETCHED = 200
WINDOW = """
    SELECT id FROM (
        SELECT id, row_number() OVER (
            PARTITION BY primary_artist_id ORDER BY random()
        ) AS place
        FROM tracks WHERE is_usable AND is_playable AND id NOT IN (
            SELECT track_id FROM playlist_entries_history
            WHERE playlist_id = %s AND added_at >= %s
        )
    ) AS numbered WHERE place <= %s ORDER BY random() LIMIT %s
"""


@dataclass(frozen=True)
class Rest:
    """What must rest, as one reads it from the history: what came since a moment.

    The lists of the past lie one interval apart, so what left within the cooldown
    came within the cooldown and an interval.
    """

    playlist_id: int
    since: datetime

    def history(self) -> QuerySet[HistoryEntry]:
        """Return the entries whose tracks rest."""
        return HistoryEntry.objects.filter(
            playlist=self.playlist_id, added_at__gte=self.since
        )


def order_by_random(rest: Rest) -> list[int]:
    """Let Django shuffle the table and take what the cap allows until it is enough."""
    tracks = Track.objects.usable().exclude(pk__in=rest.history().values("track"))
    counts: Counter[int] = Counter()
    chosen: list[int] = []
    shuffled = tracks.order_by("?").prefetch_related("credits")
    for track in shuffled.iterator(chunk_size=FETCHED):
        artists = [credit.artist_id for credit in track.credits.all()]
        if all(counts[artist] < CAP for artist in artists):
            counts.update(artists)
            chosen.append(track.pk)
        if len(chosen) == SIZE:
            break
    return chosen


def one_statement(rest: Rest) -> list[int]:
    """Number each first artist's tracks at random by a window, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(WINDOW, [rest.playlist_id, rest.since, CAP, SIZE])
        return [pk for (pk,) in cursor.fetchall()]


def list_and_sample(rest: Rest) -> list[int]:
    """Load every track, shuffle, keep the cap over first artists: the naive way."""
    tracks = list(Track.objects.usable())
    random.shuffle(tracks)
    barred = set(rest.history().values_list("track_id", flat=True))
    rows = ((t.pk, t.primary_artist_id) for t in tracks if t.pk not in barred)
    return under_cap(rows)


def beets_random(rest: Rest) -> list[int] | None:
    """Let beets choose among all tracks, evenly over artists; None without beets."""
    try:
        random_objs = import_module("beets.random").random_objs
    except ImportError:
        return None
    usable = Track.objects.usable().exclude(pk__in=rest.history().values("track"))
    tracks = [_BeetsItem(track) for track in usable]
    chosen = random_objs(tracks, number=SIZE * 8, equal_chance=True)
    return under_cap((item.track.pk, item.track.primary_artist_id) for item in chosen)


class _BeetsItem:
    """A track as beets sees one."""

    def __init__(self, track: Track) -> None:
        self.track = track
        self.albumartist = str(track.primary_artist_id)

    def get(self, name: str, default: object = None) -> object:
        """Return a field as beets asks for it."""
        return getattr(self, name, default)

    def __getitem__(self, name: str) -> object:
        return getattr(self, name)


def under_cap(rows: Iterable[tuple[int, int | None]]) -> list[int]:
    """Return tracks in order, at most two of each artist, up to a list's length."""
    counts: Counter[int | None] = Counter()
    chosen: list[int] = []
    for pk, artist in rows:
        counts[artist] += 1
        if counts[artist] <= CAP:
            chosen.append(pk)
        if len(chosen) == SIZE:
            break
    return chosen


def write_naively(snapshot: PlaylistSnapshot, track_ids: Sequence[int]) -> None:
    """Write the history one row after the other, and each track's use."""
    for position, pk in enumerate(track_ids, start=1):
        HistoryEntry.objects.create(
            snapshot=snapshot,
            playlist_id=snapshot.playlist_id,
            track_id=pk,
            position=position,
            batch_tag=snapshot.batch_tag,
            added_at=snapshot.planned_at,
        )
        track = Track.objects.get(pk=pk)
        track.use_count += 1
        track.save(update_fields=["use_count"])
