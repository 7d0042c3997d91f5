"""Capacity: how many playlists the library, the budgets and the accounts carry."""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import Count, TextField
from django.db.models.functions import Cast

from accounts.models import Account, Developer
from accounts.throttle import usage
from automation.runtime import RuntimeSettings
from playlists import sampler
from playlists.effective import (
    calls_per_turn,
    inherited_rules,
    inherited_values,
    interval_days_of,
    whole_weeks,
)
from playlists.models import Playlist
from playlists.sampler.stored import RULES_VERSION, migrated
from playlists.services.supplies import Supplies

OVERRIDES = ("size", "interval_days", "cooldown_days", "artist_cap")
WEEKDAY = "reshuffle_weekday"
RENEWED = (Playlist.Status.ACTIVE, Playlist.Status.CREATING)
DAY_S = 86_400


@dataclass(frozen=True)
class Terms:
    """What decides how many playlists a library carries: rules, rhythm, collections."""

    rules: sampler.Rules
    interval_days: int
    collection_ids: tuple[int, ...] = ()

    @property
    def needed(self) -> int:
        """Recordings that one playlist needs: those that stand, and those that rest."""
        turns_of_rest = math.ceil(self.rules.cooldown_days / self.interval_days)
        return self.rules.size + turns_of_rest * self.rules.changes

    @property
    def lists_at_once(self) -> float:
        """The same in full lists without a recording in common."""
        return self.needed / self.rules.size

    @property
    def is_shared(self) -> bool:
        """Whether playlists keep recordings away from each other."""
        return self.rules.rest_scope != "playlist" and self.rules.cooldown_days > 0

    def changed(self, **values: int) -> "Terms":
        """Return the terms with another size, rest or interval."""
        interval = values.pop("interval_days", self.interval_days)
        rules = replace(self.rules, **values)  # type: ignore[arg-type]
        return replace(self, rules=rules, interval_days=interval)


@dataclass(frozen=True)
class Group:
    """Playlists of the same terms.

    `together` is how many of them share their rest: all, those of the fullest
    account, or one. `own` holds the values that are theirs and not inherited.
    """

    terms: Terms
    playlists: int
    together: int
    own: Mapping[str, int]
    pks: Sequence[int] = field(repr=False)
    collections: Sequence[str] = ()


@dataclass(frozen=True)
class LibraryLoad:
    """How much of the library a group of playlists asks for.

    `most` is how many playlists with a common rest the library carries, None where
    each rests on its own and any number do; `room` the recordings that full lists
    can hold. `taken` is the share of the recordings that other playlists keep away.
    """

    group: Group
    supply: sampler.Supply
    taken: float
    most: int | None
    room: int

    @property
    def ratio(self) -> float:
        """What is asked against what is there; above 1 rests are shortened."""
        if self.most is None or not self.group.terms.is_shared:
            return _ratio(self.group.terms.needed, self.room)
        return _ratio(self.group.together, self.most)


@dataclass(frozen=True)
class WriteLoad:
    """How many playlist writes a day a developer's playlists ask for."""

    developer: Developer
    playlists: int
    asked_a_day: float
    room_a_day: float

    @property
    def ratio(self) -> float:
        """What is asked against what schedules may use."""
        return _ratio(self.asked_a_day, self.room_a_day)

    @property
    def most(self) -> int:
        """How many playlists like the present ones the budget carries."""
        return int(self.playlists / self.ratio) if self.ratio else 0

    def more(self, *, interval_days: int, calls: int) -> int:
        """Return how many more playlists of an interval the budget carries."""
        left = self.room_a_day - self.asked_a_day
        return max(0, int(left * interval_days / calls + 1e-9))


def _ratio(asked: float, room: float) -> float:
    if asked <= 0:
        return 0.0
    return asked / room if room > 0 else math.inf


def most_playlists(
    terms: Terms, supply: sampler.Supply, *, taken: float = 0.0
) -> int | None:
    """Return how many playlists a library carries; None stands for any number."""
    if terms.is_shared:
        most = supply.most_lists(terms.rules.size, taken=taken)
        return int(most / terms.lists_at_once + 1e-9)
    return None if supply.holds(terms.rules.size, terms.lists_at_once) else 0


