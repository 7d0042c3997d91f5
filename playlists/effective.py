"""What counts for a playlist: its own value, or else the runtime setting."""

from dataclasses import dataclass
from typing import Any

from automation.runtime import RuntimeSettings
from playlists.models import Playlist
from playlists.sampler import Rules
from playlists.sampler.stored import RULES_VERSION, migrated
from vibe_engine.errors import InputError

BOUNDS = {
    "size": (1, 100),
    "interval_days": (1, 90),
    "cooldown_days": (0, 365),
    "artist_cap": (1, 100),
    "artist_separation": (1, 50),
}
"""Lowest and highest value of each override."""
UNITS = {
    "size": "tracks",
    "interval_days": "days",
    "cooldown_days": "days",
    "artist_cap": "tracks",
    "artist_separation": "positions",
}


@dataclass(frozen=True)
class Effective:
    """The values in force for one playlist; units as in `UNITS`."""

    size: int
    interval_days: int
    cooldown_days: int
    artist_cap: int
    artist_separation: int


def effective(playlist: Playlist, settings: RuntimeSettings) -> Effective:
    """Return a playlist's values, each its own or inherited."""
    values = {
        name: value if (own := getattr(playlist, name)) is None else own
        for name, value in inherited_values(settings).items()
    }
    own, weekday = playlist.interval_days, playlist.reshuffle_weekday
    values["interval_days"] = interval_days_of(own, weekday, settings)
    return Effective(**values)


def interval_days_of(
    own: int | None, weekday: int | None, settings: RuntimeSettings
) -> int:
    """Return the days from one list to the next, from a playlist's two columns.

    With a weekday of its own these are whole weeks, begun ones counted.
    """
    days = own or settings.reshuffle_interval_days
    return days if weekday is None else whole_weeks(days)


def whole_weeks(days: int) -> int:
    """Return the days of as many weeks as `days` have begun."""
    return -(-days // 7) * 7


def inherited_values(settings: RuntimeSettings) -> dict[str, int]:
    """Return what a playlist without overrides has, by name of the override."""
    return {
        "size": settings.playlist_size,
        "interval_days": settings.reshuffle_interval_days,
        "cooldown_days": settings.cooldown_days,
        "artist_cap": settings.artist_cap,
        "artist_separation": settings.artist_separation,
    }


def check_override(name: str, value: int | None) -> int | None:
    """Return an override as it is if it lies within its bounds or is None.

    :raises InputError: it does not; `field` is `name`.
    """
    low, high = BOUNDS[name]
    if value is not None and not low <= value <= high:
        raise InputError(
            f"{low} to {high} {UNITS[name]} are possible, not {value}.", field=name
        )
    return value


def rules_for(playlist: Playlist, settings: RuntimeSettings) -> Rules:
    """Return the sampler's rules of a playlist.

    :raises RulesError: a rule stored with the playlist cannot be kept.
    """
    values = effective(playlist, settings)
    return Rules.from_dict(
        {
            **inherited_rules(settings),
            **migrated(playlist.rules),
            "version": RULES_VERSION,
            "size": values.size,
            "artist_cap": values.artist_cap,
            "artist_separation": values.artist_separation,
            "cooldown_days": values.cooldown_days,
        }
    )


def refresh_share_of(playlist: Playlist, settings: RuntimeSettings) -> int:
    """Return the share of a list, in percent, that changes at a reshuffle."""
    rules = inherited_rules(settings) | migrated(playlist.rules)
    return int(rules["refresh_share"])


def inherited_rules(settings: RuntimeSettings) -> dict[str, Any]:
    """Return the rules of a playlist that has none of its own, as they are stored."""
    return {
        "version": RULES_VERSION,
        "explicit": settings.explicit_tracks,
        "album_cap": settings.album_cap or None,
        "primary_only": settings.primary_only,
        "same_song": settings.same_song,
        "rest_scope": settings.rest_scope,
        "refresh_share": settings.refresh_share,
    }


def calls_per_turn(settings: RuntimeSettings, *, own_words: bool = False) -> int:
    """Return the calls of one reshuffle: the list, and the sentence where it changes."""
    return 2 if settings.refresh_description and not own_words else 1
