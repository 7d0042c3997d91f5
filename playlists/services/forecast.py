"""What new playlists would share, whether the library carries them, what they cost."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from accounts.models import Account, Developer
from automation.runtime import RuntimeSettings
from library import pool
from playlists import sampler
from playlists.effective import inherited_values
from playlists.services import stock
from playlists.services.creation import check_override, count_managed, find_collections
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

    `tracks` are usable and admissible, by `artists` artists; `reachable_size` is how
    long a list can be under the artist cap. Two lists share `expected_shared` tracks
    on average, a part of `expected_share` (0 to 1) of each, and all of them together
    show `distinct_tracks`. One list needs `needed_per_list` tracks so that each can
    rest; `carries` says whether there are as many.
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
    calls: int
    seconds: float
    days_of_quota: float
    sentences: tuple[str, ...]


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
    rules = _rules(settings, check_override("size", size))
    interval = check_override("interval_days", interval_days)
    found = find_collections(collection_ids)
    library = stock.as_library(
        pool.load_library(collection_ids=[collection.pk for collection in found])
    )
    tracks, artists, reachable = _supply(library, rules)
    share = reachable / tracks if tracks else 0.0
    needed = _needed(rules, interval or settings.reshuffle_interval_days)
    cost = forecast_calls(
        developer=account.app.developer, calls=CALLS_PER_PLAYLIST * count
    )
    free = max(0, settings.max_playlists_per_account - count_managed(account))
    forecast = Forecast(
        tracks=tracks,
        artists=artists,
        reachable_size=reachable,
        expected_shared=reachable * share,
        expected_share=share,
        distinct_tracks=round(tracks * (1.0 - (1.0 - share) ** count)),
        needed_per_list=needed,
        carries=tracks >= needed and reachable >= rules.size,
        free_places=free,
        calls=cost.calls,
        seconds=cost.seconds,
        days_of_quota=cost.days_of_quota,
        sentences=(),
    )
    sentences = _sentences(forecast, rules, count)
    return replace(forecast, sentences=(*sentences, cost.sentence))


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


def _rules(settings: RuntimeSettings, size: int | None) -> sampler.Rules:
    values = inherited_values(settings)
    return sampler.Rules(
        size=size or values["size"],
        artist_cap=values["artist_cap"],
        artist_separation=values["artist_separation"],
        cooldown_days=values["cooldown_days"],
    )


def _supply(library: sampler.Library, rules: sampler.Rules) -> tuple[int, int, int]:
    """Return tracks, artists, and how long a list can be under the artist cap.

    Counts first artists alone, so with many guests a list may be a little shorter.
    """
    rows = sampler.build_pool(library, rules).rows
    starts = library.credit_offsets[rows]
    credited = library.credit_offsets[rows + 1] > starts
    _, per_artist = np.unique(
        library.credit_artist_ids[starts[credited]], return_counts=True
    )
    uncredited = len(rows) - int(np.count_nonzero(credited))
    under_cap = int(np.minimum(per_artist, rules.artist_cap).sum()) + uncredited
    recordings = len(np.unique(library.recording_ids[rows]))
    return len(rows), len(per_artist), min(rules.size, under_cap, recordings)


def _needed(rules: sampler.Rules, interval_days: int) -> int:
    """Return the tracks that one list needs so that each rests its full time."""
    lists_resting = math.ceil(rules.cooldown_days / interval_days)
    return rules.size * (1 + lists_resting)


def _sentences(forecast: Forecast, rules: sampler.Rules, count: int) -> tuple[str, ...]:
    if not forecast.tracks:
        return ("There is no track to draw yet.",)
    return (
        _overlap_sentence(forecast, count),
        _rest_sentence(forecast, rules),
    )


def _overlap_sentence(forecast: Forecast, count: int) -> str:
    library = f"{forecast.tracks:,} tracks by {forecast.artists:,} artists"
    if count == 1:
        return f"It draws {forecast.reachable_size} of {library}."
    return (
        f"Any two of them share about {forecast.expected_shared:.0f} of "
        f"{forecast.reachable_size} tracks ({forecast.expected_share:.0%}); together "
        f"they show about {forecast.distinct_tracks:,} of {library}."
    )


def _rest_sentence(forecast: Forecast, rules: sampler.Rules) -> str:
    if forecast.reachable_size < rules.size:
        return (
            f"The artist cap of {rules.artist_cap} leaves room for "
            f"{forecast.reachable_size} of {rules.size} tracks: the lists will be short."
        )
    if not forecast.carries:
        return (
            f"For its rest of {rules.cooldown_days} days a list needs about "
            f"{forecast.needed_per_list:,} tracks: the rest will be shortened."
        )
    return f"The library carries the rest of {rules.cooldown_days} days."
