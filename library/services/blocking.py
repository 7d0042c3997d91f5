"""Blocks: what no list may ever hold, whatever the rules of its playlist."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q, QuerySet

from library.models import (
    Album,
    Artist,
    Block,
    LibraryVersion,
    Track,
    same_artists,
)
from library.recordings import recording_key
from vibe_engine.errors import InputError

MOST_BLOCKS = 5_000
MOST_LINES = 500
_ID = re.compile(r"[0-9A-Za-z]{22}")
_LINK = re.compile(r"(artist|album|track)[/:]([0-9A-Za-z]{22})(?![0-9A-Za-z])")
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", re.ASCII)
_MODELS: dict[str, type[Artist] | type[Album] | type[Track]] = {
    "artist": Artist,
    "album": Album,
    "track": Track,
}


def add_blocks(
    *,
    kind: str,
    lines: Sequence[str],
    reason: str,
    by: AbstractBaseUser | None,
    now: datetime,
) -> int:
    """Block artists, albums, tracks or recordings, one a line; return how many are new.

    A line is a Spotify link or id, a name that the library knows once, or, for
    recordings, an ISRC. What is blocked already keeps its reason. Lists that stand
    on Spotify stay as they are until their next reshuffle.

    :raises InputError: a line cannot be understood, or there are too many.
    """
    reason = _clean_reason(reason)
    found = dict(_find(kind, line) for line in _clean_lines(lines))
    with transaction.atomic():
        known = Block.objects.filter(kind=kind, key__in=found)
        new = set(found) - set(known.values_list("key", flat=True))
        if Block.objects.count() + len(new) > MOST_BLOCKS:
            raise InputError(f"At most {MOST_BLOCKS:,} blocks are kept.", field="lines")
        Block.objects.bulk_create(
            Block(
                kind=kind,
                key=key,
                name=found[key][:500],
                reason=reason,
                created_by_id=by.pk if by else None,
                created_at=now,
            )
            for key in sorted(new)
        )
        if new:
            LibraryVersion.bump()
    return len(new)


def _clean_reason(reason: str) -> str:
    words = " ".join(reason.split())
    if not words:
        raise InputError("Say why this is blocked.", field="reason")
    return words[:200]


def _clean_lines(lines: Sequence[str]) -> list[str]:
    wanted = [line for line in (" ".join(one.split()) for one in lines) if line]
    if not 1 <= len(wanted) <= MOST_LINES:
        raise InputError(f"1 to {MOST_LINES} lines, please.", field="lines")
    return wanted


def remove_block(*, block: Block) -> None:
    """Let what was blocked be drawn again."""
    with transaction.atomic():
        block.delete()
        LibraryVersion.bump()


def blocks_against(track: Track) -> QuerySet[Block]:
    """Return the blocks that keep a track out."""
    same = same_artists(Artist.objects.filter(pk__in=track.artists.values("pk")))
    artists = Artist.objects.filter(pk__in=same).values("spotify_id")
    return Block.objects.filter(
        Q(kind=Block.Kind.TRACK, key=track.spotify_id)
        | Q(kind=Block.Kind.RECORDING, key=track.recording_key)
        | Q(kind=Block.Kind.ALBUM, key=track.album.spotify_id)
        | Q(kind=Block.Kind.ARTIST, key__in=artists)
    )


def _find(kind: str, line: str) -> tuple[str, str]:
    """Return the key of what a line means, and its name.

    :raises InputError: it means nothing, or several things.
    """
    isrc = line.replace("-", "").upper()
    if kind == Block.Kind.RECORDING and _ISRC.fullmatch(isrc):
        key = recording_key(
            isrc=isrc, title="", artist_id="", duration_ms=0, track_id=""
        )
        track = Track.objects.filter(recording_key=key).order_by("pk").first()
        return key, f"{track} ({isrc})" if track else isrc
    of = "track" if kind == Block.Kind.RECORDING else kind
    spotify_id = _spotify_id(of, line)
    row = _row(of, line, spotify_id)
    if kind == Block.Kind.RECORDING:
        if row is None:
            text = "is not in the library: give its ISRC instead."
            raise InputError(f"The track “{line[:80]}” {text}", field="lines")
        return row.recording_key, f"{row} by {row.artist_line}"
    return (row.spotify_id, str(row)) if row else (spotify_id, spotify_id)


def _spotify_id(of: str, line: str) -> str:
    link = _LINK.search(line)
    if link is None:
        return line if _ID.fullmatch(line) else ""
    if link[1] != of:
        text = f"“{line[:80]}” is the link of an {link[1]}, not of an {of}."
        raise InputError(text.replace("an track", "a track"), field="lines")
    return link[2]


def _row(of: str, line: str, spotify_id: str) -> Any:
    rows: QuerySet[Any] = _MODELS[of].objects.all()
    if spotify_id:
        return rows.filter(spotify_id=spotify_id).first()
    alike = list(rows.filter(name__iexact=line).order_by("pk")[:2])
    if len(alike) == 1:
        return alike[0]
    problem = (
        f"Several {of}s are called “{line[:80]}”: give a Spotify link instead."
        if alike
        else f"The library has no {of} “{line[:80]}”: give its Spotify link."
    )
    raise InputError(problem, field="lines")
