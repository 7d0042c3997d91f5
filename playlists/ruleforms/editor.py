"""The fields of rules, what is wrong with them, and the rules they make."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from django import forms

from automation import runtime
from automation.runtime import RuntimeSettings
from playlists import chosen
from playlists.effective import UNITS
from playlists.ruleforms.fields import (
    CHOICES,
    NEVER,
    PARTS,
    RangeRow,
    choice_fields,
    range_fields,
    side,
)
from playlists.ruleforms.initial import inherited_words
from playlists.ruleforms.pins import PinsAndShares
from playlists.rulewords import COLUMNS, RUNGS, VERSION_WORDS
from playlists.sampler import DEFAULT_LADDER, Choice, Range, Rules
from playlists.sampler.songs import VERSIONS
from playlists.sampler.stored import INHERITABLE
from vibe_engine.errors import InputError

NUMBERS = ("size", "cooldown_days", "artist_cap", "artist_separation")
"""The columns of a playlist that its rules may leave to the settings."""


class RulesEditor(forms.Form):
    """Everything that decides which tracks a list may hold."""

    explicit = forms.ChoiceField(
        label="Explicit tracks", required=False, choices=runtime.EXPLICIT
    )
    album_cap = forms.IntegerField(
        label="Of one album at most",
        required=False,
        min_value=0,
        max_value=100,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    primary_only = forms.ChoiceField(
        label="Credits that count",
        choices=(("0", "Every credited artist"), ("1", "The first artist of a track")),
        required=False,
        help_text="For the artist cap and the distance between artists.",
    )
    refresh_share = forms.IntegerField(
        label="Places that change at a reshuffle",
        required=False,
        min_value=1,
        max_value=100,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    same_song_from = forms.ChoiceField(
        label="Versions of a song",
        choices=(("own", "Those ticked here"),),
        required=False,
    )
    same_song = forms.MultipleChoiceField(
        label="The same song in other versions",
        required=False,
        choices=tuple(VERSION_WORDS.items()),
        widget=forms.CheckboxSelectMultiple,
        help_text="A ticked version counts as the same song, which comes once. "
        "The same recording never comes twice.",
    )
    rest_scope = forms.ChoiceField(
        label="A track rests after it left",
        required=False,
        choices=runtime.REST_SCOPES,
        help_text="Its other releases rest with it.",
    )
    popularity_weight = forms.ChoiceField(
        label="Popular tracks",
        choices=((0, "Do not matter"), (1, "A little"), (2, "More"), (3, "Much more")),
    )
    arc = forms.ChoiceField(
        label="Energy over the list",
        choices=(
            ("wave", "In a wave"),
            ("flat", "Even"),
            ("rise", "Rising"),
            ("fall", "Falling"),
        ),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, settings: RuntimeSettings, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._settings = settings
        self._offer_inheriting(settings)
        self.rows = PinsAndShares(self)
        for column in COLUMNS:
            self.fields |= range_fields(column)
        for of, out, label, hint in CHOICES:
            self.fields |= choice_fields(of, label, hint, out=out)
        for rung, words in RUNGS.items():
            places = [(str(n), f"{n}.") for n in range(1, len(RUNGS) + 1)]
            self.fields[f"rung_{rung}"] = forms.ChoiceField(
                label=words, choices=[(NEVER, "Never"), *places]
            )

    def _offer_inheriting(self, settings: RuntimeSettings) -> None:
        """Let a person choose the setting, and say what it is at present."""
        shown = inherited_words(settings)
        for name in ("explicit", "rest_scope", "primary_only", "same_song_from"):
            field = cast("forms.ChoiceField", self.fields[name])
            words = f"As in Settings: {shown[name]}"
            field.choices = [("", words), *cast("Any", field.choices)]
        for name, extra in (("album_cap", " 0 is no limit."), ("refresh_share", "")):
            self.fields[name].widget.attrs["placeholder"] = shown[name]
            low = 0 if name == "album_cap" else 1
            self.fields[
                name
            ].help_text = (
                f"{low} to 100; empty takes the setting, {shown[name]} now.{extra}"
            )

    def problems(self) -> list[str]:
        """Say what is wrong, each with the name of its field."""
        return [
            f"{self.fields[name].label}: {error}" if name in self.fields else str(error)
            for name, errors in self.errors.items()
            for error in errors
        ]

    def ranges(self) -> list[RangeRow]:
        """Return the rows of the table of ranges, the ones in use first."""
        return [
            RangeRow(
                column,
                *(self[f"{column.name}_{part}"] for part in PARTS),
            )
            for column in COLUMNS
        ]

    def used_ranges(self) -> list[RangeRow]:
        """Return the rows to show at once: common ones and all that are in use."""
        return [row for row in self.ranges() if row.column.is_common or row.is_used]

    def other_ranges(self) -> list[RangeRow]:
        """Return the rows to show on demand."""
        shown = {row.column.name for row in self.used_ranges()}
        return [row for row in self.ranges() if row.column.name not in shown]

    def choices(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Return each list of names with its switch."""
        return [
            (self[f"{of}_{side(out=out)}"], self[f"{of}_{side(out=out)}_soft"])
            for of, out, *_ in CHOICES
        ]

    def numbers(self) -> list[tuple[forms.BoundField, str]]:
        """Return the numbers that may be inherited, each with its unit; or none."""
        return [(self[name], UNITS[name]) for name in NUMBERS if name in self.fields]

    def rungs(self) -> list[forms.BoundField]:
        """Return the places of the rungs."""
        return [self[f"rung_{name}"] for name in RUNGS]

    def clean(self) -> dict[str, Any]:
        """Check what concerns two fields, and make the rules."""
        clean = super().clean() or self.cleaned_data
        self._check_ranges(clean)
        self.rows.check(clean)
        self._found = {
            (of, out): self._find(of, out=out, clean=clean) for of, out, *_ in CHOICES
        }
        return clean

    def inherited(self) -> set[str]:
        """Return the rules of a valid form that are taken from the settings."""
        clean = self.cleaned_data
        empty = {name for name in INHERITABLE if clean[name] in ("", None)}
        ticked = set(clean["same_song"])
        if not clean["same_song_from"] and ticked == set(self._settings.same_song):
            empty.add("same_song")
        return empty

    def rules(self) -> dict[str, Any]:
        """Return the rules of a valid form as they are stored with a playlist."""
        clean = self.cleaned_data
        rules = Rules(
            explicit=clean["explicit"] or "allow",
            ranges=tuple(self._ranges()),
            choices=tuple(self._choices()),
            album_cap=clean["album_cap"] or None,
            refresh_share=clean["refresh_share"] or 100,
            pins=self.rows.pins(),
            shares=self.rows.shares(),
            primary_only=clean["primary_only"] == "1",
            same_song=tuple(v for v in VERSIONS if v in clean["same_song"]),
            rest_scope=clean["rest_scope"] or "playlist",
            popularity_weight=int(clean["popularity_weight"]),
            arc=clean["arc"],
            ladder=tuple(name for name in self._ladder() if name in DEFAULT_LADDER),
            allow_cap_relaxation="artist_cap" in self._ladder(),
        )
        left_out = self.inherited() | set(NUMBERS)
        return {k: v for k, v in rules.to_dict().items() if k not in left_out}

    def _check_ranges(self, clean: Mapping[str, Any]) -> None:
        for column in COLUMNS:
            low, high = clean.get(f"{column.name}_min"), clean.get(f"{column.name}_max")
            if low is not None and high is not None and low > high:
                text = f"From {low:g} to {high:g} holds nothing: swap the two."
                self.add_error(f"{column.name}_min", text)

    def _find(self, of: str, *, out: bool, clean: Mapping[str, Any]) -> tuple[int, ...]:
        name = f"{of}_{side(out=out)}"
        lines = [line.strip() for line in clean.get(name, "").splitlines()]
        try:
            return chosen.find_named(of, [line for line in lines if line])
        except InputError as error:
            for text in str(error).splitlines():
                self.add_error(name, text)
            return ()

    def _ranges(self) -> Iterator[Range]:
        clean = self.cleaned_data
        for column in COLUMNS:
            bounds = [clean[f"{column.name}_{part}"] for part in ("min", "max")]
            if bounds != [None, None]:
                low, high = (b if b is None else b * column.scale for b in bounds)
                yield Range(
                    column.name,
                    low,
                    high,
                    soft=clean[f"{column.name}_soft"],
                    missing_fails=clean[f"{column.name}_known"],
                )

    def _choices(self) -> Iterator[Choice]:
        for (of, out), keys in self._found.items():
            if keys:
                soft = self.cleaned_data[f"{of}_{side(out=out)}_soft"]
                yield Choice(of, keys, out=out, soft=soft)  # type: ignore[arg-type]

    def _ladder(self) -> Sequence[Any]:
        """Return the rungs by their places; at the same place as they are listed."""
        places = {name: int(self.cleaned_data[f"rung_{name}"]) for name in RUNGS}
        return sorted((n for n in places if places[n]), key=lambda name: places[name])
