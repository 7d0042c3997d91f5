"""Who is in the demo and when what happens: a plan from four numbers, without chance."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from metrics.demo.control import ListedAlbum

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OLDEST_CONSENT = timedelta(days=170)
"""Ago: of the six months that a consent lasts, less than two weeks are left."""
GROWTH = 0.4
"""Share of the days in which accounts join and playlists are created."""
NAMES = (
    "Harbour Radio",
    "Late Shift",
    "Sunday Kitchen",
    "Gym Floor",
    "Nightbus",
    "Terraza Sur",
    "Kiosk Eighties",
    "Corner Booth",
)
EARLY = "First Finds"
"""The collection that was read before an app with audio features was there."""
EARLY_SHARE, LATE_SHARE = 8, 10
"""One album in so many is among the first, or was read only today."""
EARLY_SIZE = 12
"""Length of a list from the few early albums."""
EVERYTHING = "Open House"
"""Prefix of the playlists that draw from the whole library."""


@dataclass(frozen=True)
class Character:
    """A collection with a sound of its own: the styles it takes in."""

    name: str
    styles: frozenset[str]


CHARACTERS = (
    Character("Late Night", frozenset({"late night", "ambient", "jazz"})),
    Character("Daylight", frozenset({"soul", "indie rock", "synth pop"})),
    Character("Full Tilt", frozenset({"house", "drum and bass", "metal"})),
    Character("Wood and Wire", frozenset({"folk", "jazz", "soul"})),
)
SOURCES = ("Late Night", "", "Daylight", "Full Tilt", "Wood and Wire")
"""Collections that playlists take turns in; "" is the whole library."""
RHYTHMS = (
    (5, -13),
    (1, 1_370),
    (5, 6_900),
    (2, 57),
    (5, 4_000),
    (3, 3_780),
    (5, 11),
    (1, 800),
    (5, 6_450),
    (5, -24),
    (3, 215),
    (2, 1_700),
    (5, 430),
    (5, 107),
)
"""Days between two lists, and in how many minutes the next one is due.

About half of them had their turn within the last day, the others have it soon.
"""
SIZES = {1: 15, 2: 20, 3: 25, 5: 30}
"""Length of a list from one collection, by the days between two lists."""
GOLDEN = 0.618
"""Steps of this share of an interval spread any number of due times evenly."""
SMALLEST, LARGEST = 6, 25
"""Tracks of an album that is chosen while there is a choice."""


@dataclass(frozen=True)
class Scale:
    """How large the demo is."""

    accounts: int = 4
    albums: int = 60
    playlists: int = 14
    days: int = 35


@dataclass(frozen=True)
class Stock:
    """Album ids: the first ones, then by collection those of long ago and of today."""

    early: list[str]
    main: dict[str, list[str]]
    late: dict[str, list[str]]

    @property
    def every_id(self) -> set[str]:
        """The ids of all albums."""
        shelves = (*self.main.values(), *self.late.values())
        return {album_id for ids in (self.early, *shelves) for album_id in ids}


@dataclass(frozen=True)
class PlaylistPlan:
    """One playlist; `account` counts from 0, `collection` "" is the whole library."""

    account: int
    collection: str
    size: int | None
    interval_days: int
    created_at: datetime

    @property
    def prefix(self) -> str:
        """What its name begins with."""
        return self.collection or EVERYTHING


def account_name(number: int) -> str:
    """Return the name of an account, counted from 0."""
    return NAMES[number] if number < len(NAMES) else f"Station {number + 1}"


def joined_at(number: int, scale: Scale, *, present: datetime) -> datetime:
    """Return when an account consents; the last one did so long before the others."""
    began = present - scale.days * DAY
    if number == scale.accounts - 1 and scale.accounts > 1:
        return min(began, present - OLDEST_CONSENT)
    share = GROWTH * number / scale.accounts
    return began + HOUR + share * scale.days * DAY


def plan_playlists(scale: Scale, *, present: datetime) -> list[PlaylistPlan]:
    """Return the playlists, each created so that it is next due at its own time."""
    return [
        _plan_playlist(number, scale, present=present)
        for number in range(scale.playlists)
    ]


def _plan_playlist(number: int, scale: Scale, *, present: datetime) -> PlaylistPlan:
    account = number % scale.accounts
    interval_days, _ = RHYTHMS[number % len(RHYTHMS)]
    collection = SOURCES[number % len(SOURCES)]
    if number == scale.accounts - 1 and scale.accounts > 1:
        collection = EARLY
    stocked_at = present - scale.days * DAY + 6 * HOUR
    ready_at = max(stocked_at, joined_at(account, scale, present=present) + HOUR)
    growing = GROWTH * scale.days * DAY * (number / scale.playlists)
    interval = interval_days * DAY
    due_at = present + _next_in(number, interval)
    lists = (due_at - ready_at - growing) // interval
    return PlaylistPlan(
        account=account,
        collection=collection,
        size=_size(collection, interval_days),
        interval_days=interval_days,
        created_at=due_at - lists * interval if lists > 0 else ready_at,
    )


def _size(collection: str, interval_days: int) -> int | None:
    """Return the length of a list, None for that of the settings."""
    if collection == EARLY:
        return EARLY_SIZE
    return SIZES[interval_days] if collection else None


def _next_in(number: int, interval: timedelta) -> timedelta:
    if number < len(RHYTHMS):
        return timedelta(minutes=RHYTHMS[number][1])
    return number * GOLDEN % 1 * interval


def choose_albums(catalogue: Sequence[ListedAlbum], count: int) -> Stock:
    """Return `count` albums, those with a sound for two collections in both.

    Characters take turns, each with an artist nobody has taken yet while there is
    one, so that few albums already carry lists under the artist cap. A catalogue
    that tells no styles is dealt out evenly.
    """
    chosen = list(_take_turns(catalogue, count))
    early, late = max(1, count // EARLY_SHARE), count // LATE_SHARE
    until = len(chosen) - late
    return Stock(
        early=[album.id for album in chosen[:early]],
        main=_by_collection(chosen[early:until]),
        late=_by_collection(chosen[until:]),
    )


def _by_collection(albums: Iterable[ListedAlbum]) -> dict[str, list[str]]:
    shelves: dict[str, list[str]] = {}
    for place, album in enumerate(albums):
        fallback = CHARACTERS[place % len(CHARACTERS)]
        fitting = [one for one in CHARACTERS if album.style in one.styles]
        for character in fitting or [fallback]:
            shelves.setdefault(character.name, []).append(album.id)
    return shelves


def _take_turns(catalogue: Sequence[ListedAlbum], count: int) -> Iterator[ListedAlbum]:
    taken: set[str] = set()
    artists: set[str] = set()
    odd = [album for album in catalogue if album.is_odd][:1]
    for turn in range(min(count, len(catalogue))):
        styles = CHARACTERS[turn % len(CHARACTERS)].styles
        left = [album for album in catalogue if album.id not in taken]
        last = turn == count - 1
        album = odd[0] if odd and last else _best(left, styles, artists)
        taken.add(album.id)
        artists.update(album.artists)
        yield album


def _best(
    albums: Iterable[ListedAlbum], styles: frozenset[str], artists: set[str]
) -> ListedAlbum:
    """Return the first album that has most of what is wished for."""

    def misses(album: ListedAlbum) -> int:
        return sum(
            (
                4 * album.is_odd,
                2 * (album.style not in styles),
                2 * (not SMALLEST <= album.total_tracks <= LARGEST),
                1 * bool(artists.intersection(album.artists)),
            )
        )

    return min(albums, key=misses)
