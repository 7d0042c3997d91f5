"""Stored rules: which version of their form they have, and how old ones are read."""

from collections.abc import Mapping
from typing import Any

from playlists.sampler.filters import RulesError

RULES_VERSION = 3
"""Raised whenever the stored form of rules changes; see `migrated`."""
INHERITABLE = (
    "explicit",
    "album_cap",
    "primary_only",
    "same_song",
    "rest_scope",
    "refresh_share",
)
"""Rules that come from the settings where a playlist has none of its own."""
_NOT_SAID: Mapping[str, Any] = {
    "explicit": "allow",
    "album_cap": None,
    "primary_only": False,
    "same_song": [],
    "rest_scope": "playlist",
}
"""What forms 1 and 2 held of these rules where nobody had chosen anything."""
_NEW_RUNGS = ("refresh_share", "shares")


def migrated(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored rules in today's form, without the version.

    The first form named no version. It knew no choices, album cap, songs or scope;
    left out, these are off, so that its lists are drawn as they were. Until the
    third, what nobody had chosen was stored too and nothing was inherited; and the
    ladder knew neither partial refresh nor shares, which give way first.

    :raises RulesError: the form is of a later version.
    """
    values = dict(data)
    version = values.pop("version", 1)
    if not isinstance(version, int) or not 1 <= version <= RULES_VERSION:
        raise RulesError(f"Rules of version {version!r} are not known here.")
    if version < 3:
        for name, nothing in _NOT_SAID.items():
            if values.get(name) == nothing:
                values.pop(name, None)
        if "ladder" in values:
            values["ladder"] = [*_NEW_RUNGS, *values["ladder"]]
    return values
