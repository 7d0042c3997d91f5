"""A bulk reshuffle on one worker: drawn, ordered and written."""

import time
from typing import Any

from django.db import transaction

from automation import runtime
from metrics.bench.data import World
from metrics.bench.measure import peak_mb
from metrics.bench.sampler import Subject, barred_tracks, check
from playlists.models import Playlist, PlaylistSnapshot
from playlists.services import batches
from playlists.services.planning import Plan

CHECKED = 50


def measure(world: World) -> dict[str, Any]:
    """Draw, order and store a list for every playlist; check some of them.

    :raises BenchError: a list is short or breaks a rule.
    """
    playlists = list(Playlist.objects.order_by("pk"))
    barred = {
        one.pk: barred_tracks(Subject(world, one, 0))
        for one in playlists[:: max(1, len(playlists) // CHECKED)]
    }
    started, cpu = time.perf_counter(), time.process_time()
    stored = 0
    for start in range(0, len(playlists), batches.CHUNK):
        stored += _one_chunk(playlists[start : start + batches.CHUNK], world)
    seconds, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    peak = peak_mb()
    for pk, kept_out in barred.items():
        plan = PlaylistSnapshot.objects.planned().get(playlist=pk)
        check(plan.track_ids(), kept_out, all_artists=True)
    return {
        "tracks": world.tracks,
        "playlists": world.playlists,
        "stored": stored,
        "seconds": round(seconds, 2),
        "cpu_s": round(cpu_s, 2),
        "peak_mb": round(peak, 1),
    }


def _one_chunk(chunk: list[Playlist], world: World) -> int:
    drawn = batches.draw_lists(
        playlists=chunk,
        settings=runtime.load(),
        now=world.now,
        seeds={playlist.pk: playlist.pk for playlist in chunk},
    )
    plans = [(one, plan) for one, plan in drawn if isinstance(plan, Plan)]
    with transaction.atomic():
        rows = batches.store_lists(
            plans, origin=PlaylistSnapshot.Origin.RESHUFFLE, now=world.now
        )
    return len(rows)
