"""Which rows a list shows, and in which order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from django import forms
from django.http import QueryDict

from library.models import (
    SHARE_FEATURES,
    AlbumQuerySet,
    ArtistQuerySet,
    Collection,
    Track,
    TrackQuerySet,
)
from library.paging import Order

NEVER = "never"
USES = (
    ("", "Used or not"),
    (NEVER, "Never used"),
    ("7", "Not for 7 days"),
    ("30", "Not for 30 days"),
    ("90", "Not for 90 days"),
)
STATES = (
    ("", "Any state"),
    ("usable", "May be drawn"),
    ("held", "Held"),
    ("unplayable", "Not playable"),
)
KEYS = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
MIN_MAX = ("min", "max")

Listed = TypeVar("Listed", AlbumQuerySet, TrackQuerySet)


@dataclass(frozen=True)
class Range:
    """One pair of fields that bounds a column from both sides."""

    name: str
    label: str
    unit: str
    low: forms.BoundField
    high: forms.BoundField


class FilterForm(forms.Form):
    """Which rows a list shows; what is not valid counts as not given."""

    orders: Mapping[str, Order] = {}
    default_sort = "-added"

    q = forms.CharField(required=False, max_length=200, label="Search")
    sort = forms.CharField(required=False, widget=forms.HiddenInput)

    def chosen(self) -> dict[str, Any]:
        """Return the valid choices by field."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) for name in self.fields}

    @property
    def sort_name(self) -> str:
        """The sort in force, as it stands in the address."""
        wanted = str(self.chosen()["sort"] or "")
        return wanted if wanted in self.orders else self.default_sort

    @property
    def order(self) -> Order:
        """The sort in force, as the list is read."""
        return self.orders[self.sort_name]

    @property
    def given(self) -> set[str]:
        """The names of the filters in force."""
        chosen = self.chosen().items()
        return {name for name, value in chosen if value not in (None, "")} - {"sort"}

    @property
    def is_filtered(self) -> bool:
        """Whether fewer rows than all are asked for."""
        return bool(self.given)


def clean_query(form: FilterForm, query: QueryDict) -> str:
    """Return a query string with what is given alone, for a short address."""
    kept = query.copy()
    for name in list(kept):
        values = [value for value in kept.getlist(name) if value]
        if values and (name in form.fields or name in {"show", "page"}):
            kept.setlist(name, values)
        else:
            del kept[name]
    return kept.urlencode()


def _bound(
    kind: type[forms.IntegerField],
    label: str,
    lowest: float,
    highest: float,
    step: float = 1,
) -> forms.IntegerField:
    """Return a field for one end of a range; two stand under one label."""
    widget = forms.NumberInput(attrs={"step": step, "aria-label": label})
    return kind(
        required=False,
        min_value=lowest,  # type: ignore[arg-type]
        max_value=highest,  # type: ignore[arg-type]
        label=label,
        widget=widget,
    )


class _ReleaseFilterForm(FilterForm):
    """What albums and tracks can both be filtered and sorted by."""

    orders = {
        "-added": Order("pk", descending=True),
        "added": Order("pk"),
        "name": Order("name"),
        "-name": Order("name", descending=True),
        "artist": Order("artist_line"),
        "-artist": Order("artist_line", descending=True),
    }

    collection = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    year_from = _bound(forms.IntegerField, "Year, from", 1000, 9999)
    year_to = _bound(forms.IntegerField, "Year, to", 1000, 9999)
    state = forms.ChoiceField(required=False, choices=STATES)
    used = forms.ChoiceField(required=False, choices=USES, label="Use")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = Collection.objects.order_by("name").values_list("pk", "name")
        self.collections = dict(names)
        choices = [("", "Any collection"), *self.collections.items()]
        self.fields["collection"].choices = choices  # type: ignore[attr-defined]

    def years(self) -> Range:
        """Return the pair of years as the page shows it."""
        return Range("year", "Years", "", self["year_from"], self["year_to"])

    def _narrow(self, rows: Listed, *, today: date) -> Listed:
        chosen = self.chosen()
        if chosen["collection"]:
            rows = rows.in_collection(chosen["collection"])
        if chosen["year_from"] or chosen["year_to"]:
            rows = rows.released(chosen["year_from"], chosen["year_to"])
        if chosen["used"]:
            rows = rows.unused_since(_day(chosen["used"], today=today))
        return rows


