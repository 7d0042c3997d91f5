"""The usable tracks as columns, cached in this process until the library changes."""

import threading
from collections.abc import Collection as AnyCollection
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any, Self
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.db.models import Count, F, Q

from library.models import (
    FEATURE_NAMES,
    CollectionAlbum,
    LibraryVersion,
    Track,
    TrackArtist,
)
from library.recordings import recording_number

EPOCH = date(1970, 1, 1)
UNKNOWN = -1

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Int16s = npt.NDArray[np.int16]
Int8s = npt.NDArray[np.int8]
Float32s = npt.NDArray[np.float32]

_BARE_COLUMNS = (
    "pk",
    "recording_key",
    "album_id",
    "popularity",
    "year",
    "duration_ms",
    "explicit",
    "last_used_on",
    "use_count",
    *FEATURE_NAMES,
)


@dataclass(frozen=True)
class PoolColumns:
    """One row a usable track, sorted by `track_ids` (our primary keys).

    `recording_ids` are the numbers of `recording_number`: equal for the same
    recording, and comparable with those of tracks outside the pool. Row i credits
    `credit_artist_ids[credit_offsets[i]:credit_offsets[i + 1]]`, the primary
    artist first. Unknown values: popularity -1, year 0, explicit -1, a feature
    nan; `last_used_day` counts days since 1970-01-01, -1 for never. `total_tracks`
    and `held_tracks` count the whole library.
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
    features: dict[str, Float32s]
    total_tracks: int
    held_tracks: int
    version: int

    def __len__(self) -> int:
        return len(self.track_ids)

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
            if isinstance(column, np.ndarray) and not name.startswith("credit_")
        }
        return replace(
            self,
            **taken,
            features={name: column[rows] for name, column in self.features.items()},
            credit_offsets=_offsets(stop - start),
            credit_artist_ids=self.credit_artist_ids[_ranges(start, stop)],
        )


def load_library(*, collection_ids: Sequence[int] = ()) -> PoolColumns:
    """Return the usable tracks, of some collections or (none named) of all.

    A change of the library is seen at once, and so is every new use. Costs two
    small queries while nothing has changed, one more with collections.
    """
    columns = _cache.columns()
    if not collection_ids:
        return columns
    albums = CollectionAlbum.objects.filter(collection__in=collection_ids)
    return columns.of_albums(set(albums.values_list("album_id", flat=True)))


def recording_numbers(track_ids: Iterable[int]) -> dict[int, int]:
    """Return the recording number of each track, usable or not, by primary key."""
    keys = Track.objects.filter(pk__in=track_ids).values_list("pk", "recording_key")
    return {pk: recording_number(key) for pk, key in keys}


class _Cache:
    """The columns of the whole library, for one version of it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stamp: tuple[UUID, int] | None = None
        self._columns: PoolColumns | None = None

    def columns(self) -> PoolColumns:
        with self._lock:
            stamp = LibraryVersion.stamp()
            if self._columns is None or stamp is None or stamp != self._stamp:
                self._columns = _read_columns(version=stamp[1] if stamp else 0)
                self._stamp = stamp
            else:
                self._columns = _with_later_uses(self._columns)
            return self._columns


_cache = _Cache()


def _read_columns(*, version: int) -> PoolColumns:
    tracks = Track.objects.usable().annotate(year=F("album__release_year"))
    rows = tracks.order_by("pk").values_list(*_BARE_COLUMNS)
    columns = list(zip(*rows, strict=True)) or [()] * len(_BARE_COLUMNS)
    named = dict(zip(_BARE_COLUMNS, columns, strict=True))
    track_ids = np.array(named["pk"], np.int64)
    offsets, artist_ids = _read_credits(track_ids)
    counts = Track.objects.aggregate(
        total=Count("pk"), held=Count("pk", filter=Q(is_usable=False))
    )
    return PoolColumns(
        track_ids=track_ids,
        recording_ids=np.array(
            [recording_number(key) for key in named["recording_key"]], np.int64
        ),
        album_ids=np.array(named["album_id"], np.int64),
        credit_offsets=offsets,
        credit_artist_ids=artist_ids,
        popularity=_known(named["popularity"], np.int16, UNKNOWN),
        year=_known(named["year"], np.int16, 0),
        duration_ms=np.array(named["duration_ms"], np.int32),
        explicit=_known(named["explicit"], np.int8, UNKNOWN),
        last_used_day=_days(named["last_used_on"]),
        use_count=np.array(named["use_count"], np.int32),
        features={
            name: np.array(named[name], np.float64).astype(np.float32)
            for name in FEATURE_NAMES
        },
        total_tracks=counts["total"],
        held_tracks=counts["held"],
        version=version,
    )


def _read_credits(track_ids: Int64s) -> tuple[Int64s, Int64s]:
    """Return offsets and artists of the credits of `track_ids`, row after row."""
    credited = TrackArtist.objects.order_by("track_id", "position")
    pairs = np.array(list(credited.values_list("track_id", "artist_id")), np.int64)
    pairs = pairs.reshape(-1, 2)
    pairs = pairs[np.isin(pairs[:, 0], track_ids)]
    return _offsets(_counts(pairs[:, 0], track_ids)), np.ascontiguousarray(pairs[:, 1])


def _counts(sorted_keys: Int64s, keys: Int64s) -> Int64s:
    """Return how often each of `keys` stands in `sorted_keys`."""
    after = np.searchsorted(sorted_keys, keys, side="right")
    return after - np.searchsorted(sorted_keys, keys, side="left")


def _with_later_uses(columns: PoolColumns) -> PoolColumns:
    """Return the columns with the uses since they were read.

    Only tracks that were used on the newest day known, on the day before it or
    later can have changed: a use is always noted for the present day.
    """
    newest = int(columns.last_used_day.max(initial=0))
    since = EPOCH + timedelta(days=max(newest - 1, 0))
    used = Track.objects.filter(last_used_on__gte=since)
    rows = list(used.values_list("pk", "last_used_on", "use_count"))
    if not rows or not len(columns):
        return columns
    pks, days, counts = (np.array(column) for column in zip(*rows, strict=True))
    place = np.searchsorted(columns.track_ids, pks).clip(max=len(columns) - 1)
    here = columns.track_ids[place] == pks
    last_used_day, use_count = columns.last_used_day.copy(), columns.use_count.copy()
    last_used_day[place[here]] = _days(days[here])
    use_count[place[here]] = counts[here]
    return replace(columns, last_used_day=last_used_day, use_count=use_count)


def _known(values: Sequence[Any], dtype: type[Any], unknown: int) -> npt.NDArray[Any]:
    return np.array([unknown if value is None else value for value in values], dtype)


def _days(values: Sequence[date | None] | npt.NDArray[Any]) -> Int32s:
    start = EPOCH.toordinal()
    return np.array(
        [UNKNOWN if day is None else day.toordinal() - start for day in values],
        np.int32,
    )


def _offsets(lengths: Int64s) -> Int64s:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)))


def _ranges(start: Int64s, stop: Int64s) -> Int64s:
    """Return `start[0]..stop[0]-1, start[1]..stop[1]-1, …` as one array."""
    lengths = stop - start
    before = np.cumsum(lengths) - lengths
    places: Int64s = np.arange(lengths.sum()) + np.repeat(start - before, lengths)
    return places
