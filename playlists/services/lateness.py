"""Writes that came back when their run belonged to somebody else.

Spotify knows no fence: a worker that was stopped between its last look at its lease
and the sending of a request sends it whenever it wakes, perhaps after a later list
was pushed. It cannot be kept from that, but it can own up: what it did is noted on
the playlist's row, and put right by a run of its own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from accounts.models import Account
from automation.models import Run
from playlists.models import Playlist
from playlists.services import opening
from playlists.services.opening import Wish
from vibe_engine.errors import ConflictError, VibeError

SETTLE = timedelta(seconds=settings.TIMES["CREATE_SETTLE_S"])
"""After a POST in doubt: longer than its deadline and the lag of the list."""
PUSH = "playlists.push"
DETAILS = "playlists.details"
TIDY = "playlists.tidy"
PUSHABLE = (Playlist.Status.ACTIVE, Playlist.Status.PAUSED)


@dataclass(frozen=True)
class Repair:
    """What is noted of a late write, and the run that puts it right.

    A repair that waits `after` is left to the schedule, which looks every few minutes.
    """

    wish: Wish
    changes: Callable[[datetime], dict[str, Any]]
    at_once: bool = True


def _wish(kind: str, verb: str) -> Wish:
    return Wish(kind=kind, verb=verb, priority=Run.Priority.SCHEDULED)


LATE_ITEMS = Repair(
    _wish(PUSH, "Push"), lambda now: {"late_writes": F("late_writes") + 1}
)
LATE_DETAILS = Repair(_wish(DETAILS, "Update"), lambda now: {"details_pending": True})
LATE_CREATE = Repair(
    _wish(TIDY, "Tidy"), lambda now: {"tidy_from": now + SETTLE}, at_once=False
)


@contextmanager
def owning_up(
    run: Run, playlist: Playlist, repair: Repair, *, now: datetime
) -> Iterator[None]:
    """Surround one writing call; note it if the run was lost before it came back.

    A call that was clearly refused, or never sent, has written nothing.
    """
    try:
        yield
    except VibeError as error:
        if is_in_doubt(error):
            _note_if_lost(run, playlist, repair, now=now)
        raise
    _note_if_lost(run, playlist, repair, now=now)


def is_in_doubt(error: VibeError) -> bool:
    """Whether Spotify may have carried out the call that ended in this error."""
    return bool(getattr(error, "ambiguous", False))


def _note_if_lost(
    run: Run, playlist: Playlist, repair: Repair, *, now: datetime
) -> None:
    mine = Run.objects.filter(
        pk=run.pk, state=Run.State.WORKING, lease_token=run.lease_token
    )
    if mine.exists():
        return
    with transaction.atomic():
        row = Playlist.objects.filter(pk=playlist.pk)
        noted = row.update(**repair.changes(now))
        if noted and repair.at_once:
            _open(repair.wish, row.filter(status__in=PUSHABLE), now=now)


def _open(wish: Wish, playlists: QuerySet[Playlist], *, now: datetime) -> int:
    count = playlists.count()
    if count:
        try:
            opening.open_for(wish, playlists=playlists, now=now, requested_by=None)
        except ConflictError:
            return 0
    return count


def late_playlists(*, now: datetime) -> QuerySet[Playlist]:
    """Return the playlists that hold a late write and have nothing under way."""
    late = Playlist.objects.filter(
        late_writes__gt=0,
        status__in=PUSHABLE,
        account__status=Account.Status.ACTIVE,
    )
    return opening.at_rest(late, PUSH, now=now)


def untidy_playlists(*, now: datetime) -> QuerySet[Playlist]:
    """Return the playlists of which a copy may stand on Spotify; removed ones too."""
    untidy = Playlist.objects.filter(
        tidy_from__lte=now, account__status=Account.Status.ACTIVE
    )
    return opening.at_rest(untidy, TIDY, now=now)


def open_repairs(*, now: datetime) -> int:
    """Open what puts late writes right; return how many playlists that concerns."""
    pushed = _open(LATE_ITEMS.wish, late_playlists(now=now), now=now)
    return pushed + _open(LATE_CREATE.wish, untidy_playlists(now=now), now=now)


def clear(playlist: Playlist) -> None:
    """Note that a list was pushed after the late writes that `playlist` counts.

    The caller read the count before it sent the list, and holds the transaction.
    """
    mine = Playlist.objects.filter(pk=playlist.pk)
    mine.filter(late_writes=playlist.late_writes).update(late_writes=0)
