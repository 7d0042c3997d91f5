"""What may be drawn under rules, counted once for a version of the library."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any
from uuid import UUID

from library.models import LibraryVersion
from playlists import sampler
from playlists.services import stock

MOST_KEPT = 128

_OF_NO_ACCOUNT: Mapping[str, Any] = {
    "size": 1,
    "artist_separation": 0,
    "cooldown_days": 0,
    "rest_scope": "playlist",
    "popularity_weight": 0,
    "refresh_share": 100,
    "pins": (),
    "shares": (),
}
"""Rules that do not change what may be drawn, as they stand in every key."""

_Stamp = tuple[UUID, int]
_Key = tuple[_Stamp, tuple[int, ...], sampler.Rules]

_lock = threading.Lock()
_kept: OrderedDict[_Key, sampler.Supply] = OrderedDict()


class Supplies:
    """The supplies of one look at the library, whose version is read once."""

    def find(
        self,
        rules: sampler.Rules,
        collection_ids: Sequence[int] = (),
        *,
        library: sampler.Library | None = None,
    ) -> sampler.Supply:
        """Return what these rules let come from some collections, or (none) from all.

        It does not depend on size, rest, order and pins, so rule sets that differ in
        these alone share it. Places kept for collections are not counted apart. A
        `library` of these collections that is at hand is not looked for again.
        """
        chosen = tuple(sorted(set(collection_ids)))
        plain = replace(rules, **_OF_NO_ACCOUNT)
        if self._stamp is None:
            return _count(plain, chosen, library)
        key = (self._stamp, chosen, plain)
        with _lock:
            found = _kept.get(key)
        return found or _keep(key, _count(plain, chosen, library))

    @cached_property
    def _stamp(self) -> _Stamp | None:
        return LibraryVersion.stamp()


def _count(
    rules: sampler.Rules,
    collection_ids: Sequence[int],
    library: sampler.Library | None,
) -> sampler.Supply:
    if library is None:
        library = stock.find_library(collection_ids=collection_ids, rules=rules)
    return sampler.Supply.of(library, rules)


def _keep(key: _Key, supply: sampler.Supply) -> sampler.Supply:
    with _lock:
        _kept[key] = supply
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return supply
