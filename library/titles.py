"""Titles taken apart: the song, and which version of it a title names."""

import hashlib
import re
from collections.abc import Iterator
from itertools import islice

import numpy as np

from library.models import Track
from library.pool.columns import Int16s, Int64s, PoolColumns
from library.recordings import normalised_title

FEW = 5_000
"""So many tracks are asked for by their keys; of more all titles are read through."""
BATCH = 20_000
SONG_BITS = 54

_VERSIONS = {
    "remaster": r"re-?master(?:ed)?",
    "live": r"live|unplugged|in concert",
    "acoustic": r"acoustic|stripped",
    "edit": r"(?:radio|single|album|extended|short|long) (?:edit|version|mix)"
    r"|edit|extended|clean|explicit",
    "remix": r"remix(?:ed)?|mix|rework|dub|vip",
    "instrumental": r"instrumental|karaoke",
    "demo": r"demo|rough|outtake|take \d+|early version",
}
"""What names a version in brackets or behind a dash; of each part the first that fits."""
VERSION_NAMES = ("title", *_VERSIONS)
"""Entry i is bit i of a track's versions; the plain title has none."""
_KINDS = [
    (1 << bit, re.compile(rf"\b(?:{pattern})\b"))
    for bit, pattern in enumerate(_VERSIONS.values(), start=1)
]
_MARK = re.compile("[(\\[\u2013\u2014-]")
"""Without one of these there is nothing to take apart."""
_ASIDE = re.compile(
    r"\s*[(\[]([^()\[\]]*)[)\]]|\s+[-\u2013\u2014]\s+([^-\u2013\u2014]+)$"
)


def song_of(title: str) -> tuple[str, int]:
    """Return a title without what names its version, normalised, and the versions.

    "Song - Remastered 2011" and "Song (Live)" are both the song "song"; brackets that
    name no version stay part of the title.
    """
    bits, before = 0, None
    while before != title and _MARK.search(title):
        before = title
        for aside in _ASIDE.finditer(title):
            kind = _kind(aside[1] or aside[2] or "")
            if kind and title[: aside.start()].strip():
                bits |= kind
                title = title[: aside.start()] + title[aside.end() :]
                break
    return normalised_title(title), bits


def _kind(words: str) -> int:
    bits = 0
    for part in re.split("[/,;]", words.casefold()):
        bits |= next((bit for bit, pattern in _KINDS if pattern.search(part)), 0)
    return bits


def read_songs(columns: PoolColumns) -> tuple[Int64s, Int16s]:
    """Return each row's song number (0 for none, below 2**54) and versions.

    Songs are told by title and first artist. Reads the titles with one query.
    """
    main_of = dict(columns.aliases.tolist())
    songs = np.zeros(len(columns), np.int64)
    bits = np.zeros(len(columns), np.int16)
    for batch in _titles(columns):
        keys, *named = zip(*batch, strict=True)
        rows = np.searchsorted(columns.track_ids, keys)
        is_here = np.isin(keys, columns.track_ids[rows[rows < len(columns)]])
        for row, is_one, title, artist in zip(rows, is_here, *named, strict=True):
            if is_one:
                song, bits[row] = song_of(title)
                by = main_of.get(artist, artist)
                songs[row] = _number(f"{by}\0{song}") if song else 0
    return songs, bits


def _titles(columns: PoolColumns) -> Iterator[tuple[tuple[int, str, int | None], ...]]:
    """Yield key, title and first artist of tracks, those of the columns among them."""
    tracks = Track.objects.order_by("pk")
    if len(columns) <= FEW:
        tracks = tracks.filter(pk__in=columns.track_ids.tolist())
    titles = tracks.values_list("pk", "name", "primary_artist").iterator(BATCH)
    while batch := tuple(islice(titles, BATCH)):
        yield batch


def _number(text: str) -> int:
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return 1 + (int.from_bytes(digest, "little") >> (64 - SONG_BITS + 1))
