"""Picking playlists one by one: chips, a search that adds more, and lines to type.

A chip is a ticked box whose value is a line, as a person may type it: the number, then
the name. So chips and typed lines are one list, and unticking takes away without any
script; only the search needs htmx.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from playlists.models import Playlist

NAMED_BY = " · "
"""Stands between a playlist's number and its name."""
MOST_FOUND = 12
LONGEST_QUERY = 200
COLUMNS = ("pk", "name", "account__display_name")
_BIGGEST_KEY = 2**63 - 1


@dataclass(frozen=True)
class Chip:
    """One playlist to tick or untick; `account` is the name of its account."""

    pk: int
    name: str
    account: str = ""

    @property
    def line(self) -> str:
        """Return the line that stands for it in the form."""
        return f"{self.pk}{NAMED_BY}{self.name}"

    @classmethod
    def of(cls, line: str) -> "Chip | None":
        """Return the chip of such a line, None of any other."""
        number, mark, name = line.strip().partition(NAMED_BY)
        if not mark or not (number.isascii() and number.isdigit()):
            return None
        return cls(int(number), name)


def split(text: str) -> tuple[list[Chip], list[str]]:
    """Return the chips among the lines of a text, each once, and the other lines."""
    chips: dict[int, Chip] = {}
    others = []
    for line in text.splitlines():
        chip = Chip.of(line)
        if chip is not None:
            chips[chip.pk] = chip
        elif line.strip():
            others.append(line)
    return list(chips.values()), others


def find(query: str, *, but: Iterable[Chip]) -> list[Chip]:
    """Return the playlists that a query may mean, one more than are shown at most.

    It is part of a name or of an account's name, or a playlist's number.
    """
    wanted = query.strip().replace("\x00", "")[:LONGEST_QUERY]
    if not wanted:
        return []
    meant = Q(name__icontains=wanted) | Q(account__display_name__icontains=wanted)
    if wanted.isascii() and wanted.isdigit() and int(wanted) <= _BIGGEST_KEY:
        meant |= Q(pk=int(wanted))
    rows = Playlist.objects.managed().filter(meant)
    rows = rows.exclude(pk__in=[one.pk for one in but if one.pk <= _BIGGEST_KEY])
    found = rows.order_by("name", "pk").values_list(*COLUMNS)
    return [Chip(*row) for row in found[: MOST_FOUND + 1]]


def _named(chips: Sequence[Chip]) -> list[Chip]:
    """Return chips as their playlists are called now; those of none as they are."""
    keys = [chip.pk for chip in chips if chip.pk <= _BIGGEST_KEY]
    rows = Playlist.objects.filter(pk__in=keys).values_list(*COLUMNS) if keys else []
    now = {row[0]: Chip(*row) for row in rows}
    return [now.get(chip.pk, chip) for chip in chips]


def picked_context(
    *, name: str, dom_id: str, chips: Sequence[Chip], query: str = ""
) -> dict[str, object]:
    """Return what the fragment of ticked and found playlists shows."""
    found = find(query, but=chips)
    return {
        "name": name,
        "dom_id": dom_id,
        "chips": _named(chips),
        "query": query.strip(),
        "found": found[:MOST_FOUND],
        "has_more": len(found) > MOST_FOUND,
    }


class PlaylistPicker(forms.Textarea):
    """Reads ticked chips and typed lines of one name as lines of one text."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return all lines, one text; None where the form has no such field."""
        if not hasattr(data, "getlist"):
            return data.get(name)
        values = data.getlist(name)
        return "\n".join(values) if values else None

    def id_for_label(self, id_: str) -> str:
        """Let the label lead to the search."""
        return f"{id_}-find" if id_ else id_

    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> SafeString:
        """Draw chips, search and lines."""
        chips, lines = split(value or "")
        typed = super().render(name, "\n".join(lines), attrs, renderer)
        dom_id = self.build_attrs(self.attrs, attrs).get("id", name)
        picked = picked_context(name=name, dom_id=f"{dom_id}-picked", chips=chips)
        own = {"url": reverse("playlists:pick"), "id": dom_id}
        context = picked | own | {"typed": typed, "has_typed": bool(lines)}
        return render_to_string("playlists/_picker.html", context)
