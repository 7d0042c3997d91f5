"""The rules of one playlist."""

from typing import Any

from automation.runtime import RuntimeSettings
from playlists.effective import BOUNDS
from playlists.forms import whole_number
from playlists.models import Playlist
from playlists.ruleforms.editor import NUMBERS, RulesEditor
from playlists.ruleforms.initial import initial_of
from playlists.sampler import Rules
from playlists.sampler.stored import migrated

LABELS = {
    "size": "Tracks",
    "cooldown_days": "Cooldown",
    "artist_cap": "Of one artist at most",
    "artist_separation": "Between two of one artist",
}
_SETTINGS = {"size": "playlist_size"}


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
