"""Artists, albums and tracks that rules name: found by what is typed, named again."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Lower

from library.models import Album, Artist, Collection, Track
from library.recordings import recording_key
from playlists.sampler import Rules
from vibe_engine.errors import InputError

MOST_LINES = 500
MODELS: dict[str, type[Artist] | type[Album] | type[Track]] = {
    "artist": Artist,
    "album": Album,
    "track": Track,
}
NAMED: dict[str, Any] = {**MODELS, "collection": Collection}
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", re.ASCII | re.IGNORECASE)
_ID = re.compile(r"[0-9A-Za-z]{22}")
_LINK = re.compile(r"(artist|album|track)[/:]([0-9A-Za-z]{22})(?![0-9A-Za-z])")


def find_named(of: str, lines: Sequence[str]) -> tuple[int, ...]:
    """Return the keys of artists, albums or tracks, one a line: a name, Spotify id or link.

    A track may be meant by its ISRC too, which means the oldest of its releases here.
    Names count whatever their case, with at most four queries for all lines.

    :raises InputError: some lines cannot be found or mean several; a line of text
        for each of these.
    """
    if len(lines) > MOST_LINES:
        raise InputError(f"At most {MOST_LINES} lines, not {len(lines):,}.")
    ids = {line: found for line in lines if (found := _spotify_id(of, line))}
    names = [line for line in lines if line not in ids]
    rows: QuerySet[Any] = MODELS[of].objects.all()
    by_id = dict(
        rows.filter(spotify_id__in=ids.values()).values_list("spotify_id", "pk")
    )
    by_name = _by_name(rows, names)
    by_isrc = _by_isrc(names) if of == "track" else {}
    keys, problems = [], []
    for line in lines:
        alike = _keys_of(line, ids, by_id, by_isrc | by_name)
        if len(alike) == 1:
            keys.append(alike[0])
        else:
            problems.append(_problem(of, line, len(alike)))
    if problems:
        raise InputError("\n".join(dict.fromkeys(problems)))
    return tuple(keys)


def name_all(of: str, keys: Iterable[int]) -> list[str]:
    """Return a line for each key from which `find_named` finds it again, sorted."""
    return sorted(name_each(of, keys).values())


def name_each(of: str, keys: Iterable[int]) -> dict[int, str]:
    """Return, by key, a line from which `find_named` finds it again.

    That is its name, or its Spotify id where others have the same name.
    """
    rows: QuerySet[Any] = MODELS[of].objects.all()
    named = rows.filter(pk__in=list(keys)).values_list("pk", "name", "spotify_id")
    names = {pk: name for pk, name, _ in named}
    wanted = {pk: spotify_id for pk, _, spotify_id in named}
    alike = _by_name(rows, [name for name in names.values() if name])
    return {
        pk: names[pk] if len(alike.get(names[pk].casefold(), ())) == 1 else wanted[pk]
        for pk in wanted
    }


def names_of(rules: Rules) -> dict[tuple[str, int], str]:
    """Return the names of all that rules name, by kind and key."""
    keys: dict[str, list[int]] = defaultdict(list)
    for choice in rules.choices:
        keys[choice.of] += choice.keys
    keys["track"] += [pin.track for pin in rules.pins]
    keys["collection"] += [share.collection for share in rules.shares]
    return {
        (of, row.pk): str(row)
        for of, wanted in keys.items()
        if wanted and of in NAMED
        for row in NAMED[of].objects.filter(pk__in=wanted)
    }


def _spotify_id(of: str, line: str) -> str:
    link = _LINK.search(line)
    if link is not None:
        return link[2] if link[1] == of else ""
    return line if _ID.fullmatch(line) else ""


def _keys_of(
    line: str,
    ids: dict[str, str],
    by_id: dict[str, int],
    by_name: dict[str, list[int]],
) -> list[int]:
    if line in ids and ids[line] in by_id:
        return [by_id[ids[line]]]
    return by_name.get(line.casefold(), [])


def _by_isrc(lines: Sequence[str]) -> dict[str, list[int]]:
    """Return the first track of each recording that a line names, by line in lower case."""
    isrcs = {line.replace("-", ""): line for line in lines}
    wanted = {
        recording_key(
            isrc=isrc, title="", artist_id="", duration_ms=0, track_id=""
        ): line
        for isrc, line in isrcs.items()
        if _ISRC.fullmatch(isrc)
    }
    if not wanted:
        return {}
    tracks = Track.objects.filter(recording_key__in=wanted).order_by("-pk")
    found = tracks.values_list("recording_key", "pk")
    return {wanted[key].casefold(): [pk] for key, pk in found}


def _by_name(rows: QuerySet[Any], names: Sequence[str]) -> dict[str, list[int]]:
    """Return the keys of rows with these names, by name in lower case."""
    found: dict[str, list[int]] = defaultdict(list)
    if not names:
        return found
    for name, pk in rows.filter(name__in=names).values_list("name", "pk"):
        found[name.casefold()].append(pk)
    missing = {name.lower() for name in names if name.casefold() not in found}
    if missing:
        lowered = rows.annotate(lowered=Lower("name")).filter(lowered__in=missing)
        for name, pk in lowered.values_list("name", "pk"):
            found[name.casefold()].append(pk)
    return found


def _problem(of: str, line: str, count: int) -> str:
    short = line if len(line) <= 80 else f"{line[:79]}…"
    if not count:
        return f"The library has no {of} “{short}”."
    return f"{count} {of}s are called “{short}”: give its Spotify link instead."
