"""What would help where a library or a budget carries too little: for a person to do."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from accounts.models import Developer
from automation.runtime import RuntimeSettings
from playlists import sampler
from playlists.effective import BOUNDS, calls_per_turn
from playlists.services.capacity import (
    Terms,
    WriteLoad,
    carries,
)

ALBUMS = "albums"
COUNT = "count"
INTERVAL_FOR_ALL = "reshuffle_interval_days"
WRITES_A_DAY = "playlist_writes_a_day"
DESCRIPTIONS = "refresh_description"
PLACES = "max_playlists_per_account"
MOST_PLACES = 10_000
"""The setting ends there."""


@dataclass(frozen=True)
class Help:
    """One change that would be enough: what is set to which value, and why in words.

    `name` is an override of playlists, a setting, a column of the developer, or
    `ALBUMS` for so many more albums.
    """

    name: str
    value: int
    words: str


def ease_library(
    terms: Terms,
    supply: sampler.Supply,
    *,
    playlists: int = 1,
    taken: float = 0.0,
) -> tuple[Help, ...]:
    """Return what would each be enough for so many playlists; nothing if they fit.

    More albums are reckoned as more artists with as many tracks as the present ones.
    """

    def fit(changed: Terms) -> bool:
        return carries(changed, supply, playlists=playlists, taken=taken)

    if fit(terms):
        return ()
    helps = (
        _more_albums(terms, supply, playlists, taken),
        _longer_interval(terms, fit),
        _shorter_rest(terms, fit),
        _smaller_lists(terms, fit),
    )
    return tuple(one for one in helps if one is not None)


def _more_albums(
    terms: Terms, supply: sampler.Supply, playlists: int, taken: float
) -> Help | None:
    lists = terms.lists_at_once * (playlists if terms.is_shared else 1)
    growth = supply.growth_for(terms.rules.size, lists, taken=taken)
    if growth is None:
        return None
    albums = max(1, math.ceil((growth - 1.0) * supply.albums))
    noun = "album" if albums == 1 else "albums"
    return Help(ALBUMS, albums, f"about {albums:,} more {noun} like the present ones")


def _longer_interval(terms: Terms, fit: Callable[[Terms], bool]) -> Help | None:
    for days in _longer_intervals(terms):
        if fit(terms.changed(interval_days=days)):
            words = f"an interval of {_days(days)}, not {terms.interval_days}"
            return Help("interval_days", days, words)
    return None


def _longer_intervals(terms: Terms) -> Iterator[int]:
    """Yield the intervals, ascending, from which on one turn of rest less counts."""
    rest = terms.rules.cooldown_days
    turns = math.ceil(rest / terms.interval_days)
    for fewer in range(turns - 1, 0, -1):
        days = math.ceil(rest / fewer)
        if days <= BOUNDS["interval_days"][1]:
            yield days


def _shorter_rest(terms: Terms, fit: Callable[[Terms], bool]) -> Help | None:
    rest = terms.rules.cooldown_days
    for turns in range(math.ceil(rest / terms.interval_days) - 1, -1, -1):
        days = max(1, turns * terms.interval_days)
        if days < rest and fit(terms.changed(cooldown_days=days)):
            words = f"a rest of {_days(days)}, not {rest}"
            return Help("cooldown_days", days, words)
    return None


def _smaller_lists(terms: Terms, fit: Callable[[Terms], bool]) -> Help | None:
    low, high = 0, terms.rules.size - 1
    while low < high:
        middle = (low + high + 1) // 2
        if fit(terms.changed(size=middle)):
            low = middle
        else:
            high = middle - 1
    if not low:
        return None
    noun = "track" if low == 1 else "tracks"
    return Help("size", low, f"lists of {low} {noun}, not {terms.rules.size}")


def ease_writes(
    load: WriteLoad, *, settings: RuntimeSettings, extra_a_day: float = 0.0
) -> tuple[Help, ...]:
    """Return what would each be enough for a developer's writes; nothing if they fit.

    `extra_a_day` are writes of playlists that are yet to be created.
    """
    asked = load.asked_a_day + extra_a_day
    ratio = asked / load.room_a_day if load.room_a_day > 0 else math.inf
    if ratio <= 1.0:
        return ()
    helps = [_more_writes(load.developer, asked)]
    if settings.refresh_description and ratio <= 2.0:
        words = "descriptions that stay as they are, which saves every second call"
        helps.append(Help(DESCRIPTIONS, 0, words))
    now = settings.reshuffle_interval_days
    if now * ratio <= BOUNDS["interval_days"][1]:
        days = math.ceil(now * ratio)
        words = f"an interval of {_days(days)} for all, not {now}"
        helps.append(Help(INTERVAL_FOR_ALL, days, words))
    return tuple(helps)


def ease_creation(
    load: WriteLoad,
    *,
    count: int,
    free: int,
    interval_days: int,
    settings: RuntimeSettings,
) -> tuple[Help, ...]:
    """Return what would each be enough to create `count` playlists within the writes.

    `free` is how many fit as things are.
    """
    calls = count * calls_per_turn(settings)
    left = load.room_a_day - load.asked_a_day
    helps = []
    if left > 0 and calls <= left * BOUNDS["interval_days"][1]:
        days = math.ceil(calls / left)
        helps.append(Help("interval_days", days, f"an interval of {_days(days)}"))
    helps += _fewer(free)
    for_all = ease_writes(load, settings=settings, extra_a_day=calls / interval_days)
    return (*helps, *for_all)


def ease_places(
    *, held: int, wanted: int, settings: RuntimeSettings
) -> tuple[Help, ...]:
    """Return what would be enough for so many more playlists beside those held."""
    most = settings.max_playlists_per_account
    helps = _fewer(max(0, most - held))
    if held + wanted <= MOST_PLACES:
        words = f"{held + wanted:,} playlists an account at most, not {most:,}"
        helps.append(Help(PLACES, held + wanted, words))
    return tuple(helps)


def _fewer(free: int) -> list[Help]:
    return [Help(COUNT, free, f"{free:,} now and the others later")] if free else []


def _more_writes(developer: Developer, asked_a_day: float) -> Help:
    """Return the budget of which the part for schedules is what is asked."""
    share = 1.0 - developer.interactive_reserve_percent / 100
    wanted = math.ceil(asked_a_day / share)
    words = (
        f"{wanted:,} playlist writes a day for {developer}, not "
        f"{developer.playlist_writes_a_day:,}, if Spotify allows them"
    )
    return Help(WRITES_A_DAY, wanted, words)


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
