"""The rules of a list as a form: what a person types, and the rules it makes."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django import forms

from automation import runtime
from automation.runtime import RuntimeSettings
from playlists import chosen
from playlists.effective import BOUNDS, UNITS, inherited_rules
from playlists.forms import whole_number
from playlists.models import Playlist
from playlists.pinforms import PinsAndShares, initial_rows
from playlists.rulewords import COLUMNS, RUNGS, VERSION_WORDS, Column
from playlists.sampler import DEFAULT_LADDER, Choice, Range, Rules
from playlists.sampler.songs import VERSIONS
from playlists.sampler.stored import INHERITABLE, migrated
from vibe_engine.errors import InputError

NUMBERS = ("size", "cooldown_days", "artist_cap", "artist_separation")
LABELS = {
    "size": "Tracks",
    "cooldown_days": "Cooldown",
    "artist_cap": "Of one artist at most",
    "artist_separation": "Between two of one artist",
}
CHOICES = (
    ("artist", False, "Only these artists", "Featured artists count."),
    ("artist", True, "Never these artists", "Featured artists count."),
    ("album", False, "Only these albums", ""),
    ("album", True, "Never these albums", ""),
    ("track", True, "Never these tracks", "An ISRC too; other releases stay out."),
)
"""Kind, whether it keeps out, label and hint of each list of names."""
NEVER = "0"
GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("ranges", "Years, length, popularity and sound", ("ranges",)),
    ("choices", "Artists, albums and tracks", ("choices",)),
    ("explicit", "Explicit tracks", ("explicit",)),
    ("caps", "Album cap and which credits count", ("album_cap", "primary_only")),
    ("songs", "Versions of a song", ("title_separation", "same_song")),
    ("refresh", "How much changes at a reshuffle", ("refresh_share",)),
    ("pins", "Pinned tracks", ("pins",)),
    ("shares", "Shares of collections", ("shares",)),
    ("rest", "Whose lists a track rests from", ("rest_scope",)),
    ("order", "Popularity and arc", ("popularity_weight", "arc")),
    ("ladder", "What gives way", ("ladder", "allow_cap_relaxation")),
)
"""What many playlists may be given at once: name, words, the rules that go with it."""


@dataclass(frozen=True)
class RangeRow:
    """The fields of one range, side by side."""

    column: Column
    low: forms.BoundField
    high: forms.BoundField
    soft: forms.BoundField
    known: forms.BoundField

    @property
    def errors(self) -> list[str]:
        """What is wrong with either bound."""
        return [*self.low.errors, *self.high.errors]

    @property
    def is_used(self) -> bool:
        """Whether it bounds anything, or was meant to."""
        return bool(self.errors) or any(
            one.value() not in (None, "") for one in (self.low, self.high)
        )


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
            self.fields |= _range_fields(column)
        for of, out, label, hint in CHOICES:
            self.fields |= _choice_fields(of, label, hint, out=out)
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
                *(self[f"{column.name}_{part}"] for part in _PARTS),
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
            (self[f"{of}_{_side(out=out)}"], self[f"{of}_{_side(out=out)}_soft"])
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
        name = f"{of}_{_side(out=out)}"
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
                soft = self.cleaned_data[f"{of}_{_side(out=out)}_soft"]
                yield Choice(of, keys, out=out, soft=soft)  # type: ignore[arg-type]

    def _ladder(self) -> Sequence[Any]:
        """Return the rungs by their places; at the same place as they are listed."""
        places = {name: int(self.cleaned_data[f"rung_{name}"]) for name in RUNGS}
        return sorted((n for n in places if places[n]), key=lambda name: places[name])


class PlaylistRulesForm(RulesEditor):
    """The rules of one playlist, with its own numbers."""

    def __init__(self, *args: Any, settings: RuntimeSettings, **kwargs: Any) -> None:
        super().__init__(*args, settings=settings, **kwargs)
        for name in NUMBERS:
            inherits = getattr(settings, _SETTINGS.get(name, name))
            self.fields[name] = whole_number(LABELS[name], *BOUNDS[name], inherits)

    @staticmethod
    def initial_of(playlist: Playlist, rules: Rules) -> dict[str, Any]:
        """Return what the form shows of a playlist's rules as they are."""
        numbers = {name: getattr(playlist, name) for name in NUMBERS}
        own = migrated(playlist.rules)
        return initial_of(rules, own) | numbers | {"version": playlist.version}

    def numbers_typed(self) -> dict[str, int | None]:
        """Return the numbers of a valid form; None inherits."""
        return {name: self.cleaned_data[name] for name in NUMBERS}


