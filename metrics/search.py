"""One search over playlists, albums, tracks, artists and accounts."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import Account
from library.models import Album, Artist, Track
from playlists.models import Playlist

SHORTEST = 2
MOST = 8


@dataclass(frozen=True)
class Hit:
    """One thing that was found."""

    text: str
    detail: str
    url: str


@dataclass(frozen=True)
class Group:
    """What was found of one sort; `more_url` leads to the whole list."""

    name: str
    hits: Sequence[Hit]
    more_url: str = ""


def find(query: str) -> list[Group]:
    """Return what matches, at most eight of each sort; nothing for one character.

    Names are compared without case, anywhere in the name; five queries at most.
    """
    text = " ".join(query.split())[:100]
    if len(text) < SHORTEST:
        return []
    groups = [
        _group("Playlists", _playlists(text), reverse("playlists:list"), text),
        _group("Albums", _albums(text), reverse("library:list"), text),
        _group("Tracks", _tracks(text), reverse("library:tracks"), text),
        _group("Artists", _artists(text), reverse("library:artists"), text),
        Group("Accounts", _accounts(text)),
    ]
    return [group for group in groups if group.hits]


def _group(name: str, hits: list[Hit], list_url: str, text: str) -> Group:
    return Group(name, hits, f"{list_url}?{urlencode({'q': text})}")


def _playlists(text: str) -> list[Hit]:
    found: QuerySet[Playlist] = Playlist.objects.managed().select_related("account")
    return [
        Hit(row.name, str(row.account), row.get_absolute_url())
        for row in found.filter(name__icontains=text).order_by("name")[:MOST]
    ]


def _albums(text: str) -> list[Hit]:
    found = Album.objects.filter(name__icontains=text).order_by("name", "pk")[:MOST]
    return [Hit(str(row), row.artist_line, row.get_absolute_url()) for row in found]


def _tracks(text: str) -> list[Hit]:
    found = Track.objects.filter(name__icontains=text).order_by("name", "pk")[:MOST]
    return [Hit(str(row), row.artist_line, row.get_absolute_url()) for row in found]


def _artists(text: str) -> list[Hit]:
    found = Artist.objects.filter(name__icontains=text).order_by("name", "pk")[:MOST]
    tracks = reverse("library:tracks")
    return [
        Hit(str(row), "artist", f"{tracks}?{urlencode({'artist': row.pk})}")
        for row in found
    ]


def _accounts(text: str) -> list[Hit]:
    found = Account.objects.filter(display_name__icontains=text)[:MOST]
    return [
        Hit(str(row), row.get_status_display(), row.get_absolute_url()) for row in found
    ]