def _day(used: str, *, today: date) -> date | None:
    return None if used == NEVER else today - timedelta(days=int(used))


class AlbumFilterForm(_ReleaseFilterForm):
    """Which albums the list shows."""

    orders = {
        **_ReleaseFilterForm.orders,
        "year": Order("release_year", nullable=True),
        "-year": Order("release_year", descending=True, nullable=True),
    }

    def apply(self, albums: AlbumQuerySet, *, today: date) -> AlbumQuerySet:
        """Return the albums that are asked for."""
        albums = self._narrow(albums, today=today)
        chosen = self.chosen()
        if chosen["q"]:
            albums = albums.matching(chosen["q"])
        if chosen["state"]:
            albums = albums.with_tracks(Track.objects.in_state(chosen["state"]))
        return albums


class TrackFilterForm(_ReleaseFilterForm):
    """Which tracks the list shows; with a range for every feature."""

    orders = {
        **_ReleaseFilterForm.orders,
        "popularity": Order("popularity", nullable=True),
        "-popularity": Order("popularity", descending=True, nullable=True),
        "uses": Order("use_count"),
        "-uses": Order("use_count", descending=True),
        "used": Order("last_used_on", nullable=True),
        "-used": Order("last_used_on", descending=True, nullable=True),
    }
    # Column, label, unit, lowest, highest, step.
    RANGES: Sequence[tuple[str, str, str, float, float, float]] = (
        ("popularity", "Popularity", "of 100", 0, 100, 1),
        *((name, name.capitalize(), "0 to 1", 0, 1, 0.01) for name in SHARE_FEATURES),
        ("tempo", "Tempo", "BPM", 0, 400, 1),
        ("loudness", "Loudness", "dB", -100, 20, 0.5),
    )

    artist = forms.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput
    )
    key = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        choices=(("", "Any key"), *enumerate(KEYS)),
    )
    mode = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        choices=(("", "Major or minor"), (1, "Major"), (0, "Minor")),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label, _unit, lowest, highest, step in self.RANGES:
            for end, word in zip(MIN_MAX, ("from", "to"), strict=True):
                self.fields[f"{name}_{end}"] = _bound(
                    forms.FloatField, f"{label}, {word}", lowest, highest, step
                )

    def apply(
        self, tracks: TrackQuerySet, *, today: date, is_common: bool = False
    ) -> TrackQuerySet:
        """Return the tracks that are asked for; `is_common`: many hold the text."""
        tracks = self._narrow(tracks, today=today)
        chosen = self.chosen()
        if chosen["q"]:
            tracks = tracks.matching(chosen["q"], is_common=is_common)
        if chosen["state"]:
            tracks = tracks.in_state(chosen["state"])
        if chosen["artist"]:
            tracks = tracks.crediting(chosen["artist"])
        for name in ("key", "mode"):
            if chosen[name] is not None:
                tracks = tracks.within(name, chosen[name], chosen[name])
        for name, *_ in self.RANGES:
            low, high = chosen[f"{name}_min"], chosen[f"{name}_max"]
            if low is not None or high is not None:
                tracks = tracks.within(name, low, high)
        return tracks

    def ranges(self) -> list[Range]:
        """Return the pairs of fields as the page shows them."""
        return [
            Range(name, label, unit, self[f"{name}_min"], self[f"{name}_max"])
            for name, label, unit, *_ in self.RANGES
        ]

    @property
    def sounds_chosen(self) -> int:
        """How many of the folded filters are in force."""
        names = ["key", "mode", *(f"{r[0]}_{e}" for r in self.RANGES for e in MIN_MAX)]
        chosen = self.chosen()
        return sum(chosen[name] is not None for name in names)


class ArtistFilterForm(FilterForm):
    """Which artists the list shows."""

    orders = {"name": Order("name"), "-name": Order("name", descending=True)}
    default_sort = "name"

    def apply(
        self, artists: ArtistQuerySet, *, is_common: bool = False
    ) -> ArtistQuerySet:
        """Return the artists that are asked for; `is_common`: many hold the text."""
        text = self.chosen()["q"]
        return artists.matching(text, is_common=is_common) if text else artists