def carries(
    terms: Terms,
    supply: sampler.Supply,
    *,
    playlists: int = 1,
    taken: float = 0.0,
) -> bool:
    """Tell whether so many playlists keep their rest, each list full."""
    lists = terms.lists_at_once * (playlists if terms.is_shared else 1)
    return supply.holds(terms.rules.size, lists, taken=taken)


@dataclass(frozen=True)
class Fleet:
    """The playlists that are renewed: their groups, the largest first, and turns.

    `turns` counts playlists by account, days between two lists, and whether their
    description stays as it is.
    """

    groups: Sequence[Group]
    turns: Mapping[tuple[int, int, bool], int]


def read_fleet(*, settings: RuntimeSettings) -> Fleet:
    """Return the playlists that are renewed, with one query.

    Those whose stored rules cannot be read are in no group.
    """
    names: dict[int, str] = {}
    alike: dict[tuple[Any, ...], list[tuple[int, int]]] = defaultdict(list)
    turns: Counter[tuple[int, int, bool]] = Counter()
    for pk, rows in groupby(_read_rows(), key=itemgetter(0)):
        (_, account, own_words, *rest, first, name), *more = rows
        named = {first: name, **{row[-2]: row[-1] for row in more}}
        chosen = {} if first is None else named
        names |= chosen
        alike[tuple(sorted(chosen)), *rest].append((pk, account))
        turns[account, interval_days_of(rest[3], rest[1], settings), own_words] += 1
    groups = [_group(key, members, names, settings) for key, members in alike.items()]
    found = [group for group in groups if group is not None]
    return Fleet(sorted(found, key=lambda group: -group.playlists), turns)


def _read_rows() -> Iterable[tuple[Any, ...]]:
    """Read playlist by playlist, a row for each of its collections."""
    rows = Playlist.objects.filter(status__in=RENEWED).order_by("pk")
    rows = rows.annotate(words=Cast("rules", TextField()))
    own = ("pk", "account", "description_is_custom", "words", WEEKDAY, *OVERRIDES)
    return rows.values_list(*own, "collections", "collections__name")


def _group(
    key: tuple[Any, ...],
    members: Sequence[tuple[int, int]],
    names: Mapping[int, str],
    settings: RuntimeSettings,
) -> Group | None:
    collection_ids, words, weekday, *values = key
    overrides = zip(OVERRIDES, values, strict=True)
    own = {name: value for name, value in overrides if value is not None}
    try:
        terms = terms_of(
            settings=settings,
            collection_ids=collection_ids,
            rules=json.loads(words),
            is_weekly=weekday is not None,
            **own,
        )
    except sampler.RulesError:
        return None
    return Group(
        terms,
        playlists=len(members),
        together=_together(terms.rules.rest_scope, [account for _, account in members]),
        own=own,
        pks=[pk for pk, _ in members],
        collections=sorted(names[pk] for pk in collection_ids),
    )


def _together(scope: str, accounts: Sequence[int]) -> int:
    """Return how many playlists share their rest, from the account of each."""
    if scope == "playlist":
        return 1
    return len(accounts) if scope == "fleet" else max(Counter(accounts).values())


def terms_of(
    *,
    settings: RuntimeSettings,
    collection_ids: Iterable[int] = (),
    rules: Mapping[str, Any] | None = None,
    is_weekly: bool = False,
    **own: int | None,
) -> Terms:
    """Return the terms of a playlist with some values of its own.

    With a weekday of its own its interval counts in whole weeks.

    :raises RulesError: the rules cannot be kept.
    """
    given = {name: value for name, value in own.items() if value is not None}
    values = inherited_values(settings) | given
    interval = values.pop("interval_days")
    kept = {**inherited_rules(settings), **migrated(rules or {})}
    made = sampler.Rules.from_dict({**kept, "version": RULES_VERSION, **values})
    interval = whole_weeks(interval) if is_weekly else interval
    return Terms(made, interval, tuple(sorted(collection_ids)))


