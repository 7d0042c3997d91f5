"""Which rows are the same song: other releases, remasters, live versions.

A song is told by its title without what names a version, and its first artist. Which
versions are still the same song is a rule: for one list "Song (Live)" is another
song, for the next it is not.
"""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from playlists.sampler.arrays import Int16s, Int64s

Version = Literal[
    "title",
    "remaster",
    "live",
    "acoustic",
    "edit",
    "remix",
    "instrumental",
    "demo",
]
VERSIONS: tuple[Version, ...] = get_args(Version)
"""Bit i of a row's versions stands for entry i; "title" is the plain song."""

MOST_ROUNDS = 64


def version_bits(versions: Sequence[str]) -> int:
    """Return versions as bits; the plain title has none."""
    return sum(1 << VERSIONS.index(name) for name in set(versions) - {"title"})


def same_keys(
    recordings: Int64s, songs: Int64s, bits: Int16s, same: Sequence[Version]
) -> Int64s:
    """Return a key for each row, equal where two rows must not stand together.

    Rows are the same by recording, or by song when they differ in versions of `same`
    alone; and what is the same as a third is the same as each other. Rows of song 0
    have no title to compare.
    """
    apart = bits & ~np.int16(version_bits(same))
    named = songs != 0
    titles = np.where(named, songs * 256 + apart, -1 - np.arange(len(songs)))
    by_title, by_recording = _numbered(titles), _numbered(recordings)
    keys = np.arange(len(songs))
    for _ in range(MOST_ROUNDS):
        joined = _least_of_each(by_title, _least_of_each(by_recording, keys))
        if np.array_equal(joined, keys):
            break
        keys = joined
    return keys


def _numbered(values: Int64s) -> Int64s:
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _least_of_each(group: Int64s, keys: Int64s) -> Int64s:
    """Return, for each row, the least key within its group."""
    least = np.full(int(group.max(initial=-1)) + 1, len(keys))
    np.minimum.at(least, group, keys)
    joined: Int64s = least[group]
    return joined
