"""The columns of a pool, one row a usable track."""

from collections.abc import Collection as AnyCollection
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

UNKNOWN = -1
APART = frozenset({"credit_offsets", "credit_artist_ids", "aliases"})
"""Columns that have no row for each track."""

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Int16s = npt.NDArray[np.int16]
Int8s = npt.NDArray[np.int8]
Float32s = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class PoolColumns:
    """One row a usable track, sorted by `track_ids` (our primary keys).

    `recording_ids` are the numbers of `recording_number`: equal for the same
    recording, and comparable with those of tracks outside the pool. Row i credits
    `credit_artist_ids[credit_offsets[i]:credit_offsets[i + 1]]`, the primary
    artist first; there an artist is the main one of its group, and `aliases` has a row
    (artist, main artist) for each of the others, ascending. Unknown values: popularity
    -1, year 0, explicit -1, a feature nan; `last_used_day` counts days since
    1970-01-01, -1 for never. `total_tracks`, `held_tracks` and `blocked_tracks` count
    the whole library. `indexes` are those of `indexes.indexes_of`, or none where the
    columns are not kept in files. Arrays may be mapped from files and are never
    written to.
    """

    track_ids: Int64s
    recording_ids: Int64s
    album_ids: Int64s
    credit_offsets: Int64s
    credit_artist_ids: Int64s
    aliases: Int64s
    popularity: Int16s
    year: Int16s
    duration_ms: Int32s
    explicit: Int8s
    last_used_day: Int32s
    use_count: Int32s
    features: dict[str, Float32s]
    total_tracks: int
    held_tracks: int
    blocked_tracks: int
    version: int
    indexes: dict[str, npt.NDArray[Any]]

    def __len__(self) -> int:
        return len(self.track_ids)

    def recordings_of(self, track_ids: AnyCollection[int]) -> dict[int, int]:
        """Return the recording numbers of those of some tracks that are here."""
        wanted = np.fromiter(track_ids, np.int64, len(track_ids))
        place = np.searchsorted(self.track_ids, wanted)
        inside = np.flatnonzero(place < len(self))
        here = inside[self.track_ids[place[inside]] == wanted[inside]]
        numbers = self.recording_ids[place[here]].tolist()
        return dict(zip(wanted[here].tolist(), numbers, strict=True))

    def of_albums(self, album_ids: AnyCollection[int]) -> Self:
        """Return the rows of some albums alone."""
        wanted = np.fromiter(album_ids, np.int64, len(album_ids))
        return self._take(np.flatnonzero(np.isin(self.album_ids, wanted)))

    def _take(self, rows: Int64s) -> Self:
        columns = {f.name: getattr(self, f.name) for f in fields(self)}
        start, stop = self.credit_offsets[rows], self.credit_offsets[rows + 1]
        taken: dict[str, Any] = {
            name: column[rows]
            for name, column in columns.items()
            if isinstance(column, np.ndarray) and name not in APART
        }
        return replace(
            self,
            **taken,
            features={name: column[rows] for name, column in self.features.items()},
            indexes={},
            credit_offsets=offsets_of(stop - start),
            credit_artist_ids=self.credit_artist_ids[_ranges(start, stop)],
        )


def offsets_of(lengths: Int64s) -> Int64s:
    """Return where each of some stretches begins, and where the last one ends."""
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)))


def _ranges(start: Int64s, stop: Int64s) -> Int64s:
    """Return `start[0]..stop[0]-1, start[1]..stop[1]-1, …` as one array."""
    lengths = stop - start
    before = np.cumsum(lengths) - lengths
    places: Int64s = np.arange(lengths.sum()) + np.repeat(start - before, lengths)
    return places
