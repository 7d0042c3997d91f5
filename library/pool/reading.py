"""Reading the library from the database into columns, all of one version."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet

from library.models import (
    FEATURE_NAMES,
    Alias,
    Block,
    LibraryVersion,
    Track,
    TrackArtist,
)
from library.pool.columns import UNKNOWN, Int32s, Int64s, PoolColumns, offsets_of
from library.recordings import recording_number

Stamp = tuple[UUID, int]

BATCH = 20_000
TRIES = 3
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


def read_columns(*, on: date | None) -> tuple[Stamp | None, PoolColumns]:
    """Return the library's stamp and columns, which belong to each other.

    Uses are counted up to the day before `on`, or all of them. Changes that are
    committed meanwhile let the reading begin again; the last try holds the version's
    row, so that changes wait for it.
    """
    for _ in range(TRIES):
        stamp = LibraryVersion.stamp()
        columns = _read(stamp, on)
        if LibraryVersion.stamp() == stamp:
            return stamp, columns
    with transaction.atomic():
        LibraryVersion.objects.select_for_update().filter(pk=1).first()
        stamp = LibraryVersion.stamp()
        return stamp, _read(stamp, on)


def _read(stamp: Stamp | None, on: date | None) -> PoolColumns:
    tracks = Track.objects.usable().annotate(year=F("album__release_year"))
    columns = _in_batches(tracks.order_by("pk"), _COLUMNS)
    prior = columns.pop("prior_used_on"), columns.pop("prior_use_count")
    if on is not None:
        later = columns["last_used_on"] >= on.toordinal() - EPOCH_ORDINAL
        columns["last_used_on"][later] = prior[0][later]
        columns["use_count"][later] = prior[1][later]
    aliases = _read_aliases()
    offsets, artist_ids = _read_credits(columns["pk"], aliases)
    counts = Track.objects.aggregate(
        total=Count("pk"), held=Count("pk", filter=Q(is_usable=False))
    )
    return PoolColumns(
        track_ids=columns.pop("pk"),
        recording_ids=columns.pop("recording_key"),
        album_ids=columns.pop("album_id"),
        credit_offsets=offsets,
        credit_artist_ids=artist_ids,
        aliases=aliases,
        last_used_day=columns.pop("last_used_on"),
        features={name: columns.pop(name) for name in FEATURE_NAMES},
        total_tracks=counts["total"],
        held_tracks=counts["held"],
        blocked_tracks=_count_blocked(),
        version=stamp[1] if stamp else 0,
        indexes={},
        **columns,
    )


def _count_blocked() -> int:
    return Track.objects.blocked().count() if Block.objects.exists() else 0


def _read_credits(track_ids: Int64s, aliases: Int64s) -> tuple[Int64s, Int64s]:
    """Return offsets and artists of the credits of `track_ids`, row after row.

    Aliases stand as the main artist of their group, each artist once a row.
    """
    credited = TrackArtist.objects.order_by("track_id", "position")
    pairs = _in_batches(credited, {"track_id": _whole64, "artist_id": _whole64})
    place = np.searchsorted(track_ids, pairs["track_id"])
    place = np.minimum(place, max(len(track_ids) - 1, 0))
    if not len(track_ids):
        return offsets_of(track_ids), track_ids
    is_here = track_ids[place] == pairs["track_id"]
    rows, artist_ids = place[is_here], pairs["artist_id"][is_here]
    if len(aliases):
        rows, artist_ids = _as_groups(rows, artist_ids, aliases)
    lengths = np.bincount(rows, minlength=len(track_ids))
    return offsets_of(lengths), artist_ids


def _read_aliases() -> Int64s:
    """Return a row (artist, main artist) for each alias, ascending."""
    pairs = Alias.objects.order_by("artist").values_list("artist", "main")
    return np.array(list(pairs), np.int64).reshape(-1, 2)


def _as_groups(
    rows: Int64s, artist_ids: Int64s, aliases: Int64s
) -> tuple[Int64s, Int64s]:
    """Return credits with each alias as its main artist, who stands once in a row."""
    place = np.searchsorted(aliases[:, 0], artist_ids)
    place = np.minimum(place, len(aliases) - 1)
    is_alias = aliases[place, 0] == artist_ids
    artist_ids = np.where(is_alias, aliases[place, 1], artist_ids)
    touched = np.flatnonzero(np.isin(rows, rows[is_alias]))
    pairs = rows[touched] << 32 | artist_ids[touched]
    kept = np.ones(len(rows), np.bool_)
    kept[touched] = False
    kept[touched[np.unique(pairs, return_index=True)[1]]] = True
    return rows[kept], artist_ids[kept]


Convert = Callable[[Sequence[Any]], npt.NDArray[Any]]


def _in_batches(
    rows: QuerySet[Any], columns: Mapping[str, Convert]
) -> dict[str, npt.NDArray[Any]]:
    """Read some columns of many rows without ever holding all rows as objects."""
    parts: dict[str, list[npt.NDArray[Any]]] = {
        name: [convert([])] for name, convert in columns.items()
    }
    for batch in _batches(rows.values_list(*columns)):
        for (name, convert), values in zip(
            columns.items(), zip(*batch, strict=True), strict=True
        ):
            parts[name].append(convert(values))
    return {name: np.concatenate(of_column) for name, of_column in parts.items()}


def _batches(rows: QuerySet[Any, Any]) -> Iterator[tuple[Any, ...]]:
    every = rows.iterator(chunk_size=BATCH)
    while batch := tuple(islice(every, BATCH)):
        yield batch


def _whole64(values: Sequence[Any]) -> Int64s:
    return np.array(values, np.int64)


def _whole32(values: Sequence[Any]) -> Int32s:
    return np.array(values, np.int32)


def _recordings(keys: Sequence[Any]) -> Int64s:
    return np.array([recording_number(key) for key in keys], np.int64)


def _known(dtype: type[Any], unknown: int) -> Convert:
    def convert(values: Sequence[Any]) -> npt.NDArray[Any]:
        return np.array([unknown if v is None else v for v in values], dtype)

    return convert


def _days(values: Sequence[Any]) -> Int32s:
    days = (
        UNKNOWN if day is None else day.toordinal() - EPOCH_ORDINAL for day in values
    )
    return np.fromiter(days, np.int32, len(values))


def _feature(values: Sequence[Any]) -> npt.NDArray[Any]:
    return np.array(values, np.float64).astype(np.float32)


_COLUMNS: Mapping[str, Convert] = {
    "pk": _whole64,
    "recording_key": _recordings,
    "album_id": _whole64,
    "popularity": _known(np.int16, UNKNOWN),
    "year": _known(np.int16, 0),
    "duration_ms": _whole32,
    "explicit": _known(np.int8, UNKNOWN),
    "last_used_on": _days,
    "use_count": _whole32,
    "prior_used_on": _days,
    "prior_use_count": _whole32,
} | dict.fromkeys(FEATURE_NAMES, _feature)