class BulkRulesForm(RulesEditor):
    """Rules for many playlists: only the groups that are ticked."""

    change = forms.MultipleChoiceField(
        choices=tuple((name, words) for name, words, _ in GROUPS),
        widget=forms.CheckboxSelectMultiple,
        label="What to change",
        error_messages={"required": "Tick at least one thing to change."},
        help_text="What is not ticked stays as it is in each playlist.",
    )

    @staticmethod
    def defaults(settings: RuntimeSettings) -> dict[str, Any]:
        """Return what the form shows at first: what the settings say, no more."""
        return initial_of(Rules.from_dict(inherited_rules(settings)), ())

    def changed_rules(self) -> dict[str, Any]:
        """Return the rules of the ticked groups of a valid form."""
        names = self._ticked()
        return {k: v for k, v in self.rules().items() if k in names}

    def newly_inherited(self) -> set[str]:
        """Return the rules of the ticked groups that are taken from the settings."""
        return self.inherited() & self._ticked()

    def _ticked(self) -> set[str]:
        ticked = self.cleaned_data["change"]
        return {n for group, _, rules in GROUPS if group in ticked for n in rules}


def inherited_words(settings: RuntimeSettings) -> dict[str, str]:
    """Say what the settings hold of each rule that may come from them."""
    versions = dict(runtime.VERSIONS)
    return {
        "explicit": dict(runtime.EXPLICIT)[settings.explicit_tracks],
        "rest_scope": dict(runtime.REST_SCOPES)[settings.rest_scope],
        "primary_only": "The first artist of a track"
        if settings.primary_only
        else "Every credited artist",
        "album_cap": f"{settings.album_cap}" if settings.album_cap else "no limit",
        "refresh_share": f"{settings.refresh_share}",
        "same_song_from": ", ".join(versions[v] for v in settings.same_song)
        or "the same recording alone",
    }


def initial_of(rules: Rules, own: Container[str]) -> dict[str, Any]:
    """Return what the form shows of rules; `own` are those that are not inherited."""
    initial: dict[str, Any] = {
        name: getattr(rules, name)
        for name in (
            "explicit",
            "refresh_share",
            "same_song",
            "rest_scope",
            "popularity_weight",
            "arc",
        )
    }
    initial["album_cap"] = rules.album_cap or 0
    initial["primary_only"] = "1" if rules.primary_only else "0"
    initial["same_song_from"] = "own" if "same_song" in own else ""
    initial |= {n: "" for n in INHERITABLE if n not in own and n != "same_song"}
    initial |= initial_rows(rules)
    columns = {column.name: column for column in COLUMNS}
    for limit in rules.ranges:
        scale = columns[limit.column].scale
        for part, bound in (("min", limit.minimum), ("max", limit.maximum)):
            shown = None if bound is None else f"{bound / scale:g}"
            initial[f"{limit.column}_{part}"] = shown
        initial[f"{limit.column}_soft"] = limit.soft
        initial[f"{limit.column}_known"] = limit.missing_fails
    for choice in rules.choices:
        if choice.of not in chosen.MODELS:
            continue
        name = f"{choice.of}_{_side(out=choice.out)}"
        initial[name] = "\n".join(chosen.name_all(choice.of, choice.keys))
        initial[f"{name}_soft"] = choice.soft
    places: dict[str, str] = {r: str(n) for n, r in enumerate(rules.rungs, start=1)}
    return initial | {f"rung_{name}": places.get(name, NEVER) for name in RUNGS}


_PARTS = ("min", "max", "soft", "known")
_SETTINGS = {"size": "playlist_size"}


def _side(*, out: bool) -> str:
    return "out" if out else "in"


def _range_fields(column: Column) -> dict[str, forms.Field]:
    step = {"step": column.step, "inputmode": "decimal"}
    bounds = {
        f"{column.name}_{part}": forms.FloatField(
            label=f"{column.label}, {word}",
            required=False,
            min_value=column.low,
            max_value=column.high,
            widget=forms.NumberInput(attrs=step),
        )
        for part, word in (("min", "from"), ("max", "to"))
    }
    switches = {
        f"{column.name}_{part}": forms.BooleanField(
            label=f"{column.label}, {word}", required=False
        )
        for part, word in (("soft", "may widen"), ("known", "must be known"))
    }
    return {**bounds, **switches}


def _choice_fields(
    of: str, label: str, hint: str, *, out: bool
) -> dict[str, forms.Field]:
    return {
        f"{of}_{_side(out=out)}": forms.CharField(
            label=label,
            required=False,
            max_length=60_000,
            widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
            help_text=f"One name or Spotify link a line. {hint}".strip(),
        ),
        f"{of}_{_side(out=out)}_soft": forms.BooleanField(
            label="May give way", required=False
        ),
    }
