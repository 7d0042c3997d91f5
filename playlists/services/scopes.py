"""Scheduled reshuffles of a part of the fleet: an account, a group, a selection."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.models import Account
from automation.runtime import RuntimeSettings
from playlists.models import Label, Playlist
from playlists.services import reshuffling
from vibe_engine.errors import VibeError

KIND = "playlists.reshuffle_some"
ACCOUNT = "account"
LABEL = "label"
PLAYLISTS = "playlists"
"""What a schedule's arguments may name; without any it is about everything due."""


def open_scope(
    *, arguments: Mapping[str, Any], settings: RuntimeSettings, now: datetime
) -> int:
    """Open a reshuffle of what a schedule is about; return of how many playlists.

    Left out is what is paused or gone, what has a reshuffle under way, and what
    failed lately. An account, a group and a selection are reshuffled due or not; where
    most of one failed lately, they are tried again, so that the schedule can tell.

    :raises VibeError: what the arguments name is gone, or they cannot be read.
    """
    if not arguments:
        return reshuffling.open_due(settings=settings, now=now)
    chosen = list(_named(arguments).values_list("pk", flat=True))
    return reshuffling.open_some(playlist_ids=chosen, now=now)


def _named(arguments: Mapping[str, Any]) -> QuerySet[Playlist]:
    managed = Playlist.objects.managed()
    match dict(arguments):
        case {"playlists": [*chosen]} if all(isinstance(pk, int) for pk in chosen):
            found = managed.filter(pk__in=chosen)
            if not found.exists():
                raise VibeError("None of its playlists is looked after any more.")
            return found
        case {"account": int(pk)}:
            _require(Account.objects.filter(pk=pk), "account")
            return managed.filter(account=pk)
        case {"label": int(pk)}:
            _require(Label.objects.filter(pk=pk), "group")
            return managed.filter(labels=pk)
    raise VibeError(
        'The schedule names no playlists: {"playlists": [1, 2]}, {"account": 1}, '
        '{"label": 1}, or nothing for everything due.'
    )


def _require(rows: QuerySet[Any], noun: str) -> None:
    if not rows.exists():
        raise VibeError(
            f"The {noun} of this schedule is gone. Edit the schedule, or delete it."
        )
