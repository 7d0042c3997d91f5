"""What a track must be to come into question: ranges of values, choices by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from playlists.sampler.arrays import Flags, Int64s, marked
from playlists.sampler.library import FEATURES, Library
from vibe_engine.errors import VibeError

ChoiceOf = Literal["artist", "album", "track", "recording"]

SPANS: Mapping[str, float] = {
    "year": 50,
    "popularity": 100,
    "duration_ms": 300_000,
    "key": 11,
    "loudness": 60,
    "tempo": 100,
} | {name: 1 for name in FEATURES if name not in ("key", "loudness", "tempo")}
"""Columns that a range may test, each with its natural span, the unit of widening."""
UNKNOWN = {"popularity": -1, "year": 0}
"""What stands for a missing value; in features it is nan."""
LABELS = {"year": "release year", "duration_ms": "duration"}
MOST_CHOSEN = 5_000


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

    @property
    def key(self) -> str:
        """Its name in the funnel."""
        return f"range_{self.column}"

    @property
    def label(self) -> str:
        """What the funnel says of the tracks it takes away."""
        return f"Outside the {LABELS.get(self.column, self.column)} range"

    def widened(self, share: float) -> tuple[float, float]:
        """Return the bounds moved outwards by a share of the column's span."""
        margin = share * SPANS[self.column] if self.soft else 0.0
        low = float("-inf") if self.minimum is None else self.minimum - margin
        high = float("inf") if self.maximum is None else self.maximum + margin
        return low, high

    def passes(self, library: Library, widening: float) -> Flags:
        """Mark the rows that pass, bounds widened by a share of the span if soft."""
        column = library.column(self.column)
        if column is None:
            return np.full(len(library), not self.missing_fails)
        low, high = self.widened(widening)
        inside: Flags = (column >= low) & (column <= high)
        missing = self._is_missing(column)
        return inside & ~missing if self.missing_fails else inside | missing

    def _is_missing(self, column: npt.NDArray[Any]) -> Flags:
        gap = UNKNOWN.get(self.column)
        missing: Flags = np.isnan(column) if gap is None else column == gap
        return missing


@dataclass(frozen=True)
class Choice:
    """Keeps tracks by what they belong to: only what is named, or all but that.

    An artist is meant wherever it is credited, under whatever name; a track that is
    kept out takes the other releases of its recording with it. A `soft` choice may be
    passed over by the last step of the ladder's soft filters, a hard one never. `keys`
    are the library's numbers of artists, albums, tracks or recordings; they are kept
    in ascending order, each once.

    :raises RulesError: when nothing, too much or something unknown is named.
    """

    of: ChoiceOf
    keys: tuple[int, ...]
    out: bool = False
    soft: bool = False

    def __post_init__(self) -> None:
        if self.of not in get_args(ChoiceOf):
            raise RulesError(f"There is no choice of {self.of!r}.")
        if not 0 < len(self.keys) <= MOST_CHOSEN:
            raise RulesError(
                f"A choice of {self.of}s names 1 to {MOST_CHOSEN:,}, "
                f"not {len(self.keys):,}."
            )
        object.__setattr__(self, "keys", tuple(sorted(set(self.keys))))

    @property
    def key(self) -> str:
        """Its name in the funnel."""
        return f"{self.of}_{'out' if self.out else 'in'}"

    @property
    def label(self) -> str:
        """What the funnel says of the tracks it takes away."""
        if self.out:
            return f"{self.of.capitalize()} kept out"
        return f"Of no {self.of} that was chosen"

    def passes(self, library: Library, widening: float) -> Flags:
        """Mark the rows that pass; with any widening a soft choice passes all."""
        if self.soft and widening:
            return np.ones(len(library), np.bool_)
        chosen = marked(self._rows(library), len(library))
        return ~chosen if self.out else chosen

    def _rows(self, library: Library) -> Int64s:
        if self.of == "artist":
            return library.credits.rows_of(library.artists_named(self.keys))
        keys = np.array(self.keys, np.int64)
        if self.of == "recording":
            return library.by_recording.find(keys)
        column = library.album_ids if self.of == "album" else library.track_ids
        rows = np.flatnonzero(np.isin(column, keys))
        if self.of == "track" and self.out:
            return library.by_recording.find(library.recording_ids[rows])
        return rows


Filter = Range | Choice
