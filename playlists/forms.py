"""What people type about playlists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import QueryDict

from accounts.models import Account
from automation.runtime import RuntimeSettings
from library.models import Collection
from playlists.models import Label, Playlist
from playlists.naming import LABEL_LONGEST
from playlists.services import labelling
from playlists.services.editing import Changes
from vibe_engine import clock
from vibe_engine.errors import InputError

SORTS = {
    "next": ("next_reshuffle_at", "pk"),
    "-next": ("-next_reshuffle_at", "-pk"),
    "name": ("name", "pk"),
    "-name": ("-name", "-pk"),
    "account": ("account_id", "index"),
    "-account": ("-account_id", "-index"),
    "last": ("last_reshuffled_at", "pk"),
    "-last": ("-last_reshuffled_at", "-pk"),
}
STATES = (
    ("", "All"),
    ("due", "Due"),
    ("consent", "Need consent"),
    ("paused", "Paused"),
    ("creating", "Being created"),
    ("missing", "Gone on Spotify"),
)
DEFAULT_COUNT = 3
"""Few at first: a new list costs calls and shares tracks with its neighbours."""


@dataclass(frozen=True)
class PlaylistFilter:
    """Which playlists a list shows, as its address says; unknown values are dropped."""

    query: str
    state: str
    account: int | None
    label: int | None
    sort: str

    @classmethod
    def of(cls, parameters: QueryDict) -> "PlaylistFilter":
        """Read the filter from an address or a posted form."""
        state = parameters.get("state", "")
        sort = parameters.get("sort", "")
        return cls(
            query=" ".join(parameters.get("q", "").replace("\x00", "").split())[:100],
            state=state if state in dict(STATES) else "",
            account=_number_in(parameters.get("account", "")),
            label=_number_in(parameters.get("label", "")),
            sort=sort if sort in SORTS else "next",
        )

    def rows(self) -> QuerySet[Playlist]:
        """Return the playlists that match, in order."""
        rows = Playlist.objects.managed().select_related("account")
        if self.query:
            rows = rows.filter(
                Q(name__icontains=self.query) | Q(description__icontains=self.query)
            )
        if self.account is not None:
            rows = rows.filter(account_id=self.account)
        if self.label is not None:
            rows = rows.filter(labels=self.label)
        return self._in_state(rows).order_by(*SORTS[self.sort])

    def _in_state(self, rows: QuerySet[Playlist]) -> QuerySet[Playlist]:
        if self.state == "due":
            due = Playlist.objects.due(now=clock.now())
            return rows.filter(pk__in=due.values("pk"))
        if self.state == "consent":
            return rows.filter(account__status=Account.Status.NEEDS_REAUTH)
        if self.state:
            return rows.filter(status=self.state)
        return rows

    def as_fields(self) -> list[tuple[str, str]]:
        """Return the filter as hidden form fields."""
        pairs = {
            "q": self.query,
            "state": self.state,
            "account": str(self.account or ""),
            "label": str(self.label or ""),
        }
        return [(name, value) for name, value in pairs.items() if value]


def _number_in(text: str) -> int | None:
    plain = text.isascii() and text.isdigit() and len(text) < 10
    return int(text) if plain else None


def whole_number(label: str, low: int, high: int, inherits: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=low,
        max_value=high,
        help_text=f"{low} to {high}; empty takes the setting, {inherits}.",
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


class LabelsField(forms.CharField):
    """Labels in one line, parted by commas; cleaned to a tuple of names."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "off"})
        super().__init__(required=False, max_length=1_400, widget=widget, **kwargs)

    def clean(self, value: Any) -> tuple[str, ...]:
        """Return the names.

        :raises ValidationError: one of them is not possible.
        """
        try:
            return labelling.split_names(super().clean(value))
        except InputError as error:
            raise ValidationError(str(error)) from error


class LabelForm(forms.Form):
    """A label's name."""

    name = forms.CharField(max_length=LABEL_LONGEST)


class LabelsForm(forms.Form):
    """All labels that one playlist carries."""

    labels = LabelsField(help_text="Parted by commas; empty for none.")


class BulkLabelForm(forms.Form):
    """Labels to give to many playlists, and those to take from them."""

    add = LabelsField(
        label="Give", help_text="Parted by commas; new ones are made as they are named."
    )
    remove = forms.ModelMultipleChoiceField(
        Label.objects.all(),
        required=False,
        label="Take",
        widget=forms.CheckboxSelectMultiple,
    )

    def wishes(self) -> dict[str, Any]:
        """Return the arguments of the change that this form holds."""
        clean = self.cleaned_data
        return {"add": clean["add"], "remove_ids": [one.pk for one in clean["remove"]]}


