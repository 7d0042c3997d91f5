"""A pool: the rows of a library that pass a rule set's filters, ready to draw from."""

from dataclasses import dataclass

from playlists.sampler.library import Library
from playlists.sampler.rules import Rules


@dataclass(frozen=True)
class Pool:
    """A library seen through one rule set; serves any number of draws."""

    library: Library
    rules: Rules


def build_pool(library: Library, rules: Rules) -> Pool:
    """Compile a library and a rule set into a pool."""
    return Pool(library, rules)
