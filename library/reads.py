"""What the library's pages show, in few queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, models
from django.db.models import Count as CountRows
from django.db.models import Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Greatest

from accounts.models import Account, App
from automation.runtime import RuntimeSettings
from library.models import Album, Artist, Collection, Track, TrackArtist
from library.services.sources import pause_of
from vibe_engine.words import grouped

EXACT_UP_TO = 10_000
"""Counting more rows than this takes longer than anybody cares for the last digit."""

SORTED_UP_TO = 30_000
"""Sorting so many rows takes less than walking past a million others may take."""


@dataclass(frozen=True)
class Tally:
    """A number of rows; `word` is "", "about" or "more than"."""

    number: int
    word: str = ""

    def __str__(self) -> str:
        return f"{self.word} {grouped(self.number)}".strip()


@dataclass(frozen=True)
class Holdings:
    """How much the library holds; `unused` tracks wait for their first turn."""

    albums: Tally
    tracks: Tally
    artists: Tally
    held: Tally
    unused: Tally
    featureless: Tally


@dataclass(frozen=True)
class AlbumUse:
    """What an album's tracks say of it on its cover or row.

    `energies` in playing order, None where unknown.
    """

    energies: tuple[float | None, ...] = ()
    used: int = 0
    held: int = 0
    unplayable: int = 0
    last_used_on: date | None = None

    @property
    def tracks(self) -> int:
        """How many tracks are here."""
        return len(self.energies)

    @property
    def energy_label(self) -> str:
        """What the small curve shows, in words."""
        return f"Energy of {self.tracks} tracks" if self.tracks != 1 else "Its energy"


_HELD_AND_UNUSED = """
    (SELECT COUNT(*) FROM tracks WHERE NOT is_usable),
    (SELECT COUNT(*) FROM (
        SELECT 1 FROM tracks
        WHERE last_used_on IS NULL AND is_usable AND is_playable LIMIT %s
    ) AS found),
    (SELECT COUNT(*) FROM (
        SELECT 1 FROM tracks
        WHERE energy IS NULL AND features_source <> 'import' LIMIT %s
    ) AS lacking)"""
_COUNTED = f"""SELECT
    (SELECT COUNT(*) FROM albums),
    (SELECT COUNT(*) FROM tracks),
    (SELECT COUNT(*) FROM artists),
    {_HELD_AND_UNUSED}"""  # noqa: S608
_ESTIMATED = f"""WITH size AS (
    SELECT oid, reltuples::bigint AS guess FROM pg_class
    WHERE oid IN ('albums'::regclass, 'tracks'::regclass, 'artists'::regclass)
) SELECT
    (SELECT CASE WHEN guess > {EXACT_UP_TO} THEN guess
     ELSE (SELECT COUNT(*) FROM albums) END FROM size WHERE oid = 'albums'::regclass),
    (SELECT CASE WHEN guess > {EXACT_UP_TO} THEN guess
     ELSE (SELECT COUNT(*) FROM tracks) END FROM size WHERE oid = 'tracks'::regclass),
    (SELECT CASE WHEN guess > {EXACT_UP_TO} THEN guess
     ELSE (SELECT COUNT(*) FROM artists) END FROM size WHERE oid = 'artists'::regclass),
    {_HELD_AND_UNUSED}"""  # noqa: S608


def holdings() -> Holdings:
    """Return the library's size in one query: exact while it is small.

    PostgreSQL's own estimate stands for tables beyond `EXACT_UP_TO` rows; SQLite
    counts them through its smallest index.
    """
    can_estimate = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        most = [EXACT_UP_TO + 1] * 2
        cursor.execute(_ESTIMATED if can_estimate else _COUNTED, most)
        albums, tracks, artists, held, found, lacking = cursor.fetchone()
    return Holdings(
        albums=_size(albums, can_estimate=can_estimate),
        tracks=_size(tracks, can_estimate=can_estimate),
        artists=_size(artists, can_estimate=can_estimate),
        held=Tally(held),
        unused=_capped(found),
        featureless=_capped(lacking),
    )


def count_up_to(rows: "QuerySet[models.Model]", *, most: int = EXACT_UP_TO) -> Tally:
    """Count the rows of a filtered list, no further than `most`."""
    return _capped(rows.order_by()[: most + 1].count(), most)


def credited_up_to(artist_id: int, *, most: int) -> Tally:
    """Count the tracks that credit an artist, no further than `most`.

    Nothing is asked for but what an index holds.
    """
    credits = TrackArtist.objects.filter(artist=artist_id).order_by()
    return _capped(credits.values("artist")[: most + 1].count(), most)


@dataclass(frozen=True)
class FeatureSource:
    """Who tells features; `state` as the pages draw it, `words` what it is about."""

    name: str
    state: str
    word: str
    words: str


def feature_sources(
    *, settings: RuntimeSettings, now: datetime
) -> tuple[FeatureSource, ...]:
    """Return the services that are asked for features, in their order."""
    extended = Account.objects.usable().filter(app__mode=App.Mode.EXTENDED)
    reader = extended.order_by("pk").first()
    return (_spotify(reader), _reccobeats(settings, now=now))


def _spotify(reader: Account | None) -> FeatureSource:
    if reader is not None:
        words = "Asked first, a hundred tracks a call, within the daily budget."
        return FeatureSource("Spotify", "ok", f"Through {reader}", words)
    words = (
        "No connected app may read them: Spotify tells features only to apps that "
        "could read them before 27 November 2024."
    )
    return FeatureSource("Spotify", "off", "Not to be had", words)


def _reccobeats(settings: RuntimeSettings, *, now: datetime) -> FeatureSource:
    words = (
        "A free service, asked for what Spotify does not tell. It is told which tracks "
        "the library holds, and what it does not know is not asked again for 90 days."
    )
    if not settings.reccobeats:
        return FeatureSource("ReccoBeats", "off", "Switched off", words)
    pause = pause_of(Track.FeatureSource.RECCOBEATS, now=now)
    if pause is None:
        return FeatureSource("ReccoBeats", "ok", "Switched on", words)
    word = f"Rests until {pause.until:%Y-%m-%d %H:%M} UTC"
    return FeatureSource("ReccoBeats", "paused", word, pause.reason)


def album_uses(albums: Iterable[Album]) -> dict[int, AlbumUse]:
    """Return what each album's tracks say, by primary key, in one query."""
    rows = Track.objects.filter(album__in=list(albums)).order_by(
        "album", "disc_number", "track_number"
    )
    names = ("energy", "use_count", "is_usable", "is_playable", "last_used_on")
    by_album: defaultdict[int, list[tuple[object, ...]]] = defaultdict(list)
    for album, *values in rows.values_list("album", *names):
        by_album[album].append(tuple(values))
    return {album: _use_of(values) for album, values in by_album.items()}