def library_load(
    group: Group, *, others: Sequence[Group], supplies: Supplies
) -> LibraryLoad:
    """Return what a group asks of the library, beside the other groups."""
    terms = group.terms
    supply = supplies.find(terms.rules, terms.collection_ids)
    taken = _taken(group, supply, others, supplies) if terms.is_shared else 0.0
    size = terms.rules.size
    return LibraryLoad(
        group,
        supply,
        taken,
        most=most_playlists(terms, supply, taken=taken),
        room=supply.most_lists(size, taken=taken) * size,
    )


def joined_by(
    terms: Terms, *, count: int, held: int, fleet: Fleet, supplies: Supplies
) -> LibraryLoad:
    """Return what playlists of some terms ask together with as many new ones.

    `held` are the playlists of the new ones' account: with a rest across the account
    all of them are taken to have the same terms.
    """
    alike = sum(one.playlists for one in fleet.groups if one.terms == terms)
    others = [one for one in fleet.groups if one.terms != terms]
    by_scope = {"playlist": 1, "account": held + count, "fleet": alike + count}
    together = by_scope[terms.rules.rest_scope]
    group = Group(terms, alike + count, together, own={}, pks=())
    across = others if terms.rules.rest_scope == "fleet" else []
    return library_load(group, others=across, supplies=supplies)


def _taken(
    group: Group,
    supply: sampler.Supply,
    others: Sequence[Group],
    supplies: Supplies,
) -> float:
    """Estimate the share of the recordings that the other groups keep away.

    As if of two pools one lay within the other. Lists that rest on their own may
    meet on the same recordings.
    """
    if not supply.recordings:
        return 0.0
    apart = met = 0.0
    for other in others:
        if other is group or not _may_meet(group.terms, other.terms):
            continue
        pool = supplies.find(other.terms.rules, other.terms.collection_ids)
        overlap = min(1.0, supply.recordings / max(1, pool.recordings))
        rest = math.ceil(group.terms.rules.cooldown_days / other.terms.interval_days)
        rules = other.terms.rules
        held = (rules.size + rest * rules.changes) * overlap * _in_scope(group, other)
        if other.terms.is_shared:
            apart += held / supply.recordings
        else:
            met += held / supply.recordings
    return min(1.0, apart + 1.0 - math.exp(-met))


def _may_meet(one: Terms, other: Terms) -> bool:
    ids = one.collection_ids, other.collection_ids
    return not all(ids) or bool(set(ids[0]) & set(ids[1]))


def _in_scope(group: Group, other: Group) -> float:
    """Return how many of the other's playlists count for one of the group."""
    if group.terms.rules.rest_scope == "fleet":
        return other.playlists
    return other.playlists * group.together / max(1, group.playlists)


def write_loads(
    fleet: Fleet, *, accounts: Iterable[Account], settings: RuntimeSettings
) -> dict[int, WriteLoad]:
    """Return what playlists ask of the daily writes, by developer's primary key."""
    counts: Counter[int] = Counter()
    asked: dict[int, float] = defaultdict(float)
    developers = {one.pk: one.app.developer for one in accounts}
    for (account, interval, own_words), number in fleet.turns.items():
        if account in developers:
            developer = developers[account].pk
            counts[developer] += number
            calls = calls_per_turn(settings, own_words=own_words)
            asked[developer] += number * calls / interval
    return {
        one.pk: WriteLoad(one, counts[one.pk], asked[one.pk], writes_for_routine(one))
        for one in developers.values()
    }


def write_load(*, developer: Developer, settings: RuntimeSettings) -> WriteLoad:
    """Return what a developer's playlists ask of its daily writes: one query."""
    rows = (
        Playlist.objects.filter(status__in=RENEWED, account__app__developer=developer)
        .values_list("interval_days", WEEKDAY, "description_is_custom")
        .annotate(n=Count("pk"))
        .order_by()
    )
    count, asked = 0, 0.0
    for own, weekday, own_words, number in rows:
        count += number
        calls = calls_per_turn(settings, own_words=own_words)
        asked += number * calls / interval_days_of(own, weekday, settings)
    return WriteLoad(developer, count, asked, writes_for_routine(developer))


def writes_for_routine(developer: Developer) -> float:
    """Return the playlist writes a day that schedules may make, by budget and rate."""
    limit = developer.playlist_writes_a_day
    budget = limit - usage.reserve_of(developer, limit)
    return min(budget, developer.requests_per_s * DAY_S)
