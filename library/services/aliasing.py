"""Aliases: artists who are the same person or band under several names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q

from library.models import Alias, Artist, LibraryVersion
from vibe_engine.errors import ConflictError, InputError

MOST_NAMES = 50
MOST_FOUND = 20
_LINK = re.compile(r"artist[/:]([0-9A-Za-z]{22})(?![0-9A-Za-z])")
_ID = re.compile(r"[0-9A-Za-z]{22}")


@dataclass(frozen=True)
class Group:
    """Artists who count as one: the main one, who names them, and the aliases."""

    main: Artist
    aliases: Sequence[Alias]

    @property
    def artist_ids(self) -> list[int]:
        """The keys of all of them, the main one's first."""
        return [self.main.pk, *(alias.artist_id for alias in self.aliases)]


def group_of(artist: Artist) -> Group:
    """Return all who are the same as an artist, itself included, with one query."""
    mains = Alias.objects.filter(artist=artist).values("main")
    aliases = Alias.objects.filter(Q(main=artist) | Q(main__in=mains))
    found = aliases.select_related("artist", "main", "created_by")
    group = list(found.order_by("artist__name", "pk"))
    return Group(group[0].main if group else artist, group)


def find_artists(text: str, *, besides: Group) -> list[Artist]:
    """Return the artists of the library that a name, link or id may mean.

    At most `MOST_FOUND`, none of the group they are looked up for.
    """
    text = " ".join(text.split())
    link = _LINK.search(text)
    spotify_id = link[1] if link else text if _ID.fullmatch(text) else ""
    others = Artist.objects.exclude(pk__in=besides.artist_ids)
    if spotify_id and (found := others.filter(spotify_id=spotify_id).first()):
        return [found]
    if not text or link:
        return []
    return list(others.matching(text).order_by("name", "pk")[:MOST_FOUND])


def add_alias(
    *,
    artist: Artist,
    other: Artist,
    by: AbstractBaseUser | None,
    now: datetime,
) -> Artist:
    """Say that two artists are the same; return the main one of both groups together.

    Whoever is the same as `other` comes along. Counts from each list's next draw.

    :raises ConflictError: they are the same already, or the group grows too large.
    """
    with transaction.atomic():
        LibraryVersion.bump()
        main, second = _main_of(artist), _main_of(other)
        if main == second:
            raise ConflictError(f"“{other}” and “{artist}” are the same already.")
        names = Alias.objects.filter(main__in=(main, second)).count() + 2
        if names > MOST_NAMES:
            raise ConflictError(f"At most {MOST_NAMES} artists can be the same one.")
        Alias.objects.filter(main=second).update(main=main)
        _make_alias(second, main, by=by, now=now)
    return main


def name_group(*, artist: Artist, by: AbstractBaseUser | None, now: datetime) -> None:
    """Let an alias name its group from now on; the main artist becomes an alias.

    :raises InputError: it is an alias of nobody (any more).
    """
    with transaction.atomic():
        LibraryVersion.bump()
        main = _main_of(artist)
        if main == artist:
            raise InputError(f"“{artist}” is no second name of another artist.")
        Alias.objects.filter(artist=artist).delete()
        Alias.objects.filter(main=main).update(main=artist)
        _make_alias(main, artist, by=by, now=now)


def remove_alias(*, alias: Alias) -> None:
    """Take an artist out of its group; the others stay together."""
    with transaction.atomic():
        LibraryVersion.bump()
        Alias.objects.filter(pk=alias.pk).delete()


def _main_of(artist: Artist) -> Artist:
    """Return the main artist of a group; the library's version must be held."""
    of = Alias.objects.select_related("main").filter(artist=artist).first()
    return of.main if of else artist


def _make_alias(
    artist: Artist, main: Artist, *, by: AbstractBaseUser | None, now: datetime
) -> None:
    Alias.objects.create(
        artist=artist, main=main, created_by_id=by.pk if by else None, created_at=now
    )
