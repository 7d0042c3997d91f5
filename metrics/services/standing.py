"""How the lists that stand use the library: counted, and kept for an hour.

At a million tracks the counting takes seconds. Then pages show what the hourly
figures left behind; a smaller library is counted each time it is looked at.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta

from django.db.models import (
    BooleanField,
    Case,
    Count,
    ExpressionWrapper,
    IntegerField,
    Min,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from library.models import Track
from metrics.models import Standing
from metrics.services.energies import FRESH, Energies, read_energies
from playlists.models import HistoryEntry, PlaylistSnapshot

SLOW_MS = 50
STALE = timedelta(days=1)
"""Nobody has counted for so long: the schedule is off, and pages count themselves."""
MOST_EXPOSED = 7
BAND_EDGES = (0.45, 0.55, 0.65, 0.75, 0.85)
"""Where one ink of energy ends and the next begins (vibe_engine.charts.scales)."""
UNKNOWN = -1
"""The band of tracks whose energy is not known."""


@dataclass(frozen=True)
class ArtistPlaces:
    """An artist's places in the lists that stand, those of its aliases included."""

    key: int | None
    name: str
    image_url: str
    places: int


@dataclass(frozen=True)
class Use:
    """What the lists that stand do with the usable tracks.

    `bands` are tracks in lists by ink of energy, `UNKNOWN` included; `taken_at` is
    when this was counted.
    """

    bands: Mapping[int, int]
    resting: int
    never: int
    lists: int
    places: int
    artists: Sequence[ArtistPlaces]
    taken_at: datetime
    is_kept: bool = False


COUNTED = {field.name for field in fields(Use)} - {"taken_at", "is_kept"}
"""What of the kept figures says how the library is used."""


def look(*, now: datetime) -> Use:
    """Return how the lists use the library: as kept, or counted where that is quick."""
    row = Standing.objects.filter(pk=1).first()
    if row is None or row.took_ms < SLOW_MS or now - row.taken_at > STALE:
        return count(now=now)
    figures = {name: row.figures[name] for name in COUNTED}
    bands = {int(band): number for band, number in figures.pop("bands").items()}
    artists = [ArtistPlaces(**artist) for artist in figures.pop("artists")]
    return Use(
        bands=bands, artists=artists, **figures, taken_at=row.taken_at, is_kept=True
    )


def keep(*, now: datetime) -> None:
    """Count, and write it down with how long that took."""
    started = time.perf_counter()
    figures = asdict(count(now=now))
    took_ms = int((time.perf_counter() - started) * 1_000)
    del figures["taken_at"], figures["is_kept"]
    figures["energies"] = read_energies(now=now)
    Standing.objects.update_or_create(
        pk=1, defaults={"taken_at": now, "took_ms": took_ms, "figures": figures}
    )


def look_at_energies(*, now: datetime) -> Energies:
    """Return what is kept of the newest lists' energies; nothing in a small library."""
    rows = Standing.objects.filter(pk=1, took_ms__gte=SLOW_MS)
    row = rows.values_list("taken_at", "figures__energies").first()
    if row is None or now - row[0] > STALE or row[1] is None:
        return Energies()
    kept = {int(pk): energy for pk, energy in row[1].items()}
    return Energies(kept, row[0], most=FRESH)


def count(*, now: datetime) -> Use:
    """Count everything, with three queries."""
    bands: Counter[int] = Counter()
    resting = never = 0
    for is_here, is_used, band, number in _tracks_by_use():
        if is_here:
            bands[band] += number
        elif is_used:
            resting += number
        else:
            never += number
    whole = PlaylistSnapshot.objects.current().aggregate(
        lists=Count("pk"), places=Coalesce(Sum("track_count"), 0)
    )
    return Use(
        dict(bands), resting, never, **whole, artists=_most_exposed(), taken_at=now
    )


def _in_current_lists() -> QuerySet[HistoryEntry]:
    return HistoryEntry.objects.filter(
        snapshot__state=PlaylistSnapshot.State.CONFIRMED,
        snapshot__replaced_at__isnull=True,
    )


def _tracks_by_use() -> QuerySet[Track, tuple[bool, bool, int, int]]:
    here = Q(pk__in=_in_current_lists().values("track"))
    return (
        Track.objects.usable()
        .order_by()
        .annotate(
            is_here=_whether(here), is_used=_whether(Q(use_count__gt=0)), band=_band()
        )
        .values_list("is_here", "is_used", "band")
        .annotate(n=Count("pk"))
    )


def _whether(condition: Q) -> ExpressionWrapper[Q]:
    return ExpressionWrapper(condition, output_field=BooleanField())


def _band() -> Case:
    """Return the ink of a track's energy, the calmest 0."""
    return Case(
        When(energy=None, then=Value(UNKNOWN)),
        *(When(energy__lt=edge, then=n) for n, edge in enumerate(BAND_EDGES)),
        default=Value(len(BAND_EDGES)),
        output_field=IntegerField(),
    )


def _most_exposed() -> list[ArtistPlaces]:
    artist, main = "track__primary_artist", "track__primary_artist__alias_of__main"
    rows = (
        _in_current_lists()
        .values(
            name=Coalesce(f"{main}__name", f"{artist}__name"),
            key=Coalesce(main, artist),
        )
        .annotate(places=Count("pk"), image=Min("track__album__image_url"))
        .order_by("-places", "key")[:MOST_EXPOSED]
    )
    return [
        ArtistPlaces(row["key"], row["name"] or "", row["image"] or "", row["places"])
        for row in rows
    ]
