"""Rules for many playlists at once."""

from typing import Any

from django import forms

from automation.runtime import RuntimeSettings
from playlists.effective import inherited_rules
from playlists.ruleforms.editor import RulesEditor
from playlists.ruleforms.initial import initial_of
from playlists.sampler import Rules

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
