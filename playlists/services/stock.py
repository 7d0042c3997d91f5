"""What lists are drawn from: the library compiled for rules, kept while it lasts."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from library import pool, titles
from library.models import CollectionAlbum
from library.pool import PoolColumns
from playlists import sampler

MOST_COMPILED = 16
MOST_ASKED = 4
Rows = npt.NDArray[np.int64]
APART = frozenset({"song_ids", "song_bits", "collections"})
"""Columns of the sampler's library that are read only where rules ask for them."""


@dataclass(frozen=True)
class Stock:
    """A compiled pool, and the columns it was compiled from."""

    columns: PoolColumns
    pool: sampler.Pool

    @property
    def library(self) -> sampler.Library:
        """The library as the sampler sees it."""
        return self.pool.library


_Asked = tuple[bool, tuple[int, ...]]
"""Whether songs are asked for, and which collections."""


@dataclass
class _Compiled:
    """A library for the sampler, and its pools, those used last at the end."""

    library: sampler.Library
    asked: OrderedDict[_Asked, sampler.Library] = field(default_factory=OrderedDict)
    pools: OrderedDict[sampler.Rules, sampler.Pool] = field(default_factory=OrderedDict)


_lock = threading.Lock()
_compiled: WeakKeyDictionary[PoolColumns, _Compiled] = WeakKeyDictionary()


def find_stock(
    *, rules: sampler.Rules, collection_ids: Sequence[int], on: date
) -> Stock:
    """Return what a list of these rules is drawn from on a day (UTC).

    Compiled once for a version of the library, a day and a rule set, and shared by
    all lists; the columns' end is the end of what was compiled from them. Pins and
    partial refresh ask for no pool of their own.
    """
    alike = replace(rules, pins=(), refresh_share=100)
    columns = pool.load_library(collection_ids=collection_ids, on=on)
    with _lock:
        compiled = _compiled_of(columns)
        found = compiled.pools.get(alike)
        if found is None:
            library = _library_for(rules, compiled, columns)
            found = sampler.build_pool(library, alike)
            compiled.pools[alike] = found
            if len(compiled.pools) > MOST_COMPILED:
                compiled.pools.popitem(last=False)
        compiled.pools.move_to_end(alike)
    return Stock(columns, found if rules == alike else replace(found, rules=rules))


def find_library(
    *,
    collection_ids: Sequence[int],
    on: date | None = None,
    rules: sampler.Rules | None = None,
) -> sampler.Library:
    """Return the library that lists are drawn from on a day (UTC), unfiltered.

    Without a day it is that of any day; with `rules` that ask for songs or
    collections it tells them.
    """
    columns = pool.load_library(collection_ids=collection_ids, on=on)
    with _lock:
        compiled = _compiled_of(columns)
        return _library_for(rules, compiled, columns) if rules else compiled.library


def find_libraries(
    asked: Sequence[tuple[sampler.Rules, Sequence[int]]], *, on: date
) -> list[sampler.Library]:
    """Return the library of a day (UTC) for several rule sets and their collections.

    All of one version; what rules ask for is told, nothing is filtered. The number of
    queries does not grow with the collections.
    """
    parts = pool.load_libraries([collection_ids for _, collection_ids in asked], on=on)
    with _lock:
        return [
            _library_for(rules, _compiled_of(columns), columns)
            for (rules, _), columns in zip(asked, parts, strict=True)
        ]


def _compiled_of(columns: PoolColumns) -> _Compiled:
    compiled = _compiled.get(columns)
    if compiled is None:
        compiled = _compiled[columns] = _Compiled(as_library(columns))
    return compiled


def _library_for(
    rules: sampler.Rules, compiled: _Compiled, columns: PoolColumns
) -> sampler.Library:
    """Return the library with what its rules ask for beyond the columns.

    Songs are read from the titles, the tracks of collections from their albums.
    """
    asked = bool(rules.same_song), tuple(sorted(s.collection for s in rules.shares))
    if asked == (False, ()):
        return compiled.library
    if asked not in compiled.asked:
        compiled.asked[asked] = complete(compiled.library, columns, rules)
        if len(compiled.asked) > MOST_ASKED:
            compiled.asked.popitem(last=False)
    return compiled.asked[asked]


def complete(
    library: sampler.Library, columns: PoolColumns, rules: sampler.Rules
) -> sampler.Library:
    """Return a library with the songs and collections that rules ask for."""
    if rules.same_song:
        songs, bits = titles.read_songs(columns)
        library = replace(library, song_ids=songs, song_bits=bits)
    if rules.shares:
        keys = [share.collection for share in rules.shares]
        library = replace(library, collections=_rows_of(keys, columns))
    return library


def _rows_of(collection_ids: Sequence[int], columns: PoolColumns) -> dict[int, Rows]:
    """Return the rows of the tracks of some collections, with one query."""
    albums: dict[int, list[int]] = {pk: [] for pk in collection_ids}
    places = CollectionAlbum.objects.filter(collection__in=collection_ids)
    for pk, album in places.values_list("collection", "album"):
        albums[pk].append(album)
    return {
        pk: np.flatnonzero(np.isin(columns.album_ids, np.array(of_one, np.int64)))
        for pk, of_one in albums.items()
    }


def as_library(columns: PoolColumns) -> sampler.Library:
    """Hand the library's columns to the sampler, without songs and collections."""
    names = {field.name for field in fields(sampler.Library)} - APART
    return sampler.Library(**{name: getattr(columns, name) for name in names})
