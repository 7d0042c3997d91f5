"""How far library, budgets and accounts carry the fleet, and what would help."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.contrib.auth.models import User

from automation.runtime import RuntimeSettings
from metrics.pictures.words import counted
from playlists import ways
from playlists.services import easing
from playlists.services.capacity import LibraryLoad, WriteLoad
from playlists.services.outlook import Load, Outlook
from playlists.ways import Way
from vibe_engine.words import grouped

MOST_SHOWN = 6
"""Bounds in the picture, the fullest; the table has all of them."""
NEARLY = 0.9
"""From this share on a bound is called nearly full."""


@dataclass(frozen=True)
class Line:
    """One bound: what is asked of it, what it gives, how much of that is used.

    `state` and `word` say how it stands; `more` is for how many more playlists it
    has room, None where it does not count in playlists.
    """

    title: str
    detail: str
    asked: str
    most: str
    ratio: float
    more: int | None
    ways: Sequence[Way]

    @property
    def state(self) -> str:
        """The state as pages draw it."""
        return "failed" if self.is_over else "waiting" if self.is_near else "ok"

    @property
    def word(self) -> str:
        """The state in a word."""
        if self.is_over:
            return "Too little"
        return "Nearly full" if self.is_near else "Enough"

    @property
    def is_over(self) -> bool:
        """Whether more is asked than is there."""
        return self.ratio > 1.0

    @property
    def is_near(self) -> bool:
        """Whether it will soon be used up."""
        return NEARLY <= self.ratio <= 1.0

    @property
    def share(self) -> str:
        """How much is used, in percent."""
        if math.isinf(self.ratio) or self.ratio >= 10:
            return "over 999%"
        return f"{math.floor(self.ratio * 100)}%"


@dataclass(frozen=True)
class Capacity:
    """Every bound, the fullest first, and what that means."""

    head: ClassVar = ("Bound", "Asked", "Room", "Used")

    lines: Sequence[Line]
    other_groups: int
    meaning: str

    @property
    def shown(self) -> Sequence[Line]:
        """The lines of the picture: the fullest, and every one that has no room."""
        return [
            line
            for number, line in enumerate(self.lines)
            if number < MOST_SHOWN or line.is_over
        ]

    @property
    def rows(self) -> list[tuple[str, str, str, str]]:
        """The same as a table."""
        return [
            (f"{line.title}, {line.detail}", line.asked, line.most, line.share)
            for line in self.lines
        ]


def capacity(outlook: Outlook, *, settings: RuntimeSettings, person: User) -> Capacity:
    """Return the picture of an outlook, for a person who may do something about it."""
    lines = [
        *(_library(load, person) for load in outlook.library),
        *(_writes(load, settings, person) for load in outlook.writes if load.playlists),
        *_counted(outlook, settings, person),
    ]
    lines.sort(key=lambda line: -line.ratio)
    return Capacity(lines, outlook.other_groups, _meaning(lines))


def _library(load: LibraryLoad, person: User) -> Line:
    group, terms = load.group, load.group.terms
    helps = easing.ease_library(
        terms, load.supply, playlists=group.together, taken=load.taken
    )
    if load.most is None or not terms.is_shared:
        asked = f"{counted(terms.needed, 'track')} a list"
        most, more = counted(load.room, "track"), None
    else:
        asked, most = counted(group.together, "playlist"), grouped(load.most)
        more = max(0, load.most - group.together)
    return Line(
        title=", ".join(group.collections) or "The whole library",
        detail=_words_of(load),
        asked=asked,
        most=most,
        ratio=load.ratio,
        more=more,
        ways=ways.ways_of_group(helps, group=group, person=person),
    )


def _words_of(load: LibraryLoad) -> str:
    group, rules = load.group, load.group.terms.rules
    lists = counted(group.playlists, "playlist")
    days = group.terms.interval_days
    interval = "day" if days == 1 else f"{days} days"
    rest = counted(rules.cooldown_days, "day")
    if not rules.cooldown_days:
        return f"{lists} of {rules.size} every {interval}, no rest"
    where = {
        "playlist": "in each",
        "account": "across an account",
        "fleet": "across the fleet",
    }[rules.rest_scope]
    return f"{lists} of {rules.size} every {interval}, {rest} of rest {where}"


def _writes(load: WriteLoad, settings: RuntimeSettings, person: User) -> Line:
    helps = easing.ease_writes(load, settings=settings)
    return Line(
        title=f"Playlist writes of {load.developer}",
        detail=f"{counted(load.playlists, 'playlist')}, budget for schedules",
        asked=f"{grouped(math.ceil(load.asked_a_day))} a day",
        most=f"{grouped(math.floor(load.room_a_day))} a day",
        ratio=load.ratio,
        more=max(0, load.most - load.playlists),
        ways=ways.ways_of_developer(helps, developer=load.developer, person=person),
    )


def _counted(
    outlook: Outlook, settings: RuntimeSettings, person: User
) -> Iterator[Line]:
    places, albums = outlook.places, outlook.albums
    if places.asked:
        yield _of_load(
            places,
            "Places in the accounts",
            f"{grouped(settings.max_playlists_per_account)} an account",
            "playlist",
            more=max(0, places.most - places.asked),
        )
    if albums.asked:
        age = counted(settings.content_max_age_days, "day")
        yield _of_load(
            albums, "Catalogue calls", f"albums read again every {age}", "album"
        )


def _of_load(
    load: Load, title: str, detail: str, noun: str, *, more: int | None = None
) -> Line:
    asked, most = counted(load.asked, noun), counted(load.most, noun)
    return Line(title, detail, asked, most, load.ratio, more, ways=())


def _meaning(lines: Sequence[Line]) -> str:
    if not lines:
        return "There is nothing to carry yet: ingest albums and create playlists."
    first = lines[0]
    if first.is_over:
        return (
            f"{first.title} cannot carry what is asked: {first.asked}, "
            f"and there is room for {first.most}."
        )
    rooms = [line.more for line in lines if line.more is not None]
    if not rooms:
        return f"{first.title} is used most: {first.share}."
    return (
        f"Room for about {counted(min(rooms), 'more playlist')} as they are now. "
        f"{_binding(lines).title} would give out first."
    )


def _binding(lines: Sequence[Line]) -> Line:
    """Return the bound that leaves room for the fewest playlists."""
    return min(
        (line for line in lines if line.more is not None),
        key=lambda line: (line.more or 0, -line.ratio),
    )
