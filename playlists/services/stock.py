"""What lists are drawn from: the library compiled for rules, kept while it lasts."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from weakref import WeakKeyDictionary

from library import pool, titles
from library.pool import PoolColumns
from playlists import sampler

MOST_COMPILED = 16
SONGS = frozenset({"song_ids", "song_bits"})


@dataclass(frozen=True)
class Stock:
    """A compiled pool, and the columns it was compiled from."""

    columns: PoolColumns
    pool: sampler.Pool

    @property
    def library(self) -> sampler.Library:
        """The library as the sampler sees it."""
        return self.pool.library


@dataclass
class _Compiled:
    """A library for the sampler, and its pools, those used last at the end."""

    library: sampler.Library
    with_songs: sampler.Library | None = None
    pools: OrderedDict[sampler.Rules, sampler.Pool] = field(default_factory=OrderedDict)


_lock = threading.Lock()
_compiled: WeakKeyDictionary[PoolColumns, _Compiled] = WeakKeyDictionary()


def find_stock(
    *, rules: sampler.Rules, collection_ids: Sequence[int], on: date
) -> Stock:
    """Return what a list of these rules is drawn from on a day (UTC).

    Compiled once for a version of the library, a day and a rule set, and shared by
    all lists; the columns' end is the end of what was compiled from them.
    """
    columns = pool.load_library(collection_ids=collection_ids, on=on)
    with _lock:
        compiled = _compiled_of(columns)
        found = compiled.pools.get(rules)
        if found is None:
            library = _library_for(rules, compiled, columns)
            found = sampler.build_pool(library, rules)
            compiled.pools[rules] = found
            if len(compiled.pools) > MOST_COMPILED:
                compiled.pools.popitem(last=False)
        compiled.pools.move_to_end(rules)
    return Stock(columns, found)


def find_library(
    *,
    collection_ids: Sequence[int],
    on: date | None = None,
    rules: sampler.Rules | None = None,
) -> sampler.Library:
    """Return the library that lists are drawn from on a day (UTC), unfiltered.

    Without a day it is that of any day; with `rules` that count songs it tells them.
    """
    columns = pool.load_library(collection_ids=collection_ids, on=on)
    with _lock:
        compiled = _compiled_of(columns)
        return _library_for(rules, compiled, columns) if rules else compiled.library


def _compiled_of(columns: PoolColumns) -> _Compiled:
    compiled = _compiled.get(columns)
    if compiled is None:
        compiled = _compiled[columns] = _Compiled(as_library(columns))
    return compiled


def _library_for(
    rules: sampler.Rules, compiled: _Compiled, columns: PoolColumns
) -> sampler.Library:
    """Return the library, with its songs read from the titles where they count."""
    if not rules.same_song:
        return compiled.library
    if compiled.with_songs is None:
        songs, bits = titles.read_songs(columns)
        compiled.with_songs = replace(compiled.library, song_ids=songs, song_bits=bits)
    return compiled.with_songs


def as_library(columns: PoolColumns) -> sampler.Library:
    """Hand the library's columns to the sampler, without songs."""
    names = {field.name for field in fields(sampler.Library)} - SONGS
    return sampler.Library(**{name: getattr(columns, name) for name in names})
