"""What new playlists would share, whether all is there that they need, what they cost."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from accounts.models import Account, Developer
from automation.runtime import RuntimeSettings
from playlists import sampler
from playlists.effective import calls_per_turn, check_override
from playlists.lookups import find_collections
from playlists.services import capacity, easing
from playlists.services.capacity import LibraryLoad, Terms, WriteLoad
from playlists.services.creation import count_managed
from playlists.services.easing import Help
from playlists.services.supplies import Supplies
from vibe_engine.errors import InputError

CALLS_PER_PLAYLIST = 3
"""Create, fill, describe."""


@dataclass(frozen=True)
class CallCost:
    """What a number of calls costs: time at the developer's rate, days of quota."""

    calls: int
    seconds: float
    days_of_quota: float
    sentence: str


@dataclass(frozen=True)
class Forecast:
    """What is to be expected of new playlists.

    `tracks` are usable and admissible, each recording once, by `artists` artists;
    `reachable_size` is how long a list can be under the caps. Two lists share
    `expected_shared` tracks on average, a part of `expected_share` (0 to 1) of each,
    and all of them together show `distinct_tracks`. One playlist needs
    `needed_per_list` tracks so that each can rest; `carries` says whether full lists
    can be made of so many.

    `free_places` are left in the account, `free_writes` is how many such playlists
    the daily writes carry beside the present ones of the developer. `binds` names
    what gives out first, "" if all is there; `helps` would each be enough for that.
    """

    tracks: int
    artists: int
    reachable_size: int
    expected_shared: float
    expected_share: float
    distinct_tracks: int
    needed_per_list: int
    carries: bool
    free_places: int
    free_writes: int
    binds: str
    calls: int
    seconds: float
    days_of_quota: float
    helps: tuple[Help, ...]
    sentences: tuple[str, ...]


SCOPES = {"account": "the account", "fleet": "the fleet"}
LIBRARY, WRITES, PLACES = "library", "writes", "places"


@dataclass(frozen=True)
class _Order:
    """New playlists, and what they are measured against."""

    account: Account
    count: int
    terms: Terms
    library: LibraryLoad
    load: WriteLoad
    settings: RuntimeSettings

    @property
    def supply(self) -> sampler.Supply:
        return self.library.supply

    @property
    def free_writes(self) -> int:
        return self.load.more(
            interval_days=self.terms.interval_days,
            calls=calls_per_turn(self.settings),
        )


def forecast_creation(
    *,
    account: Account,
    count: int,
    settings: RuntimeSettings,
    size: int | None = None,
    interval_days: int | None = None,
    collection_ids: Sequence[int] = (),
) -> Forecast:
    """Return what `count` new playlists of an account would be like; changes nothing.

    :raises InputError: a value is out of range; `field` names it.
    """
    if count < 1:
        raise InputError("At least one playlist, please.", field="count")
    terms = capacity.terms_of(
        settings=settings,
        collection_ids=[one.pk for one in find_collections(collection_ids)],
        size=check_override("size", size),
        interval_days=check_override("interval_days", interval_days),
    )
    developer = account.app.developer
    library = capacity.joined_by(
        terms,
        count=count,
        held=count_managed(account),
        fleet=capacity.read_fleet(settings=settings),
        supplies=Supplies(),
    )
    load = capacity.write_load(developer=developer, settings=settings)
    order = _Order(account, count, terms, library, load, settings)
    return _forecast(
        order, forecast_calls(developer=developer, calls=CALLS_PER_PLAYLIST * count)
    )


def _forecast(order: _Order, cost: CallCost) -> Forecast:
    rules, supply = order.terms.rules, order.supply
    reachable = min(rules.size, supply.admissible(1))
    share = reachable / supply.recordings if supply.recordings else 0.0
    held = count_managed(order.account)
    forecast = Forecast(
        tracks=supply.recordings,
        artists=supply.artists,
        reachable_size=reachable,
        expected_shared=reachable * share,
        expected_share=share,
        distinct_tracks=round(supply.recordings * (1.0 - (1.0 - share) ** order.count)),
        needed_per_list=order.terms.needed,
        carries=capacity.carries(
            order.terms,
            supply,
            playlists=order.library.group.together,
            taken=order.library.taken,
        ),
        free_places=max(0, order.settings.max_playlists_per_account - held),
        free_writes=order.free_writes,
        binds="",
        calls=cost.calls,
        seconds=cost.seconds,
        days_of_quota=cost.days_of_quota,
        helps=(),
        sentences=(),
    )
    forecast = replace(forecast, binds=_binds(forecast, order.count))
    sentences = _sentences(forecast, order)
    return replace(
        forecast, helps=_helps(forecast, order), sentences=(*sentences, cost.sentence)
    )


def _binds(forecast: Forecast, count: int) -> str:
    if not forecast.carries:
        return LIBRARY
    if forecast.free_places < min(count, forecast.free_writes + 1):
        return PLACES
    return WRITES if forecast.free_writes < count else ""


