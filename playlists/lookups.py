"""Finding playlists and collections by what a person has at hand."""

import re
from collections.abc import Sequence

from library.models import Collection
from playlists.models import Playlist
from vibe_engine.errors import InputError

_SPOTIFY_ID = re.compile(r"[0-9A-Za-z]{22}")
_IN_LINK = re.compile(r"playlist[/:]([0-9A-Za-z]{22})(?![0-9A-Za-z])")
_BIGGEST_KEY = 2**63 - 1


def find_playlist(text: str) -> Playlist:
    """Return the playlist with this primary key, Spotify id, URL or URI.

    :raises InputError: there is none.
    """
    wanted = text.strip()
    link = _IN_LINK.search(wanted)
    if link is not None:
        found = Playlist.objects.filter(spotify_id=link[1])
    elif _SPOTIFY_ID.fullmatch(wanted):
        found = Playlist.objects.filter(spotify_id=wanted)
    elif wanted.isascii() and wanted.isdigit() and int(wanted) <= _BIGGEST_KEY:
        found = Playlist.objects.filter(pk=int(wanted))
    else:
        found = Playlist.objects.none()
    playlist = found.select_related("account__app").first()
    if playlist is None:
        raise InputError(
            f"There is no playlist “{wanted[:80]}”. Wanted is its number here, its "
            "Spotify id or its link."
        )
    return playlist


def find_collections(collection_ids: Sequence[int]) -> tuple[Collection, ...]:
    """Return the collections with these primary keys, by name.

    :raises InputError: one of them does not exist (any more).
    """
    wanted = set(collection_ids)
    found = tuple(Collection.objects.filter(pk__in=wanted).order_by("name"))
    if len(found) < len(wanted):
        raise InputError(
            "A chosen collection does not exist any more.", field="collections"
        )
    return found