class CreateForm(forms.Form):
    """How many playlists, for whom, from what."""

    account = forms.ModelChoiceField(Account.objects.none(), empty_label=None)
    count = forms.IntegerField(
        label="How many",
        min_value=1,
        max_value=10_000,
        initial=DEFAULT_COUNT,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    name_prefix = forms.CharField(
        label="Prefix",
        required=False,
        max_length=64,
        help_text="Names them “prefix • 001”; empty takes the account's prefix.",
    )
    collections = forms.ModelMultipleChoiceField(
        Collection.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: the whole library.",
    )
    labels = LabelsField(help_text="Parted by commas; empty for none.")
    is_public = forms.BooleanField(
        required=False,
        label="Public",
        help_text="Shows in profile and search. Spotify gives no access control.",
    )

    def __init__(self, *args: Any, settings: RuntimeSettings, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["size"] = whole_number(
            "Tracks in each", 1, 100, settings.playlist_size
        )
        self.fields["interval_days"] = whole_number(
            "Days between reshuffles", 1, 90, settings.reshuffle_interval_days
        )
        self.fields["account"].queryset = Account.objects.usable()  # type: ignore[attr-defined]
        self.fields["is_public"].initial = settings.public_playlists

    def wishes(self) -> dict[str, Any]:
        """Return the arguments of creation and forecast that this form holds."""
        clean = self.cleaned_data
        return {
            "account": clean["account"],
            "count": clean["count"],
            "size": clean["size"],
            "interval_days": clean["interval_days"],
            "collection_ids": [row.pk for row in clean["collections"]],
        }


OWN_TIMES = ("reshuffle_weekday", "reshuffle_hour")
OWN_TIME_WORDS = {
    "Its weekday": "In UTC. It then comes every so many whole weeks: 5 days become one "
    "week, 10 days two.",
    "Its hour": "In UTC, at a minute of its own within that hour.",
}
OVERRIDES = (
    "size",
    "interval_days",
    "cooldown_days",
    "artist_cap",
    "artist_separation",
)


def own_time(
    label: str, otherwise: str, choices: Sequence[tuple[int, str]]
) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        required=False,
        choices=[("", otherwise), *choices],
        coerce=int,
        empty_value=None,
        help_text=OWN_TIME_WORDS[label],
    )


class RulesForm(forms.Form):
    """The overrides of one or many playlists; empty inherits the setting."""

    def __init__(self, *args: Any, settings: RuntimeSettings, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= {
            "size": whole_number("Tracks", 1, 100, settings.playlist_size),
            "interval_days": whole_number(
                "Days between reshuffles", 1, 90, settings.reshuffle_interval_days
            ),
            "cooldown_days": whole_number(
                "Cooldown in days", 0, 365, settings.cooldown_days
            ),
            "artist_cap": whole_number("Artist cap", 1, 100, settings.artist_cap),
            "artist_separation": whole_number(
                "Artist separation", 1, 50, settings.artist_separation
            ),
            "reshuffle_weekday": own_time(
                "Its weekday", "Any day", Playlist.Weekday.choices
            ),
            "reshuffle_hour": own_time(
                "Its hour", "Any hour", [(n, f"{n:02d}:00 UTC") for n in range(24)]
            ),
            "collections": forms.ModelMultipleChoiceField(
                Collection.objects.all(),
                required=False,
                widget=forms.CheckboxSelectMultiple,
                help_text="None chosen: the whole library.",
            ),
        }


class EditForm(RulesForm):
    """Everything about one playlist that a person may change."""

    name = forms.CharField(max_length=100)
    description = forms.CharField(
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Empty: a true sentence is written with each new list.",
    )
    is_public = forms.BooleanField(required=False, label="Public")
    version = forms.IntegerField(widget=forms.HiddenInput)

    @staticmethod
    def initial_of(playlist: Playlist) -> dict[str, Any]:
        """Return what the form shows of a playlist as it is."""
        initial: dict[str, Any] = {
            name: getattr(playlist, name) for name in (*OVERRIDES, *OWN_TIMES)
        }
        return initial | {
            "name": playlist.name,
            "description": (
                playlist.description if playlist.description_is_custom else ""
            ),
            "is_public": playlist.is_public,
            "collections": [row.pk for row in playlist.collections.all()],
            "version": playlist.version,
        }

    def changes(self) -> Changes:
        """Return every field as a change; what is equal changes nothing."""
        clean = self.cleaned_data
        changes: dict[str, Any] = {
            name: clean[name] for name in (*OVERRIDES, *OWN_TIMES)
        }
        changes |= {name: clean[name] for name in ("name", "description", "is_public")}
        changes["collection_ids"] = [row.pk for row in clean["collections"]]
        return cast("Changes", changes)


class BulkEditForm(RulesForm):
    """What to change of many playlists: only the fields that are ticked."""

    WORDS = (
        ("size", "Tracks"),
        ("interval_days", "Days between reshuffles"),
        ("reshuffle_weekday", "Weekday"),
        ("reshuffle_hour", "Hour"),
        ("cooldown_days", "Cooldown"),
        ("artist_cap", "Artist cap"),
        ("artist_separation", "Artist separation"),
        ("collections", "Collections"),
        ("description", "Description"),
        ("is_public", "Public"),
    )
    change = forms.MultipleChoiceField(
        choices=WORDS,
        widget=forms.CheckboxSelectMultiple,
        label="What to change",
        error_messages={"required": "Tick at least one thing to change."},
        help_text="What is not ticked stays as it is in each playlist.",
    )
    description = forms.CharField(
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Empty: a true sentence is written with each new list.",
    )
    is_public = forms.BooleanField(required=False, label="Public")

    def changes(self) -> Changes:
        """Return the ticked fields as changes."""
        clean: Mapping[str, Any] = self.cleaned_data
        changes: dict[str, Any] = {
            name: clean[name] for name in clean["change"] if name != "collections"
        }
        if "collections" in clean["change"]:
            changes["collection_ids"] = [row.pk for row in clean["collections"]]
        return cast("Changes", changes)


def add_error(form: forms.Form, field: str | None, text: str) -> None:
    """Put a service's refusal beside the field it is about."""
    known = {"collection_ids": "collections", "prefix": "name_prefix"}.get(
        field or "", field
    )
    form.add_error(known if known in form.fields else None, text)
