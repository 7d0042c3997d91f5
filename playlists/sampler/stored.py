"""Stored rules: which version of their form they have, and how old ones are read."""

from collections.abc import Mapping
from typing import Any

from playlists.sampler.filters import RulesError

RULES_VERSION = 2
"""Raised whenever the stored form of rules changes; see `migrated`."""


def migrated(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored rules in today's form, without the version.

    The first form named no version. It knew no choices, album cap, songs or scope;
    left out, these are off, so that its lists are drawn as they were.

    :raises RulesError: the form is of a later version.
    """
    values = dict(data)
    version = values.pop("version", 1)
    if not isinstance(version, int) or not 1 <= version <= RULES_VERSION:
        raise RulesError(f"Rules of version {version!r} are not known here.")
    return values