def _use_of(rows: Sequence[tuple[object, ...]]) -> AlbumUse:
    energies, uses, usable, playable, days = zip(*rows, strict=True)
    return AlbumUse(
        energies=energies,
        used=sum(count > 0 for count in uses),
        held=usable.count(False),
        unplayable=playable.count(False),
        last_used_on=max((day for day in days if day), default=None),
    )


def collections_for_table() -> QuerySet[Collection]:
    """Return every collection with how many albums and tracks it holds."""
    return Collection.objects.annotate(
        album_count=CountRows("albums"),
        track_count=Coalesce(Sum("albums__total_tracks"), 0),
    ).order_by("name")


def with_credits(artists: QuerySet[Artist]) -> QuerySet[Artist]:
    """Add to each artist how many tracks credit it and when one was last used.

    An index holds the days of an artist's own tracks in order; tracks are read only
    where the artist is a guest (a credit after the first).
    """
    credits = TrackArtist.objects.filter(artist=OuterRef("pk")).order_by()
    counted = credits.values("artist").annotate(tracks=CountRows("*")).values("tracks")
    own = Track.objects.filter(
        primary_artist=OuterRef("pk"), last_used_on__isnull=False
    )
    as_guest = credits.filter(position__gt=1).values("artist")
    used_own = Subquery(own.order_by("-last_used_on").values("last_used_on")[:1])
    used_as_guest = Subquery(
        as_guest.annotate(last=Max("track__last_used_on")).values("last")
    )
    return artists.annotate(
        track_count=Coalesce(Subquery(counted), 0),
        last_used_on=Greatest(
            Coalesce(used_own, used_as_guest), Coalesce(used_as_guest, used_own)
        ),
    )


def _size(rows: int, *, can_estimate: bool) -> Tally:
    return Tally(rows, "about" if can_estimate and rows > EXACT_UP_TO else "")


def _capped(number: int, most: int = EXACT_UP_TO) -> Tally:
    return Tally(most, "more than") if number > most else Tally(number)
