"""The library as columns: what the sampler draws from."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from playlists.sampler.arrays import (
    PART,
    Flags,
    Float32s,
    Int8s,
    Int16s,
    Int32s,
    Int64s,
    ascends,
    ranges,
)
from playlists.sampler.credits import CreditTable, Groups, Sameness, album_bin
from playlists.sampler.songs import Version, same_keys

FEATURES = (
    "danceability",
    "energy",
    "key",
    "loudness",
    "mode",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
)
"""Names of the eleven audio features, as Spotify spells them."""
MOST_SPREAD = 4
"""Ids may be so many times as far apart as they are many for a table of all."""


@dataclass(frozen=True)
class Library:
    """Columns of the tracks that may be used, one row a track, sorted by track id.

    The same recording on several releases shares one `recording_ids` number.
    Credits are stored row after row (`credit_offsets` has one entry more than there
    are rows), the primary artist first. Unknown values: popularity -1, year 0,
    explicit -1, a feature nan; `last_used_day` counts days since 1970-01-01 UTC,
    -1 for never. `total_tracks` and `held_tracks` say what the whole library holds,
    before anything was left out; they serve the report alone. `song_ids` (0 to 2**54, 0
    for none) and `song_bits` tell songs and their versions, see `songs.same_keys`;
    without them rows are the same by recording alone. `collections` are the rows of
    those collections that rules name. Artists who are the same stand as one among the
    credits; `aliases` has a row (other number, number of the credits), ascending, for
    each by whom rules may name them. `blocked_tracks` serves the report alone too.
    `indexes` save the library from making them of the columns: `recording_keys` and
    `artist_keys` with their `_rows` for `Groups`, `released_again` and `row_of_id`.

    :raises ValueError: when columns differ in length or the ids do not ascend.
    """

    track_ids: Int64s
    recording_ids: Int64s
    album_ids: Int64s
    credit_offsets: Int64s
    credit_artist_ids: Int64s
    popularity: Int16s
    year: Int16s
    duration_ms: Int32s
    explicit: Int8s
    last_used_day: Int32s
    use_count: Int32s
    total_tracks: int
    held_tracks: int = 0
    features: Mapping[str, Float32s] = field(default_factory=dict)
    song_ids: Int64s | None = None
    song_bits: Int16s | None = None
    collections: Mapping[int, Int64s] = field(default_factory=dict)
    blocked_tracks: int = 0
    aliases: Int64s = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    indexes: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, column in (*self._columns(), *self.features.items()):
            _check_length(name, column, len(self))
        if not ascends(self.track_ids, by_at_least=1):
            raise ValueError("Track ids must ascend, each once")
        self._check_credits()

    def __len__(self) -> int:
        return len(self.track_ids)

    def _check_credits(self) -> None:
        offsets = self.credit_offsets
        if len(offsets) != len(self) + 1 or not ascends(offsets, by_at_least=0):
            raise ValueError("Credit offsets must ascend, one more than there are rows")
        if offsets[0] != 0 or offsets[-1] != len(self.credit_artist_ids):
            raise ValueError("Credit offsets must span all credits")

    def _columns(self) -> list[tuple[str, npt.NDArray[Any]]]:
        apart = {"credit_offsets", "credit_artist_ids", "aliases"}
        columns = {f.name: getattr(self, f.name) for f in fields(self)}
        return [
            (name, column)
            for name, column in columns.items()
            if isinstance(column, np.ndarray) and name not in apart
        ]

    @classmethod
    def from_unsorted(
        cls, *, track_ids: Int64s, credit_offsets: Int64s, **columns: Any
    ) -> Self:
        """Build a library from columns whose rows come in any order.

        :raises ValueError: when columns differ in length or an id comes twice.
        """
        order = np.argsort(track_ids, kind="stable")
        start, stop = credit_offsets[:-1][order], credit_offsets[1:][order]
        credit_ids = columns.pop("credit_artist_ids")[ranges(start, stop)]
        features = columns.pop("features", {})
        for name, column in columns.items():
            if np.ndim(column) and name != "aliases":
                columns[name] = _ordered(name, column, order)
        return cls(
            track_ids=track_ids[order],
            credit_offsets=np.concatenate(([0], np.cumsum(stop - start))),
            credit_artist_ids=credit_ids,
            features={k: _ordered(k, v, order) for k, v in features.items()},
            **columns,
        )

    @cached_property
    def credits(self) -> CreditTable:
        """Every credited artist of each row."""
        by_artist = self._groups("artist")
        return CreditTable(self.credit_offsets, self.credit_artist_ids, by_artist)

    @cached_property
    def primary_credits(self) -> CreditTable:
        """The first credited artist of each row; none where nobody is credited."""
        credited = np.diff(self.credit_offsets) > 0
        offsets = np.concatenate(([0], np.cumsum(credited)))
        return CreditTable(
            offsets, self.credit_artist_ids[self.credit_offsets[:-1][credited]]
        )

    def artists_named(self, artist_ids: Sequence[int]) -> Int64s:
        """Return artists as they stand among the credits, aliases as the main one."""
        main_of = dict(self.aliases.tolist())
        return np.array([main_of.get(pk, pk) for pk in artist_ids], np.int64)

    def credit_table(self, *, primary_only: bool) -> CreditTable:
        """Return the credits that count, all or the first of each row."""
        return self.primary_credits if primary_only else self.credits

    def bin_table(self, *, primary_only: bool) -> CreditTable:
        """Return the credits that count and, last, each row's album as `album_bin`."""
        if primary_only not in self._bin_tables:
            credits = self.credit_table(primary_only=primary_only)
            self._bin_tables[primary_only] = CreditTable(
                credits.offsets + np.arange(len(self) + 1),
                np.insert(
                    credits.artist_ids, credits.offsets[1:], album_bin(self.album_ids)
                ),
            )
        return self._bin_tables[primary_only]

    @cached_property
    def _bin_tables(self) -> dict[bool, CreditTable]:
        return {}

    def sameness(self, same_song: tuple[Version, ...]) -> "Sameness":
        """Return which rows are the same under a rule about songs."""
        if not same_song or self.song_ids is None or self.song_bits is None:
            return Sameness(self.recording_ids, self.by_recording)
        if same_song not in self._samenesses:
            keys = same_keys(
                self.recording_ids, self.song_ids, self.song_bits, same_song
            )
            groups = Groups.of(keys, np.arange(len(self)))
            self._samenesses[same_song] = Sameness(keys, groups)
        return self._samenesses[same_song]

    @cached_property
    def _samenesses(self) -> dict[tuple[Version, ...], "Sameness"]:
        return {}

    def rows_of(self, track_ids: Int64s) -> Int64s:
        """Return the row of each of some track ids, -1 for one that is not here."""
        table = self._row_table
        if table is not None:
            place = track_ids - self.track_ids[0]
            inside = (place >= 0) & (place < len(table))
            return np.where(inside, table[np.where(inside, place, 0)], -1)
        last = max(len(self) - 1, 0)
        place = np.minimum(np.searchsorted(self.track_ids, track_ids), last)
        is_here = self.track_ids[place] == track_ids if len(self) else place < 0
        return np.where(is_here, place, -1)

    @cached_property
    def _row_table(self) -> Int32s | None:
        """The row of each id from the first to the last, None where ids lie far apart.

        One look at it replaces a search through all ids, which grows with them.
        """
        if "row_of_id" in self.indexes:
            return self.indexes["row_of_id"]
        span = int(self.track_ids[-1] - self.track_ids[0]) + 1 if len(self) else 0
        if not span or span > MOST_SPREAD * len(self):
            return None
        table = np.full(span, -1, np.int32)
        for start in range(0, len(self), PART):
            ids = self.track_ids[start : start + PART] - self.track_ids[0]
            table[ids] = np.arange(start, start + len(ids), dtype=np.int32)
        return table

    @cached_property
    def is_released_again(self) -> Flags:
        """Mark the rows whose recording stands in another row too."""
        if "released_again" in self.indexes:
            return self.indexes["released_again"]
        keys = self.by_recording.sorted_keys
        equal = keys[1:] == keys[:-1]
        flags = np.zeros(len(self), np.bool_)
        flags[self.by_recording.rows[1:][equal]] = True
        flags[self.by_recording.rows[:-1][equal]] = True
        return flags

    @cached_property
    def memberships(self) -> dict[Hashable, npt.NDArray[np.uint8]]:
        """Which shares of a rule each row belongs to; filled where it is asked."""
        return {}

    @cached_property
    def by_recording(self) -> Groups:
        """Rows grouped by recording."""
        return self._groups("recording") or Groups.of(
            self.recording_ids, np.arange(len(self), dtype=np.int32)
        )

    def _groups(self, name: str) -> Groups | None:
        """Return groups that came with the columns, None where they did not."""
        if f"{name}_keys" not in self.indexes:
            return None
        return Groups(self.indexes[f"{name}_keys"], self.indexes[f"{name}_rows"])

    def column(self, name: str) -> npt.NDArray[Any] | None:
        """Return a column that a range may test, None for a feature not there."""
        if name in FEATURES:
            return self.features.get(name)
        column: npt.NDArray[Any] = getattr(self, name)
        return column


def _ordered(name: str, column: npt.NDArray[Any], order: Int64s) -> npt.NDArray[Any]:
    _check_length(name, column, len(order))
    ordered: npt.NDArray[Any] = column[order]
    return ordered


def _check_length(name: str, column: npt.NDArray[Any], count: int) -> None:
    if len(column) != count:
        raise ValueError(f"Column {name} has {len(column)} of {count} rows")
