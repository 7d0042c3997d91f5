"""How the lists use the library: coverage, exposure, rest."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.urls import reverse
from django.utils.http import urlencode

from metrics.pictures.words import counted
from metrics.services.rests import count_rests
from metrics.services.standing import BAND_EDGES, UNKNOWN, Use
from playlists.models import PlaylistSnapshot
from vibe_engine.charts import Part
from vibe_engine.words import grouped

MOST_REPORTS = 500
REST_SHOWN_DAYS = 30


@dataclass(frozen=True)
class Coverage:
    """Usable tracks that are in a list now, were once, or never.

    `unknown` are those in a list of which the energy is not known.
    """

    head: ClassVar = ("Tracks", "Number")

    in_lists: int
    unknown: int
    resting: int
    never: int
    parts: Sequence[Part]
    meaning: str

    @property
    def usable(self) -> int:
        """All usable tracks."""
        return self.in_lists + self.resting + self.never

    @property
    def heard(self) -> str:
        """Share of the usable tracks that a list has held."""
        share = 1 - self.never / self.usable if self.usable else 0.0
        return f"{share:.1%}"

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """The same as a table."""
        return (
            ("In a list now", grouped(self.in_lists)),
            ("Resting", grouped(self.resting)),
            ("Never used yet", grouped(self.never)),
        )


@dataclass(frozen=True)
class ExposedArtist:
    """An artist with their places in the present lists."""

    name: str
    url: str
    image_url: str
    places: int


@dataclass(frozen=True)
class Exposure:
    """The artists with most places, and all places in all present lists."""

    artists: Sequence[ExposedArtist]
    places: int
    lists: int
    meaning: str

    @property
    def most(self) -> int:
        """Places of the first artist."""
        return self.artists[0].places if self.artists else 0

    @property
    def mean_places(self) -> float:
        """Places of a present list, on average."""
        return self.places / self.lists if self.lists else 0.0


@dataclass(frozen=True)
class Rests:
    """Tracks of the present lists by the days they had rested; index = days."""

    head: ClassVar = ("Rest", "Tracks")

    counts: Sequence[int]
    rule_days: int
    meaning: str

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The same as a table."""
        return [
            (counted(days, "day"), grouped(count))
            for days, count in enumerate(self.counts)
        ]


def coverage(use: Use, *, places_a_day: float) -> Coverage:
    """Return how much of the usable library the lists use."""
    bands = Counter(use.bands)
    in_lists = bands.total()
    return Coverage(
        in_lists,
        bands[UNKNOWN],
        use.resting,
        use.never,
        parts=_parts(bands, use.resting, use.never),
        meaning=_coverage_meaning(in_lists + use.resting + use.never, places_a_day),
    )


def _parts(bands: Counter[int], resting: int, never: int) -> list[Part]:
    whole = (bands.total() + resting + never) or 1
    inks = range(len(BAND_EDGES) + 1)
    parts = [Part(bands[ink] / whole, f"energy-{ink}") for ink in inks]
    return [
        *parts,
        Part(bands[UNKNOWN] / whole, "ink"),
        Part(resting / whole, "done"),
        Part(never / whole, "track"),
    ]


def _coverage_meaning(usable: int, places_a_day: float) -> str:
    if not usable:
        return "The library holds no track that may be drawn."
    if places_a_day <= 0:
        return "No list was renewed this week, so nothing comes round."
    days_round = usable / places_a_day
    if days_round < 1:
        return "At this week's pace every track comes round more than once a day."
    return (
        "At this week's pace every track comes round once in about "
        f"{counted(round(days_round), 'day')}."
    )


def exposure(use: Use) -> Exposure:
    """Return the artists with most places in the present lists."""
    tracks = reverse("library:tracks")
    artists = [
        ExposedArtist(
            name=one.name or "Unnamed artist",
            url=f"{tracks}?{urlencode({'artist': one.key or ''})}",
            image_url=one.image_url,
            places=one.places,
        )
        for one in use.artists
    ]
    meaning = _exposure_meaning(artists, use.places)
    return Exposure(artists, places=use.places, lists=use.lists, meaning=meaning)


def _exposure_meaning(artists: Sequence[ExposedArtist], total: int) -> str:
    if not artists:
        return "No list stands yet."
    share = sum(artist.places for artist in artists) / total
    names = "artist holds" if len(artists) == 1 else f"{len(artists)} artists hold"
    return f"The first {names} {share:.0%} of all places in the present lists."


def rests(*, rule_days: int) -> Rests:
    """Return how long the tracks had rested that stand in the present lists.

    Playlists with a rest of their own are left out. One query.
    """
    lists = (
        PlaylistSnapshot.objects.current()
        .filter(playlist__cooldown_days=None)
        .order_by("-confirmed_at")
    )
    rested: Counter[int] = Counter()
    for days, number in count_rests(lists[:MOST_REPORTS]).items():
        rested[min(REST_SHOWN_DAYS, days)] += number
    last = max(rested, default=-1)
    return Rests(
        [rested[number] for number in range(last + 1)],
        rule_days,
        _rests_meaning(rested, rule_days),
    )


def _rests_meaning(rested: Counter[int], rule_days: int) -> str:
    total = rested.total()
    if not total:
        return "No track has come back to a list yet."
    early = sum(count for rest, count in rested.items() if rest < rule_days)
    ordered = sorted(rested.elements())
    words = "none came back early" if not early else f"{grouped(early)} came back early"
    return f"Half of them rested {ordered[total // 2]} days or more; {words}."
