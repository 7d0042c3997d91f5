"""What the operator asks of one list: its rules, hard and soft."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal, Self, get_args

from playlists.sampler.filters import Choice, Filter, Range, RulesError
from playlists.sampler.pins import Pin, check_pins
from playlists.sampler.shares import Share, check_shares
from playlists.sampler.songs import VERSIONS, Version
from playlists.sampler.stored import RULES_VERSION, migrated

__all__ = ["DEFAULT_LADDER", "Choice", "Pin", "Range", "Rules", "RulesError", "Share"]

ExplicitRule = Literal["allow", "only", "exclude"]
Arc = Literal["flat", "rise", "fall", "wave"]
RestScope = Literal["playlist", "account", "fleet"]
RungName = Literal[
    "refresh_share",
    "shares",
    "cooldown",
    "rest_scope",
    "primary_credits",
    "album_cap",
    "same_song",
    "soft_ranges",
    "artist_cap",
]

DEFAULT_LADDER: tuple[RungName, ...] = (
    "refresh_share",
    "shares",
    "cooldown",
    "rest_scope",
    "primary_credits",
    "album_cap",
    "same_song",
    "soft_ranges",
)
"""The order in which rules give way; one that is left out is hard. Separation gives
way in the order of the list (`sequence`), the artist cap itself only where
`allow_cap_relaxation` says so."""


@dataclass(frozen=True)
class Rules:
    """The rules of one list.

    `size` 1 to 100 tracks; `artist_cap` most tracks of one artist, counted over all
    credited artists or, with `primary_only`, over the first of each track;
    `artist_separation` wanted positions between tracks that share an artist;
    `cooldown_days` rest after leaving the list, 0 switches rest off;
    `title_separation` keeps a recording from standing twice in the list, `same_song`
    another recording of the same song too: it names the versions that do not make a
    song another one ("title" the same title alone, implied by any other);
    `album_cap` most tracks of one album; `rest_scope` whose lists a recording must
    have left; `choices` artists, albums, tracks and recordings in or out;
    `explicit="exclude"` also leaves out tracks that nobody has judged;
    `popularity_weight` 0 takes no account of popularity, 1 to 3 favours it more and
    more; `refresh_share` is the share of the places, in percent, that change at a
    reshuffle; `pins` are always in; `shares` keep places for collections.

    :raises RulesError: when a value is out of its range.
    """

    size: int = 50
    artist_cap: int = 2
    artist_separation: int = 8
    cooldown_days: int = 5
    title_separation: bool = True
    primary_only: bool = False
    explicit: ExplicitRule = "allow"
    ranges: tuple[Range, ...] = ()
    choices: tuple[Choice, ...] = ()
    album_cap: int | None = None
    same_song: tuple[Version, ...] = ()
    rest_scope: RestScope = "playlist"
    popularity_weight: int = 0
    refresh_share: int = 100
    pins: tuple[Pin, ...] = ()
    shares: tuple[Share, ...] = ()
    arc: Arc = "wave"
    ladder: tuple[RungName, ...] = DEFAULT_LADDER
    allow_cap_relaxation: bool = False

    def __post_init__(self) -> None:
        _check_between("The size", self.size, 1, 100)
        _check_between("The artist cap", self.artist_cap, 1, 100)
        _check_between("The artist separation", self.artist_separation, 0, 100)
        _check_between("The cooldown", self.cooldown_days, 0, 365)
        _check_between("The popularity weight", self.popularity_weight, 0, 3)
        _check_between("The share that changes", self.refresh_share, 1, 100)
        check_pins(self.pins)
        check_shares(self.shares)
        _check_known("explicit rule", (self.explicit,), get_args(ExplicitRule))
        if self.album_cap is not None:
            _check_between("The album cap", self.album_cap, 1, 100)
        _check_known("arc", (self.arc,), get_args(Arc))
        _check_known("rest scope", (self.rest_scope,), get_args(RestScope))
        _check_known("version of a song", self.same_song, VERSIONS)
        _check_known("rung", self.ladder, DEFAULT_LADDER)

    @property
    def rungs(self) -> tuple[RungName, ...]:
        """The ladder in order, with the artist cap last where it may give way."""
        return (
            (*self.ladder, "artist_cap") if self.allow_cap_relaxation else self.ladder
        )

    @property
    def changes(self) -> int:
        """How many places change at a reshuffle: at least one."""
        return -(-self.size * self.refresh_share // 100)

    @property
    def filters(self) -> tuple[Filter, ...]:
        """Every range and every choice, in the order in which they are counted."""
        return (*self.choices, *self.ranges)

    def rules_hash(self) -> str:
        """Return 16 hexadecimal digits that name these rules."""
        return _hash_of(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the rules as plain JSON values, with the version of their form."""
        values: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return {"version": RULES_VERSION, **values}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild rules from `to_dict`, of this version or an earlier one.

        :raises RulesError: when a value is out of its range, a rule is unknown or
            the form is of a later version.
        """
        values = migrated(data)
        try:
            values["ranges"] = tuple(Range(**item) for item in values.get("ranges", ()))
            values["choices"] = tuple(
                Choice(**{**item, "keys": tuple(item["keys"])})
                for item in values.get("choices", ())
            )
            values["pins"] = tuple(Pin(**item) for item in values.get("pins", ()))
            values["shares"] = tuple(Share(**item) for item in values.get("shares", ()))
            values["ladder"] = tuple(values.get("ladder", DEFAULT_LADDER))
            values["same_song"] = tuple(values.get("same_song", ()))
            return cls(**values)
        except (TypeError, KeyError) as error:
            raise RulesError(f"The rules cannot be read: {error}.") from error


@lru_cache(maxsize=256)
def _hash_of(rules: Rules) -> str:
    text = json.dumps(rules.to_dict(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _check_between(what: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise RulesError(f"{what} must lie between {low} and {high}, not {value}.")


def _check_known(what: str, given: tuple[str, ...], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            raise RulesError(f"There is no {what} {name!r}.")
    if len(set(given)) < len(given):
        raise RulesError(f"Each {what} may be named once.")
