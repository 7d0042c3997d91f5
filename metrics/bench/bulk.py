"""A bulk reshuffle on one worker: drawn, ordered and written."""

import time
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from automation import ledger, runtime
from automation.models import Run
from metrics.bench.data import World
from metrics.bench.database import BenchError
from metrics.bench.measure import peak_mb
from metrics.bench.memory import Memory, watched_memory
from metrics.bench.sampler import Subject, barred_tracks, check
from playlists.models import Playlist, PlaylistSnapshot
from playlists.services import ahead, batches, opening, planning, reshuffling
from playlists.services.opening import Wish
from vibe_engine import clock

CHECKED = 50
KIND = reshuffling.KIND


def measure(world: World) -> dict[str, Any]:
    """Draw, order and store a list for the run of every playlist; check some of them.

    The runs are opened before, and nothing is sent: what is timed is what a worker
    does for all of them before the first call. `peak_mb` is the process's own memory
    at its highest; `mapped_mb` are pages of files (program code, columns of the
    library), one copy for all processes of a machine.

    :raises BenchError: a list is missing, short or breaks a rule.
    """
    _open_runs(world)
    before = Memory.now()
    started, cpu = time.perf_counter(), time.process_time()
    with watched_memory() as most:
        stored = _draw_all()
    seconds, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    after, peak = Memory.now(), peak_mb()
    _check_some(world)
    return {
        "tracks": world.tracks,
        "playlists": world.playlists,
        "stored": stored,
        "seconds": round(seconds, 2),
        "cpu_s": round(cpu_s, 2),
        "peak_mb": round(max(most), 1),
        "before_mb": round(before.own_mb, 1),
        "mapped_mb": round(after.mapped_mb, 1),
        "rss_peak_mb": round(peak, 1),
    }


def _check_some(world: World) -> None:
    """Check the lists of some playlists, evenly spaced."""
    for playlist in Playlist.objects.order_by("pk")[
        :: max(1, world.playlists // CHECKED)
    ]:
        plan = PlaylistSnapshot.objects.planned().get(playlist=playlist)
        barred = barred_tracks(Subject(world, playlist, 0))
        check(plan.track_ids(), barred, all_artists=True)


def _open_runs(world: World) -> None:
    """Open a reshuffle of each, without telling the workers that run elsewhere."""
    wish, now = Wish(kind=KIND, verb="Reshuffle"), clock.now()
    playlists = Playlist.objects.select_related("account__app").order_by("pk")
    for start in range(0, world.playlists, batches.CHUNK):
        Run.objects.bulk_create(
            opening.spec_for(wish, one).draft(now=now, requested_by=None)
            for one in playlists[start : start + batches.CHUNK]
        )


def _draw_all() -> int:
    """Let the first run without a list draw ahead until there is none."""
    stored, now = 0, clock.now()
    while (run := _without_list().first()) is not None:
        claimed = ledger.claim(run.pk, worker="bench")
        if claimed is None:
            raise BenchError("A run of the bench could not be claimed.")
        stored += _draw_for(claimed, now=now)
    return stored


def _draw_for(run: Run, *, now: datetime) -> int:
    """Do for a run what its job does before the first call; count the lists."""
    pk = run.subject.removeprefix("playlist:")
    asked: dict[str, Any] = {
        "run": run,
        "playlist": Playlist.objects.get(pk=pk),
        "origin": PlaylistSnapshot.Origin.RESHUFFLE,
        "settings": runtime.load(),
        "now": now,
    }
    drawn_ahead = ahead.draw_ahead(**asked)
    planning.plan_list(**asked)
    return drawn_ahead or 1


def _without_list() -> QuerySet[Run]:
    lists = PlaylistSnapshot.objects.planned().filter(run=OuterRef("pk"))
    return Run.objects.due(now=clock.now()).filter(~Exists(lists), kind=KIND)
