"""The columns that this process holds: read once a version and day, then shared."""

import threading
from collections import OrderedDict
from collections.abc import Collection as AnyCollection
from collections.abc import Sequence
from datetime import date

from django.db import connection

from library.models import CollectionAlbum, LibraryVersion, Track
from library.pool import files
from library.pool.columns import PoolColumns
from library.pool.reading import Stamp, read_columns
from library.recordings import recording_number

FILES_FROM_TRACKS = 100_000
MOST_PARTS = 8
ANY_DAY = "any"


def load_library(
    *, collection_ids: Sequence[int] = (), on: date | None = None
) -> PoolColumns:
    """Return the usable tracks, of some collections or (none named) of all.

    A change of the library is seen at once. Uses count up to the day before `on`
    (UTC), so all lists of a day are drawn from the same figures; without a day all
    uses count that were known when the library was read. Costs one small query
    while nothing has changed. From `FILES_FROM_TRACKS` tracks on the columns are
    built once for all processes and mapped from files.
    """
    return _cache.columns(tuple(sorted(set(collection_ids))), on)


def load_libraries(
    collection_sets: Sequence[Sequence[int]], *, on: date
) -> list[PoolColumns]:
    """Return the usable tracks of each set of collections, an empty one meaning all.

    As `load_library`, of one version, with one query more where a set is new.
    """
    return _cache.columns_of_each([tuple(sorted(set(s))) for s in collection_sets], on)


def recording_numbers(
    track_ids: AnyCollection[int], *, known: PoolColumns | None = None
) -> dict[int, int]:
    """Return the recording number of each track, usable or not, by primary key.

    Those in the columns that are `known` cost no query.
    """
    numbers = {} if known is None else known.recordings_of(track_ids)
    missing = [pk for pk in track_ids if pk not in numbers]
    if missing:
        keys = Track.objects.filter(pk__in=missing).values_list("pk", "recording_key")
        numbers |= {pk: recording_number(key) for pk, key in keys}
    return numbers


class _Cache:
    """The columns of the whole library and of some parts, for one version and day."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._day: date | None = None
        self._whole: PoolColumns | None = None
        self._parts: OrderedDict[tuple[int, ...], PoolColumns] = OrderedDict()

    def columns(self, collection_ids: tuple[int, ...], on: date | None) -> PoolColumns:
        with self._lock:
            whole = self._current(on)
            return self._part(whole, collection_ids) if collection_ids else whole

    def columns_of_each(
        self, sets: Sequence[tuple[int, ...]], on: date
    ) -> list[PoolColumns]:
        with self._lock:
            whole = self._current(on)
            unknown = {one for one in sets if one and one not in self._parts}
            found = _cut(whole, unknown) if unknown else {}
            parts = self._parts | found | {(): whole}
            for one, part in found.items():
                self._keep(one, part)
            return [parts[one] for one in sets]

    def _current(self, on: date | None) -> PoolColumns:
        stamp = LibraryVersion.stamp()
        is_of_the_day = on is None or on == self._day
        if (
            self._whole is None
            or stamp is None
            or stamp != self._stamp
            or not is_of_the_day
        ):
            self._parts.clear()
            self._stamp, self._whole = _load(stamp, on)
            self._day = on
        return self._whole

    def _part(self, whole: PoolColumns, collection_ids: tuple[int, ...]) -> PoolColumns:
        part = self._parts.get(collection_ids)
        if part is None:
            part = _cut(whole, {collection_ids})[collection_ids]
        self._keep(collection_ids, part)
        return part

    def _keep(self, collection_ids: tuple[int, ...], part: PoolColumns) -> None:
        self._parts[collection_ids] = part
        self._parts.move_to_end(collection_ids)
        if len(self._parts) > MOST_PARTS:
            self._parts.popitem(last=False)


_cache = _Cache()


def _cut(
    whole: PoolColumns, sets: AnyCollection[tuple[int, ...]]
) -> dict[tuple[int, ...], PoolColumns]:
    """Return the columns of each set of collections, with one query."""
    albums: dict[int, set[int]] = {pk: set() for one in sets for pk in one}
    places = CollectionAlbum.objects.filter(collection__in=albums)
    for pk, album in places.values_list("collection", "album"):
        albums[pk].add(album)
    return {
        one: whole.of_albums(set().union(*(albums[pk] for pk in one))) for one in sets
    }


def _load(stamp: Stamp | None, on: date | None) -> tuple[Stamp | None, PoolColumns]:
    """Return columns and their stamp, from files where the library is large.

    A transaction may still be rolled back, and its version be given again to other
    tracks, so what it sees is never written to files.
    """
    if stamp is None or connection.in_atomic_block or not _is_large():
        return read_columns(on=on)
    with files.one_builder():
        name = _name(stamp, on)
        columns = files.open_columns(name)
        if columns is None:
            read_stamp, columns = read_columns(on=on)
            if read_stamp is None:
                return read_stamp, columns
            stamp, name = read_stamp, _name(read_stamp, on)
            if files.open_columns(name) is None:
                files.store_columns(name, columns)
            columns = files.open_columns(name) or columns
        return stamp, columns


def _name(stamp: Stamp, on: date | None) -> str:
    epoch, version = stamp
    return f"{epoch.hex}-{version}-{on or ANY_DAY}"


def _is_large() -> bool:
    newest = Track.objects.order_by("-pk").values_list("pk", flat=True).first()
    return newest is not None and newest >= FILES_FROM_TRACKS
