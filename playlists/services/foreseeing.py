"""What a change of many playlists would give, looked at before it is kept."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from automation.runtime import RuntimeSettings
from library.models import Collection as AlbumCollection
from playlists import sampler
from playlists.models import Playlist
from playlists.services import capacity, ruling, stock
from playlists.services.capacity import OVERRIDES, WEEKDAY, Terms
from playlists.services.supplies import Supplies
from vibe_engine.errors import InputError

NUMBERS = (WEEKDAY, *OVERRIDES)
"""Values of a playlist that a change may name, beside its rules."""
MOST_KINDS = 8
"""Kinds of playlists that are looked at, so that an answer comes while one types."""


@dataclass(frozen=True)
class Change:
    """What many playlists would be given; what is not named stays as it is in each.

    `rules` and `numbers` by name, a number of None inherits; `inherited` are rules
    that come from the settings from then on. Without `collection_ids` each keeps its
    own, with an empty one it draws from the whole library.
    """

    rules: Mapping[str, Any] = field(default_factory=dict)
    inherited: Collection[str] = ()
    numbers: Mapping[str, int | None] = field(default_factory=dict)
    collection_ids: Sequence[int] | None = None


@dataclass(frozen=True)
class Kind:
    """Playlists that would draw from the same tracks under the same rules.

    `matching` of the `library` tracks of its collections pass the filters;
    `reachable` is how long a list can be under the caps, `size` what it should be.
    `keeps_rest` says whether full lists can be made without shortening the rest,
    counted among these playlists alone where they share it.
    """

    first: Playlist
    playlists: int
    collections: Sequence[str]
    matching: int
    library: int
    reachable: int
    size: int
    keeps_rest: bool

    @property
    def is_short(self) -> bool:
        """Whether the lists would come out short, or rules give way."""
        return self.reachable < self.size


@dataclass(frozen=True)
class Foreseen:
    """What a change gives to a selection: its kinds, the largest first.

    `uncounted` playlists are of smaller kinds that were not looked at; `refused` ones
    have rules that cannot be kept with the change, for `reason`.
    """

    playlists: int
    kinds: Sequence[Kind]
    uncounted: int
    refused: int
    reason: str

    @property
    def counted(self) -> int:
        """Playlists of the kinds that were looked at."""
        return self.playlists - self.uncounted - self.refused

    @property
    def fewest(self) -> int:
        """The tracks of the kind that has fewest to draw from."""
        return min((kind.matching for kind in self.kinds), default=0)

    @property
    def most(self) -> int:
        """The tracks of the kind that has most."""
        return max((kind.matching for kind in self.kinds), default=0)

    @property
    def short(self) -> int:
        """Playlists whose lists would come out short."""
        return sum(kind.playlists for kind in self.kinds if kind.is_short)

    @property
    def hurried(self) -> int:
        """Playlists with full lists whose rest would be shortened."""
        return sum(
            kind.playlists
            for kind in self.kinds
            if not (kind.is_short or kind.keeps_rest)
        )


@dataclass
class _Alike:
    """Playlists by what they would have, and those that could not have it."""

    members: dict[Terms, list[tuple[int, int]]]
    refused: int = 0
    reason: str = ""


def foresee(
    *,
    playlists: QuerySet[Playlist],
    change: Change,
    settings: RuntimeSettings,
    now: datetime,
) -> Foreseen:
    """Return what a change would give to playlists; nothing is stored.

    The library is read once however many kinds there are, so the number of queries
    does not grow with the playlists.
    """
    alike = _find_alike(playlists, change, settings)
    kinds = sorted(alike.members.items(), key=lambda item: -len(item[1]))[:MOST_KINDS]
    counted = sum(len(members) for _, members in kinds)
    total = sum(map(len, alike.members.values()))
    return Foreseen(
        playlists=total + alike.refused,
        kinds=list(_look(kinds, now)),
        uncounted=total - counted,
        refused=alike.refused,
        reason=alike.reason,
    )


def _find_alike(
    playlists: QuerySet[Playlist], change: Change, settings: RuntimeSettings
) -> _Alike:
    """Put together what has the same terms after the change, with one query."""
    alike = _Alike(defaultdict(list))
    known: dict[tuple[Any, ...], Terms | InputError] = {}
    for pk, rows in groupby(_read_rows(playlists), key=itemgetter(0)):
        (_, account, *own, first), *more = rows
        ids = () if first is None else tuple(sorted({first, *(r[-1] for r in more)}))
        key = (ids, *own)
        if key not in known:
            known[key] = _terms(ids, own, change, settings)
        terms = known[key]
        if isinstance(terms, InputError):
            alike.refused, alike.reason = alike.refused + 1, str(terms)
        else:
            alike.members[terms].append((pk, account))
    return alike


def _read_rows(playlists: QuerySet[Playlist]) -> Iterable[tuple[Any, ...]]:
    """Read playlist by playlist, a row for each of its collections."""
    rows = Playlist.objects.filter(pk__in=playlists.order_by().values("pk"))
    rows = rows.annotate(words=Cast("rules", TextField())).order_by("pk")
    return rows.values_list("pk", "account", "words", *NUMBERS, "collections")


def _terms(
    collection_ids: Sequence[int],
    own: Sequence[Any],
    change: Change,
    settings: RuntimeSettings,
) -> Terms | InputError:
    """Return what playlists would have, or why they cannot."""
    words, *values = own
    numbers = {**dict(zip(NUMBERS, values, strict=True)), **change.numbers}
    weekday = numbers.pop(WEEKDAY)
    try:
        rules = ruling.merged_rules(json.loads(words), change.rules, change.inherited)
        return capacity.terms_of(
            settings=settings,
            collection_ids=(
                collection_ids
                if change.collection_ids is None
                else change.collection_ids
            ),
            rules=rules,
            is_weekly=weekday is not None,
            **{name: numbers[name] for name in OVERRIDES},
        )
    except (InputError, sampler.RulesError) as error:
        return InputError(str(error))


def _look(
    kinds: Sequence[tuple[Terms, Sequence[tuple[int, int]]]], now: datetime
) -> Iterator[Kind]:
    """Hold each kind against the library."""
    today, supplies = now.astimezone(UTC).date(), Supplies()
    asked = [(terms.rules, terms.collection_ids) for terms, _ in kinds]
    libraries = stock.find_libraries(asked, on=today)
    firsts = Playlist.objects.only("name").in_bulk([m[0][0] for _, m in kinds])
    wanted = {pk for terms, _ in kinds for pk in terms.collection_ids}
    names = dict(
        AlbumCollection.objects.filter(pk__in=wanted).values_list("pk", "name")
    )
    for (terms, members), library in zip(kinds, libraries, strict=True):
        supply = supplies.find(terms.rules, terms.collection_ids, library=library)
        yield Kind(
            first=firsts[members[0][0]],
            playlists=len(members),
            collections=sorted(names[pk] for pk in terms.collection_ids if pk in names),
            matching=sampler.filter_steps(library, terms.rules)[-1].left,
            library=len(library),
            reachable=min(terms.rules.size, supply.admissible(1)),
            size=terms.rules.size,
            keeps_rest=capacity.carries(
                terms, supply, playlists=_together(terms, members)
            ),
        )


def _together(terms: Terms, members: Sequence[tuple[int, int]]) -> int:
    """Return how many of a kind keep recordings away from each other."""
    if terms.rules.rest_scope == "account":
        return max(Counter(account for _, account in members).values())
    return len(members) if terms.rules.rest_scope == "fleet" else 1
