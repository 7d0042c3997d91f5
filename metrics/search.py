"""One search over playlists, albums, tracks, artists, accounts and pages."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import Account
from library.models import Album, Artist, Track
from library.searching import holding
from playlists.models import Label, Playlist

SHORTEST, LONGEST = 2, 100
MOST = 6
MOST_COMPARED = 200
"""Names out of which the first six by name are shown."""
PLACES = (
    ("Dashboard", "metrics:home"),
    ("Accounts", "accounts:list"),
    ("Connect an account", "accounts:connect"),
    ("Library", "library:list"),
    ("Add albums", "library:ingest"),
    ("Tracks", "library:tracks"),
    ("Artists", "library:artists"),
    ("Collections", "library:collections"),
    ("Playlists", "playlists:list"),
    ("Labels", "playlists:labels"),
    ("Create playlists", "playlists:create"),
    ("Automation, runs and schedules", "automation:list"),
    ("What is kept, retention", "automation:retention"),
    ("Settings", "automation:settings"),
    ("Health", "metrics:health"),
    ("Profile, password and time zone", "profile"),
)
_SPOTIFY_ID = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]{22}(?![0-9A-Za-z])")


@dataclass(frozen=True)
class Hit:
    """One thing that was found; `image_url` "" where it has no picture."""

    text: str
    detail: str
    url: str
    image_url: str = ""


@dataclass(frozen=True)
class Group:
    """What was found of one sort; `more_url` leads to the whole list, if there is one.

    `icon` stands where a hit has no picture.
    """

    name: str
    icon: str
    hits: Sequence[Hit]
    more_url: str = ""

    @property
    def is_cut(self) -> bool:
        """Whether there may be more of this sort."""
        return bool(self.more_url) and len(self.hits) == MOST


def clean(text: str) -> str:
    """Return a query as it is searched for: one line, printable, 100 characters."""
    line = " ".join(text[: 10 * LONGEST].split())
    return "".join(character for character in line if character.isprintable())[:LONGEST]


def find(query: str) -> list[Group]:
    """Return what matches a clean query, six of each sort, with six queries.

    Names are compared without case, anywhere in the name; a Spotify id, address or
    URI finds the thing itself. One character finds nothing. Of a text that more than
    two hundred names hold, six out of two hundred are shown.
    """
    if len(query) < SHORTEST:
        return []
    groups = (
        Group("Pages", "right", list(_places(query))),
        Group(
            "Playlists",
            "playlists",
            list(_playlists(query)),
            _list_url("playlists:list", query),
        ),
        Group("Labels", "playlists", list(_labels(query))),
        Group(
            "Albums", "library", list(_albums(query)), _list_url("library:list", query)
        ),
        Group(
            "Tracks", "play", list(_tracks(query)), _list_url("library:tracks", query)
        ),
        Group(
            "Artists",
            "accounts",
            list(_artists(query)),
            _list_url("library:artists", query),
        ),
        Group("Accounts", "accounts", list(_accounts(query))),
    )
    return [group for group in groups if group.hits]


def _list_url(name: str, query: str) -> str:
    return f"{reverse(name)}?{urlencode({'q': query})}"


def _matching(rows: QuerySet[Any], query: str, *columns: str) -> QuerySet[Any]:
    """Narrow rows down to a name, or to the Spotify id that the query holds.

    `columns` are those of the index that a large table has for its texts.
    """
    named = Q(name__icontains=query)
    if columns:
        named &= holding(query, *columns)
    found = _SPOTIFY_ID.search(query)
    if found:
        named |= Q(spotify_id=found[0])
    some = rows.filter(named).order_by().values("pk")[:MOST_COMPARED]
    return rows.filter(pk__in=some)[:MOST]


def _places(query: str) -> Iterator[Hit]:
    for name, route in PLACES:
        if query.casefold() in name.casefold():
            yield Hit(name, "page", reverse(route))


def _playlists(query: str) -> Iterator[Hit]:
    rows = Playlist.objects.managed().select_related("account").order_by("name", "pk")
    for row in _matching(rows, query):
        yield Hit(row.name, str(row.account), row.get_absolute_url())


def _labels(query: str) -> Iterator[Hit]:
    for row in Label.objects.filter(name__icontains=query)[:MOST]:
        yield Hit(row.name, "label", row.get_absolute_url())


def _albums(query: str) -> Iterator[Hit]:
    rows = Album.objects.order_by("name", "pk")
    for row in _matching(rows, query, "name", "artist_line"):
        yield Hit(str(row), row.artist_line, row.get_absolute_url(), row.image_url)


def _tracks(query: str) -> Iterator[Hit]:
    rows = Track.objects.select_related("album").order_by("name", "pk")
    for row in _matching(rows, query, "name", "artist_line"):
        image = row.album.image_url
        yield Hit(str(row), row.artist_line, row.get_absolute_url(), image)


def _artists(query: str) -> Iterator[Hit]:
    tracks = reverse("library:tracks")
    for row in _matching(Artist.objects.order_by("name", "pk"), query, "name"):
        yield Hit(str(row), "artist", f"{tracks}?{urlencode({'artist': row.pk})}")


def _accounts(query: str) -> Iterator[Hit]:
    named = Q(display_name__icontains=query) | Q(user_id=query) | Q(account_id=query)
    for row in Account.objects.filter(named).order_by("display_name", "pk")[:MOST]:
        yield Hit(
            str(row), row.get_status_display(), row.get_absolute_url(), row.image_url
        )
