"""What a draw tells about itself; it travels with the snapshot as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from playlists.sampler.rules import Rules, RungName

ALGORITHM_VERSION = 4
"""Raised whenever the same inputs would no longer give the same list."""

Reason = Literal[
    "never_used",
    "not_here_lately",
    "rested",
    "rest_off",
    "cooldown_shortened",
    "range_widened",
    "rests_elsewhere",
    "pinned",
    "kept",
]
"""Why a track was admissible: never in any list; used, but not in the history of this
list; back after its full rest; rest is switched off, though it stood here before;
admitted by the cooldown rung; admitted by the rung that widens soft ranges; admitted
though it rests in another list, by the rung of scope or of the cooldown; pinned; left
on its place by a partial refresh."""


@dataclass(frozen=True)
class FunnelStep:
    """One step from the library to the list: how many tracks it took away.

    A rung gives tracks back: there `taken` is negative.
    """

    key: str
    label: str
    taken: int
    left: int


@dataclass(frozen=True)
class RungUse:
    """A rule that the list breaks: admissible tracks before and after, places won.

    `detail` holds what was asked (`from`) and what the list needed (`to`): days of
    rest, share of a scale, tracks of one artist; places that change, places of shares
    that were met; 0 and 1 where the cap was counted on first artists alone. `gained`
    places were filled when the rule gave way.
    """

    name: RungName
    pool_before: int
    pool_after: int
    gained: int
    detail: dict[str, float]


@dataclass(frozen=True)
class Source:
    """How many places a share keeps for a collection, and how many of its tracks came."""

    collection: int
    wanted: int
    came: int


@dataclass(frozen=True)
class BindingRule:
    """The rule that keeps a short list short.

    `artist_ids` are the artists whose cap is reached, most tracks kept out first, at
    most twenty; `artist_count` is how many there are. `gains` says for each rule how
    many of the empty places could be filled if it alone gave way. `by_guests` tracks
    are kept out by a featured artist alone: the first has room.
    """

    rule: str
    artist_ids: tuple[int, ...]
    artist_count: int
    gains: dict[str, int]
    by_guests: int = 0


@dataclass(frozen=True)
class TrackNote:
    """Why one track could be drawn; `last_day` is when it last left this list."""

    last_day: int | None
    reason: Reason


@dataclass(frozen=True)
class SequenceReport:
    """How far the order could go.

    Separation counts positions from one track to the next that shares an artist, so
    neighbours are 1 apart. `optimum` is the most that any order of these tracks
    could reach, `achieved` what this one reaches; both are None when no artist
    stands twice. `reduced` tells that less than `asked` was reached. `has_flow` tells
    that audio features shaped the order.
    """

    asked: int
    optimum: int | None
    achieved: int | None
    reduced: bool
    has_flow: bool
    arc: str


@dataclass(frozen=True)
class Report:
    """Everything a draw knows about its list, fit for JSON.

    `pins_left_out` says of pinned tracks that could not come why not.
    """

    asked: int
    drawn: int
    shortfall: int
    funnel: tuple[FunnelStep, ...]
    rungs: tuple[RungUse, ...]
    binding_rule: BindingRule | None
    per_track: dict[int, TrackNote]
    rules: Rules
    rules_hash: str
    seed: tuple[int, int, int]
    algorithm: int = ALGORITHM_VERSION
    order: SequenceReport | None = None
    pins_left_out: dict[int, str] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()

    def with_order(self, order: SequenceReport) -> Self:
        """Return the report with what the sequence had to say."""
        return replace(self, order=order)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        notes = {pk: (one.last_day, one.reason) for pk, one in self.per_track.items()}
        data = vars(self) | {"rules": self.rules.to_dict(), "per_track": notes}
        return json.loads(json.dumps(data, default=vars))  # type: ignore[no-any-return]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild a report from `to_dict`, also after a journey through JSON."""
        values = dict(data)
        values["funnel"] = tuple(FunnelStep(**step) for step in data["funnel"])
        values["rungs"] = tuple(RungUse(**rung) for rung in data["rungs"])
        values["binding_rule"] = _binding(data["binding_rule"])
        values["per_track"] = {
            int(track): TrackNote(*note) for track, note in data["per_track"].items()
        }
        values["rules"] = Rules.from_dict(data["rules"])
        values["seed"] = tuple(data["seed"])
        left_out = data.get("pins_left_out", {})
        values["pins_left_out"] = {int(pk): why for pk, why in left_out.items()}
        values["sources"] = tuple(Source(**one) for one in data.get("sources", ()))
        values["order"] = data["order"] and SequenceReport(**data["order"])
        return cls(**values)


def _binding(data: Mapping[str, Any] | None) -> BindingRule | None:
    if data is None:
        return None
    return BindingRule(**{**data, "artist_ids": tuple(data["artist_ids"])})
