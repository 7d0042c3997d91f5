"""Pins and shares in a form: rows of fields, and what they make."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms

from library.models import Collection
from playlists import chosen
from playlists.sampler import Pin, Rules, Share
from playlists.sampler.pins import MOST_PINS, check_pins
from playlists.sampler.shares import MOST_SHARES, check_shares
from vibe_engine.errors import InputError, VibeError

EMPTY_ROWS = 3
EPOCH = date(1970, 1, 1)
_PIN = re.compile(r"pin_(\d{1,3})_track")


@dataclass(frozen=True)
class Row:
    """Fields that stand side by side."""

    fields: Sequence[forms.BoundField]

    @property
    def is_used(self) -> bool:
        """Whether anything was typed."""
        return any(field.value() not in (None, "") for field in self.fields)


class PinsAndShares:
    """Reads and writes the rows of pins and shares of a form."""

    def __init__(self, form: forms.Form) -> None:
        self._form = form
        self._pin_rows: list[int] = []
        self._share_rows: list[int] = []
        self._keys: dict[int, int] = {}
        for row in range(_pin_count(form)):
            form.fields |= _pin_fields(row)
        collections = [("", "None"), *Collection.objects.values_list("pk", "name")]
        for row in range(MOST_SHARES):
            form.fields |= _share_fields(row, collections)

    def pin_rows(self) -> list[Row]:
        """Return the rows of pins, each as track, place, first and last day."""
        form = self._form
        return [
            Row([form[f"pin_{row}_{part}"] for part in _PIN_PARTS])
            for row in range(_pin_count(form))
        ]

    def share_rows(self) -> list[Row]:
        """Return the rows of shares, each as collection and percentage."""
        return [
            Row(
                [
                    self._form[f"share_{row}_{part}"]
                    for part in ("collection", "percent")
                ]
            )
            for row in range(MOST_SHARES)
        ]

    def check(self, clean: Mapping[str, Any]) -> None:
        """Find the tracks, and say of each row what is wrong with it."""
        count = _pin_count(self._form)
        self._pin_rows = [n for n in range(count) if clean.get(f"pin_{n}_track")]
        self._share_rows = [
            n for n in range(MOST_SHARES) if clean.get(f"share_{n}_collection")
        ]
        for n in range(MOST_SHARES):
            if bool(clean.get(f"share_{n}_collection")) != bool(
                clean.get(f"share_{n}_percent")
            ):
                text = "A share is a collection and a percentage."
                self._form.add_error(f"share_{n}_percent", text)
        self._find_tracks(clean)
        if not self._form.errors:
            self._check_together()

    def pins(self) -> tuple[Pin, ...]:
        """Return the pins of a checked form."""
        return tuple(self._pins())

    def shares(self) -> tuple[Share, ...]:
        """Return the shares of a checked form."""
        clean = self._form.cleaned_data
        return tuple(
            Share(int(clean[f"share_{n}_collection"]), clean[f"share_{n}_percent"])
            for n in self._share_rows
        )

    def pin_field(self, number: int) -> str:
        """Return the field of the track of a pin, by its place among the pins."""
        return f"pin_{self._pin_rows[number]}_track"

    def share_field(self, number: int) -> str:
        """Return the field of the collection of a share."""
        return f"share_{self._share_rows[number]}_collection"

    def _find_tracks(self, clean: Mapping[str, Any]) -> None:
        lines = {n: clean[f"pin_{n}_track"].strip() for n in self._pin_rows}
        try:
            found = chosen.find_named("track", list(lines.values()))
        except InputError:
            for n, line in lines.items():
                try:
                    chosen.find_named("track", [line])
                except InputError as error:
                    self._form.add_error(f"pin_{n}_track", str(error))
        else:
            self._keys = dict(zip(lines, found, strict=True))

    def _check_together(self) -> None:
        """Say beside the later one which pins or shares contradict each other."""
        pins: list[Pin] = []
        for number in range(len(self._pin_rows)):
            try:
                pins.append(self._pin(self._pin_rows[number]))
                check_pins(pins)
            except VibeError as error:
                self._form.add_error(self.pin_field(number), str(error))
                return
        try:
            check_shares(self.shares())
        except VibeError as error:
            last = self._share_rows[-1]
            self._form.add_error(f"share_{last}_percent", str(error))

    def _pins(self) -> Iterator[Pin]:
        return map(self._pin, self._pin_rows)

    def _pin(self, row: int) -> Pin:
        clean = self._form.cleaned_data
        first, last = clean[f"pin_{row}_first"], clean[f"pin_{row}_last"]
        return Pin(
            self._keys[row],
            clean[f"pin_{row}_position"],
            first and (first - EPOCH).days,
            last and (last - EPOCH).days,
        )


def initial_rows(rules: Rules) -> dict[str, Any]:
    """Return what the rows show of rules."""
    names = chosen.name_each("track", [pin.track for pin in rules.pins])
    initial: dict[str, Any] = {}
    for row, pin in enumerate(rules.pins):
        initial |= {
            f"pin_{row}_track": names.get(pin.track, ""),
            f"pin_{row}_position": pin.position,
            f"pin_{row}_first": _date(pin.first_day),
            f"pin_{row}_last": _date(pin.last_day),
        }
    for row, share in enumerate(rules.shares):
        initial |= {
            f"share_{row}_collection": share.collection,
            f"share_{row}_percent": share.percent,
        }
    return initial


_PIN_PARTS = ("track", "position", "first", "last")


def _date(day: int | None) -> date | None:
    return None if day is None else EPOCH + timedelta(days=day)


def _pin_count(form: forms.Form) -> int:
    """Return how many rows of pins a form has: those in use and a few more."""
    names = form.data if form.is_bound else form.initial
    used = [int(found[1]) for name in names if (found := _PIN.fullmatch(name))]
    more = 0 if form.is_bound and used else EMPTY_ROWS
    return min(max(used, default=-1) + 1 + more, MOST_PINS)


def _pin_fields(row: int) -> dict[str, forms.Field]:
    day = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    number = forms.NumberInput(attrs={"inputmode": "numeric"})
    return {
        f"pin_{row}_track": forms.CharField(
            label="Track", required=False, max_length=500
        ),
        f"pin_{row}_position": forms.IntegerField(
            label="Place", required=False, min_value=1, max_value=100, widget=number
        ),
        f"pin_{row}_first": forms.DateField(label="From", required=False, widget=day),
        f"pin_{row}_last": forms.DateField(label="Until", required=False, widget=day),
    }


def _share_fields(
    row: int, collections: Sequence[tuple[Any, str]]
) -> dict[str, forms.Field]:
    number = forms.NumberInput(attrs={"inputmode": "numeric"})
    return {
        f"share_{row}_collection": forms.ChoiceField(
            label="Collection", required=False, choices=collections
        ),
        f"share_{row}_percent": forms.IntegerField(
            label="Share in %",
            required=False,
            min_value=1,
            max_value=100,
            widget=number,
        ),
    }