def _helps(forecast: Forecast, order: _Order) -> tuple[Help, ...]:
    if forecast.binds == LIBRARY:
        return easing.ease_library(
            order.terms,
            order.supply,
            playlists=order.library.group.together,
            taken=order.library.taken,
        )
    if forecast.binds == PLACES:
        return easing.ease_places(
            held=order.settings.max_playlists_per_account - forecast.free_places,
            wanted=order.count,
            settings=order.settings,
        )
    if forecast.binds == WRITES:
        return easing.ease_creation(
            order.load,
            count=order.count,
            free=forecast.free_writes,
            interval_days=order.terms.interval_days,
            settings=order.settings,
        )
    return ()


def forecast_calls(*, developer: Developer, calls: int) -> CallCost:
    """Return what calls of playlists cost under a developer's rate and daily budget."""
    seconds = calls / developer.requests_per_s
    days = calls / max(1, developer.playlist_writes_a_day)
    noun = "call" if calls == 1 else "calls"
    sentence = f"{calls:,} {noun} to Spotify, about {in_words(seconds)}"
    if days > 1:
        sentence += f"; the daily budget spreads them over {math.ceil(days)} days"
    return CallCost(calls, seconds, days, f"{sentence}.")


def in_words(seconds: float) -> str:
    """Say a duration roughly: "8 seconds", "3 minutes", "2 hours"."""
    for unit, length in (("hour", 3600), ("minute", 60)):
        if seconds >= 1.5 * length:
            return f"{round(seconds / length)} {unit}s"
    whole = max(1, round(seconds))
    return "1 second" if whole == 1 else f"{whole} seconds"


def warn_creation(
    *,
    account: Account,
    count: int,
    settings: RuntimeSettings,
    size: int | None = None,
    interval_days: int | None = None,
    collection_ids: Sequence[int] = (),
) -> str:
    """Return one line about what gives out with so many more playlists, or nothing.

    Also nothing where they could not be created at all.
    """
    try:
        found = forecast_creation(
            account=account,
            count=count,
            settings=settings,
            size=size,
            interval_days=interval_days,
            collection_ids=collection_ids,
        )
    except InputError:
        return ""
    if not found.binds or not found.tracks:
        return ""
    first = f" What would help: {found.helps[0].words}." if found.helps else ""
    return f"{found.sentences[-2]}{first}"


def _sentences(forecast: Forecast, order: _Order) -> tuple[str, ...]:
    if not forecast.tracks:
        return ("There is no track to draw yet.",)
    rest = _rest_sentence(forecast, order)
    room = _room_sentence(forecast, order)
    overlap = _overlap_sentence(forecast, order.count)
    return (overlap, rest, room) if room else (overlap, rest)


def _room_sentence(forecast: Forecast, order: _Order) -> str:
    if forecast.binds == PLACES:
        return (
            f"{order.account} has {_room(forecast.free_places)}; "
            f"{order.count:,} are asked for."
        )
    if forecast.binds == WRITES:
        return (
            f"The playlist writes a day of {order.load.developer} carry "
            f"{_more(forecast.free_writes)} like these; with {order.count:,} "
            "reshuffles will come late."
        )
    if forecast.binds == LIBRARY:
        return ""
    most = min(forecast.free_places, forecast.free_writes)
    what = (
        "places in the account"
        if forecast.free_places <= forecast.free_writes
        else "playlist writes a day"
    )
    return f"Up to {most:,} such playlists fit; then the {what} are used up."


def _room(places: int) -> str:
    return f"room for {places:,} more" if places else "no room for more"


def _more(playlists: int) -> str:
    return f"{playlists:,} more" if playlists else "no more"


def _overlap_sentence(forecast: Forecast, count: int) -> str:
    library = f"{forecast.tracks:,} tracks by {forecast.artists:,} artists"
    if count == 1:
        return f"It draws {forecast.reachable_size} of {library}."
    return (
        f"Any two of them share about {forecast.expected_shared:.0f} of "
        f"{forecast.reachable_size} tracks ({forecast.expected_share:.0%}); together "
        f"they show about {forecast.distinct_tracks:,} of {library}."
    )


def _rest_sentence(forecast: Forecast, order: _Order) -> str:
    rules, most = order.terms.rules, order.library.most
    if forecast.reachable_size < rules.size:
        return (
            f"The artist cap of {rules.artist_cap} leaves room for "
            f"{forecast.reachable_size} of {rules.size} tracks: the lists will be short."
        )
    if not forecast.carries and order.terms.is_shared:
        together = order.library.group.together
        return (
            f"With a rest across {SCOPES[rules.rest_scope]} the library carries about "
            f"{most:,} such playlists, and there would be {together:,}: the rest "
            "will be shortened."
        )
    if not forecast.carries:
        return (
            f"For its rest of {rules.cooldown_days} days a list needs about "
            f"{forecast.needed_per_list:,} tracks: the rest will be shortened."
        )
    return f"The library carries the rest of {rules.cooldown_days} days."
