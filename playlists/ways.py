"""Where a person does what would help: the right form, with the value filled in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import Developer
from automation import runtime
from playlists.services.capacity import Group
from playlists.services.easing import ALBUMS, DESCRIPTIONS, WRITES_A_DAY, Help
from vibe_engine.web import may_operate

MOST_POSTED = 200
"""So many playlists at most are named in a form; beyond, the settings are changed."""
SETTINGS = {
    "size": "playlist_size",
    "interval_days": "reshuffle_interval_days",
    "cooldown_days": "cooldown_days",
}
"""The setting that a playlist's own value stands for."""
OF_THE_ORDER = ("size", "interval_days", "count")


@dataclass(frozen=True)
class Way:
    """What would help, and the form for it; no address where the person has none.

    With `fields` the form is asked for by a POST, which saves nothing yet.
    """

    words: str
    url: str = ""
    fields: Sequence[tuple[str, str]] = ()


def ways_of_order(
    helps: Iterable[Help],
    *,
    order: QueryDict,
    developer: Developer,
    person: User,
) -> list[Way]:
    """Return the ways to what helps with playlists that are to be created.

    Size, interval and count lead back to the same order with another value.
    """
    chosen = [text for text in order.getlist("collections") if text.isdecimal()]
    return [
        Way(
            one.words,
            _order_with(order, one)
            if one.name in OF_THE_ORDER
            else _address(one, chosen, developer, person),
        )
        for one in helps
    ]


def ways_of_group(helps: Iterable[Help], *, group: Group, person: User) -> list[Way]:
    """Return the ways to what helps a group of playlists."""
    if not may_operate(person):
        return [Way(one.words) for one in helps]
    return [_way_of_group(one, group, person) for one in helps]


def ways_of_developer(
    helps: Iterable[Help], *, developer: Developer, person: User
) -> list[Way]:
    """Return the ways to what helps a developer's budget."""
    if not may_operate(person):
        return [Way(one.words) for one in helps]
    return [Way(one.words, _address(one, (), developer, person)) for one in helps]


def _way_of_group(one: Help, group: Group, person: User) -> Way:
    if one.name == ALBUMS:
        chosen = [str(pk) for pk in group.terms.collection_ids]
        return Way(one.words, _ingest(chosen))
    if one.name not in group.own and group.playlists > MOST_POSTED:
        return Way(one.words, _setting(SETTINGS[one.name], one.value))
    if group.playlists > MOST_POSTED:
        return Way(one.words)
    value = [("change", one.name), (one.name, str(one.value))]
    playlists = [("pk", str(pk)) for pk in group.pks]
    return Way(one.words, reverse("playlists:edit_many"), [*playlists, *value])


def _order_with(order: QueryDict, one: Help) -> str:
    names = (
        "account",
        "count",
        "name_prefix",
        "size",
        "interval_days",
        "collections",
        "labels",
    )
    values: Mapping[str, list[str]] = {
        name: order.getlist(name) for name in names if order.get(name)
    }
    query = urlencode({**values, one.name: [str(one.value)]}, doseq=True)
    return f"{reverse('playlists:create')}?{query}"


def _address(
    one: Help, chosen: Sequence[str], developer: Developer, person: User
) -> str:
    if one.name == ALBUMS:
        return _ingest(chosen)
    if one.name == WRITES_A_DAY:
        if not person.is_staff:
            return ""
        return reverse("admin:accounts_developer_change", args=[developer.pk])
    if one.name == DESCRIPTIONS:
        return _setting(DESCRIPTIONS, "")
    name = SETTINGS.get(one.name, one.name)
    return _setting(name, one.value) if name in runtime.BY_KEY else ""


def _ingest(chosen: Sequence[str]) -> str:
    address = reverse("library:ingest")
    return f"{address}?collection={chosen[0]}" if len(chosen) == 1 else address


def _setting(name: str, value: int | str) -> str:
    query = urlencode({name: value})
    return f"{reverse('automation:settings')}?{query}#{name}"
