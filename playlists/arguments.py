"""What schedules may tell the work of this app: which playlists it is about."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from accounts.models import Account
from automation.arguments import Arguments, ArgumentsForm
from playlists.lookups import find_playlist
from playlists.models import Label, Playlist
from playlists.picking import NAMED_BY, Chip, PlaylistPicker
from playlists.services.scopes import ACCOUNT, LABEL, PLAYLISTS
from vibe_engine.errors import InputError

DUE = "due"
MOST_LINES = 1000


class ScopeForm(ArgumentsForm):
    """Which playlists a schedule reshuffles; fields of other scopes do not count."""

    use_required_attribute = False
    scope = forms.ChoiceField(
        label="Which playlists",
        choices=(
            (DUE, "Everything that is due"),
            (ACCOUNT, "All of an account, due or not"),
            (LABEL, "All of a group, due or not"),
            (PLAYLISTS, "A selection, due or not"),
        ),
        initial=DUE,
        widget=forms.RadioSelect,
    )
    account = forms.ModelChoiceField(
        Account.objects.exclude(status=Account.Status.ERASING).order_by("pk"),
        empty_label="None chosen",
        error_messages={"required": "Choose an account."},
    )
    label = forms.ModelChoiceField(
        Label.objects.all(),
        label="Group",
        empty_label="None chosen",
        error_messages={"required": "Choose a group."},
        help_text="The label that its playlists carry.",
    )
    playlists = forms.CharField(
        widget=PlaylistPicker(attrs={"rows": 4}),
        error_messages={"required": "Choose playlists."},
        help_text="In lines: a number, a name or a link on Spotify each.",
    )

    def clean(self) -> dict[str, Any]:
        """Want what the scope is about, and nothing else."""
        data: dict[str, Any] = super().clean() or {}
        for other in {ACCOUNT, LABEL, PLAYLISTS} - {data.get("scope")}:
            self.errors.pop(other, None)
        return data

    def clean_playlists(self) -> list[int]:
        """Find each playlist that is named, where they are chosen one by one."""
        if self.cleaned_data.get("scope") != PLAYLISTS:
            return []
        lines = [line.strip() for line in self.cleaned_data["playlists"].splitlines()]
        named = [line for line in lines if line]
        if len(named) > MOST_LINES:
            raise forms.ValidationError(
                f"These are {len(named):,} playlists; {MOST_LINES:,} are possible. "
                "Give them a label and choose the group."
            )
        return list(dict.fromkeys(_find(line) for line in named))

    def arguments(self) -> dict[str, object]:
        """Return the scope as the run reads it; nothing means everything due."""
        scope = self.cleaned_data["scope"]
        if scope == DUE:
            return {}
        chosen = self.cleaned_data[scope]
        return {scope: chosen if scope == PLAYLISTS else chosen.pk}

    @classmethod
    def initial_of(cls, arguments: Arguments) -> dict[str, object]:
        """Return the scope that is stored; playlists by number and name, a line each."""
        for scope in (ACCOUNT, LABEL):
            if scope in arguments:
                return {"scope": scope, scope: arguments[scope]}
        if PLAYLISTS not in arguments:
            return {"scope": DUE}
        rows = Playlist.objects.managed().filter(pk__in=_whole(arguments[PLAYLISTS]))
        named = rows.order_by("pk").values_list("pk", "name")
        lines = [Chip(pk, name).line for pk, name in named]
        return {"scope": PLAYLISTS, PLAYLISTS: "\n".join(lines)}

    @classmethod
    def describe(cls, many: Sequence[Arguments]) -> list[str]:
        """Say each scope in words, with two queries."""
        accounts = {one[ACCOUNT] for one in many if ACCOUNT in one}
        labels = {one[LABEL] for one in many if LABEL in one}
        names: dict[str, Mapping[int, object]] = {
            ACCOUNT: Account.objects.in_bulk(_whole(accounts)) if accounts else {},
            LABEL: Label.objects.in_bulk(_whole(labels)) if labels else {},
        }
        return [_words(one, names) for one in many]


def _words(arguments: Arguments, names: Mapping[str, Mapping[int, object]]) -> str:
    for scope, noun in ((ACCOUNT, "account"), (LABEL, "group")):
        if scope in arguments:
            name = names[scope].get(arguments[scope])
            article = "an" if scope == ACCOUNT else "a"
            return f"{noun} {name}" if name else f"{article} {noun} that is gone"
    if PLAYLISTS not in arguments:
        return "everything due"
    count = len(_whole(arguments[PLAYLISTS]))
    return "1 playlist" if count == 1 else f"{count:,} playlists"


def _whole(values: Any) -> list[int]:
    """Return the whole numbers among stored values of any kind."""
    is_many = isinstance(values, list | set | tuple)
    return [one for one in values if isinstance(one, int)] if is_many else []


def _find(line: str) -> int:
    """Return the playlist that a line names: by its name, number, id or link.

    :raises ValidationError: there is none, or more than one has this name.
    """
    if "\x00" in line:
        raise forms.ValidationError("Null characters are not allowed.")
    managed = Playlist.objects.managed()
    same = list(managed.filter(name=line).values_list("pk", flat=True)[:2])
    if len(same) > 1:
        raise forms.ValidationError(
            f"More than one playlist is named “{line[:80]}”. Give its number or link."
        )
    if same:
        return same[0]
    try:
        playlist = find_playlist(line.partition(NAMED_BY)[0])
    except InputError as error:
        raise forms.ValidationError(str(error)) from error
    if playlist.status == Playlist.Status.REMOVED:
        raise forms.ValidationError(f"“{playlist.name}” is not looked after any more.")
    return playlist.pk
