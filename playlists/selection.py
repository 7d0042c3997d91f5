"""Which playlists a posted form means: the ticked ones, or all that match."""

from django.db.models import QuerySet
from django.http import QueryDict

from playlists.forms import PlaylistFilter
from playlists.models import Playlist
from vibe_engine.errors import InputError

MOST_TICKED = 1_000


def selected(posted: QueryDict) -> QuerySet[Playlist]:
    """Return the playlists of a posted selection.

    `all` posts the filter and not the ids, so "all that match" costs nothing.

    :raises InputError: nothing is selected, or something that is no number.
    """
    if posted.get("all"):
        return PlaylistFilter.of(posted).rows()
    ticked = posted.getlist("pk")[:MOST_TICKED]
    if not ticked:
        raise InputError("Select at least one playlist first.")
    keys = [key for text in ticked if (key := as_key(text)) is not None]
    if len(keys) < len(ticked):
        raise InputError("The selection cannot be read. Please select again.")
    return Playlist.objects.managed().filter(pk__in=keys)


def as_key(text: str) -> int | None:
    """Return a posted primary key, None where it is none."""
    plain = text.isascii() and text.isdigit() and len(text) < 19
    return int(text) if plain else None


def as_fields(posted: QueryDict) -> list[tuple[str, str]]:
    """Return the selection as hidden fields, to post it once more."""
    if posted.get("all"):
        return [("all", "1"), *PlaylistFilter.of(posted).as_fields()]
    return [("pk", text) for text in posted.getlist("pk")[:MOST_TICKED]]
