"""Drawing ahead: who comes first draws for those that wait behind, all in one go.

So a bulk shares one compiled pool, one read of what rests and one write a chunk,
whoever opened its runs. Each list belongs to its own run, with that run's seed and a
report of its own; the run takes it up when its turn comes, or draws another where it
does not hold any more. Nobody waits: a run that finds no list draws one itself.
"""

import fcntl
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from django.conf import settings as django_settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Account
from automation import holds, ledger
from automation.faultpoints import fault_point
from automation.models import Run
from automation.runtime import RuntimeSettings
from playlists.models import Playlist, PlaylistSnapshot
from playlists.services import batches, planning
from playlists.services.planning import Plan

LEAST = 4
"""Fewer lists than this are as quick one by one."""
GOING = (Run.State.PLANNED, Run.State.WORKING)


def draw_ahead(
    *,
    run: Run,
    playlist: Playlist,
    origin: PlaylistSnapshot.Origin,
    settings: RuntimeSettings,
    now: datetime,
) -> int:
    """Store planned lists for this run and for those of its kind that wait behind it.

    Does nothing where the run has its list, where few wait, or while somebody else
    draws ahead; nor where workers die or runs fail, since each list is drawn by its
    own run then, and it shows which one is to blame. Returns how many were stored.

    :raises LeaseLostError: another worker owns the run; nothing is stored.
    """
    if run.errors or _holding(now).filter(run=run).exists():
        return 0
    with _turn() as is_mine:
        if not is_mine or _is_deadly(run.kind):
            return 0
        runs = {playlist.pk: run} | _next_in_line(run, now=now)
        if len(runs) < LEAST:
            return 0
        plans = _draw(playlist, runs, settings=settings, now=now)
        fault_point("ahead.before_write")
        stored = _store(run, runs, plans, origin=origin, now=now)
        fault_point("ahead.after_write")
    return stored


def _draw(
    playlist: Playlist,
    runs: Mapping[int, Run],
    *,
    settings: RuntimeSettings,
    now: datetime,
) -> list[tuple[Playlist, Plan]]:
    """Draw the lists of these runs; none at all where there is none for the first.

    So a library that has run dry is not drawn from a hundred times for each run.
    """
    drawn = batches.draw_lists(
        playlists=_drawable(playlist, runs),
        settings=settings,
        now=now,
        seeds={pk: one.arguments.get("seed", one.pk) for pk, one in runs.items()},
    )
    first, own = next(drawn, (None, None))
    if first != playlist or own is None:
        return []
    return [(playlist, own), *((one, plan) for one, plan in drawn if plan is not None)]


@contextmanager
def _turn() -> Iterator[bool]:
    """Tell whether this thread alone, of all on this machine, draws ahead now.

    The system ends a turn with its process. On several machines two may draw for the
    same runs: the rows decide whose lists are stored. Where the lock cannot be had at
    all, on a full disk perhaps, nobody draws ahead.
    """
    with ExitStack() as held:
        try:
            path = Path(django_settings.VAR_DIR) / "drawing-ahead.lock"
            lock = held.enter_context(path.open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            is_mine = False
        else:
            is_mine = True
        yield is_mine


def _is_deadly(kind: str) -> bool:
    """Whether a worker has died over a run of this kind that is still going."""
    return Run.objects.filter(kind=kind, state__in=GOING, crashes__gt=0).exists()


def _next_in_line(run: Run, *, now: datetime) -> dict[int, Run]:
    """Return the next runs that are due and have no list, by playlist.

    Only as urgent ones as this, and only where something may be sent: what cannot
    come soon would be old when it comes.
    """
    waiting = Run.objects.due(now=now).filter(
        ~Exists(_holding(now).filter(run=OuterRef("pk"))),
        kind=run.kind,
        priority__gte=run.priority,
        errors=0,
    )
    held = set(holds.open_holds().values_list("lane", flat=True))
    if "" in held:
        return {}
    needed = waiting.exclude(lane__in=held).only("pk", "subject", "arguments")
    chunk = needed[: batches.CHUNK - 1]
    return {int(one.subject.removeprefix("playlist:")): one for one in chunk}


def _drawable(playlist: Playlist, runs: Collection[int]) -> list[Playlist]:
    others = Playlist.objects.filter(
        pk__in=runs, account__status=Account.Status.ACTIVE
    ).exclude(pk=playlist.pk)
    return [playlist, *others.order_by("pk")]


def _holding(now: datetime) -> QuerySet[PlaylistSnapshot]:
    """Return the planned lists that hold, if their run takes them up today."""
    is_today = Q(batch_tag=planning.batch_tag(now))
    return PlaylistSnapshot.objects.planned().filter(is_today | ~Q(sent_at=None))


def _store(
    run: Run,
    runs: Mapping[int, Run],
    plans: Sequence[tuple[Playlist, Plan]],
    *,
    origin: PlaylistSnapshot.Origin,
    now: datetime,
) -> int:
    """Write the lists of all runs that still wait for one, in one transaction.

    What was cancelled, begun by somebody else or planned otherwise meanwhile is left
    alone. Rows that are held by others are passed over, so this waits for nobody.
    """
    with ledger.fenced(run):
        waiting = Run.objects.filter(
            pk__in=[one.pk for one in runs.values()], state=Run.State.PLANNED
        )
        locked = waiting.order_by("pk").select_for_update(no_key=True, skip_locked=True)
        still = {run.pk, *locked.values_list("pk", flat=True)}
        wanted = [pk for pk, one in runs.items() if one.pk in still]
        free = planning.lock_playlists(wanted, skip_locked=True)
        free -= _planned_already(free, still)
        rows = batches.store_lists(
            [(one, plan) for one, plan in plans if one.pk in free],
            runs=runs,
            origin=origin,
            now=now,
        )
    return len(rows)


def _planned_already(
    playlist_ids: Collection[int], run_ids: Collection[int]
) -> set[int]:
    """Give up plans that nobody will take up; return where one stands that must stay."""
    standing = PlaylistSnapshot.objects.planned().filter(playlist__in=playlist_ids)
    own_or_ended = Q(run__in=run_ids) | ~Q(run__state__in=Run.ACTIVE)
    void = list(
        standing.filter(own_or_ended, sent_at=None).values_list("pk", flat=True)
    )
    if void:
        abandoned = PlaylistSnapshot.State.ABANDONED
        PlaylistSnapshot.objects.filter(pk__in=void).update(state=abandoned)
    return set(standing.values_list("playlist", flat=True))
