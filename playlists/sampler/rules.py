"""What the operator asks of one list: its rules, hard and soft."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal, Self, get_args

from playlists.sampler.library import FEATURES
from vibe_engine.errors import VibeError

ExplicitRule = Literal["allow", "only", "exclude"]
Arc = Literal["flat", "rise", "fall", "wave"]
RungName = Literal["cooldown", "primary_credits", "soft_ranges", "artist_cap"]

DEFAULT_LADDER: tuple[RungName, ...] = ("cooldown", "primary_credits", "soft_ranges")
"""The order in which rules give way. Separation gives way in the order of the list
(`sequence`), the artist cap itself only where `allow_cap_relaxation` says so."""

SPANS: Mapping[str, float] = {
    "year": 50,
    "popularity": 100,
    "duration_ms": 300_000,
    "key": 11,
    "loudness": 60,
    "tempo": 100,
} | {name: 1 for name in FEATURES if name not in ("key", "loudness", "tempo")}
"""Columns that a range may test, each with its natural span, the unit of widening."""


class RulesError(VibeError):
    """A rule cannot be kept as it is written."""


@dataclass(frozen=True)
class Range:
    """Keeps tracks whose `column` lies between two bounds, both included.

    A missing value passes unless `missing_fails`. A `soft` range may be widened by
    the ladder, a hard one never.

    :raises RulesError: when the column is unknown, no bound is set or they cross.
    """

    column: str
    minimum: float | None = None
    maximum: float | None = None
    soft: bool = False
    missing_fails: bool = False

    def __post_init__(self) -> None:
        if self.column not in SPANS:
            raise RulesError(f"There is no column {self.column!r} to set a range on.")
        if self.minimum is None and self.maximum is None:
            raise RulesError(f"The range of {self.column} needs a bound.")
        low, high = self.widened(0.0)
        if not low <= high:
            raise RulesError(f"The range of {self.column} has crossed bounds.")

    def widened(self, share: float) -> tuple[float, float]:
        """Return the bounds moved outwards by a share of the column's span."""
        margin = share * SPANS[self.column] if self.soft else 0.0
        low = float("-inf") if self.minimum is None else self.minimum - margin
        high = float("inf") if self.maximum is None else self.maximum + margin
        return low, high


@dataclass(frozen=True)
class Rules:
    """The rules of one list.

    `size` 1 to 100 tracks; `artist_cap` most tracks of one artist, counted over all
    credited artists or, with `primary_only`, over the first of each track;
    `artist_separation` wanted positions between tracks that share an artist;
    `cooldown_days` rest after leaving the list, 0 switches rest off;
    `title_separation` keeps a recording from standing twice in the list;
    `explicit="exclude"` also leaves out tracks that nobody has judged;
    `popularity_weight` 0 takes no account of popularity, 1 to 3 favours it more and
    more.

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
    popularity_weight: int = 0
    arc: Arc = "wave"
    ladder: tuple[RungName, ...] = DEFAULT_LADDER
    allow_cap_relaxation: bool = False

    def __post_init__(self) -> None:
        _check_between("The size", self.size, 1, 100)
        _check_between("The artist cap", self.artist_cap, 1, 100)
        _check_between("The artist separation", self.artist_separation, 0, 100)
        _check_between("The cooldown", self.cooldown_days, 0, 365)
        _check_between("The popularity weight", self.popularity_weight, 0, 3)
        _check_known("explicit rule", (self.explicit,), get_args(ExplicitRule))
        _check_known("arc", (self.arc,), get_args(Arc))
        _check_known("rung", self.ladder, DEFAULT_LADDER)

    @property
    def rungs(self) -> tuple[RungName, ...]:
        """The ladder in order, with the artist cap last where it may give way."""
        return (
            (*self.ladder, "artist_cap") if self.allow_cap_relaxation else self.ladder
        )

    def rules_hash(self) -> str:
        """Return 16 hexadecimal digits that name these rules."""
        return _hash_of(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the rules as plain JSON values."""
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild rules from `to_dict`.

        :raises RulesError: when a value is out of its range.
        """
        values = dict(data)
        values["ranges"] = tuple(Range(**item) for item in values.get("ranges", ()))
        values["ladder"] = tuple(values.get("ladder", DEFAULT_LADDER))
        return cls(**values)


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
