"""One list: the draw, the order, the write, and the same by other means."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from statistics import mean
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from automation import runtime
from automation.runtime import RuntimeSettings
from library.models import TrackArtist
from metrics.bench import baselines
from metrics.bench.annealing import Compared, compare
from metrics.bench.data import INTERVAL_DAYS, World
from metrics.bench.database import BenchError
from metrics.bench.measure import Stopwatch, peak_mb
from playlists import sampler
from playlists.effective import rules_for
from playlists.models import Playlist, PlaylistSnapshot
from playlists.sampler.attempt import Attempt
from playlists.sampler.rest import RestTable
from playlists.services import planning, pushing, resting, stock

RUNS = 60
WARM_UP = 3
SLOW_MS = 100
"""What takes longer takes part in every tenth run, and in no more when `MOST_MS` of
its time are spent."""
MOST_MS = 12_000
RUNS_AN_ANNEALING = 6
STEPS = (
    *("bare_read", "cooldown_read", "pick", "select", "draw"),
    *("sequence", "end_to_end"),
)
REPEATS = 5
"""Each quick step is done so often in a row, with other seeds: warm, as in bulk."""
BASELINES: dict[str, Callable[[baselines.Rest], list[int] | None]] = {
    "order_by_random": baselines.order_by_random,
    "one_statement": baselines.one_statement,
    "list_and_sample": baselines.list_and_sample,
    "beets": baselines.beets_random,
}


class Subject:
    """The product's own steps for one playlist, each callable by itself."""

    def __init__(self, world: World, playlist: Playlist, number: int) -> None:
        self.world = world
        self.playlist = playlist
        self.settings: RuntimeSettings = runtime.load()
        self.rules = rules_for(playlist, self.settings)
        self.seed = (number, playlist.pk, sampler.day_of(world.now))

    def find(self) -> stock.Stock:
        """Return the compiled pool, as every draw does."""
        return stock.find_stock(
            rules=self.rules, collection_ids=(), on=self.world.now.date()
        )

    def rest(self, found: stock.Stock) -> RestTable:
        """Read what rests, down to the rows of the library."""
        read = resting.read_resting(
            self.playlist,
            cooldown_days=self.rules.cooldown_days,
            now=self.world.now,
            library=found.library,
        )
        return RestTable.of(found.library, read)

    def pick(self, found: stock.Stock, rest: RestTable) -> list[int]:
        """Pick rows, without a report."""
        attempt = Attempt(found.pool, rest, self.seed)
        attempt.draw_under_all_rules()
        return attempt.picks.rows

    def bare_read(self) -> list[resting.DatedPlan]:
        """Ask the database for the lists that matter, and no more."""
        return resting.read_plans(
            self.playlist, cooldown_days=self.rules.cooldown_days, now=self.world.now
        )

    def select(self, found: stock.Stock) -> list[int]:
        """Read what rests and pick."""
        return self.pick(found, self.rest(found))

    def draw(self, found: stock.Stock) -> sampler.Draw:
        """Read what rests and draw, with the report."""
        read = resting.read_resting(
            self.playlist,
            cooldown_days=self.rules.cooldown_days,
            now=self.world.now,
            library=found.library,
        )
        return sampler.draw(found.library, self.rules, read, self.seed, pool=found.pool)

    def order(self, found: stock.Stock, drawn: sampler.Draw) -> list[int]:
        """Put a drawn list in order."""
        return sampler.sequence(found.library, drawn.rows, self.rules, self.seed)[0]

    def end_to_end(self) -> list[int]:
        """Draw, order, store and confirm a list."""
        now = self.world.now
        plan = planning.draw_list(
            playlist=self.playlist, settings=self.settings, now=now, seed=self.seed[0]
        )
        with transaction.atomic():
            snapshot = planning.new_snapshot(
                playlist=self.playlist,
                origin=PlaylistSnapshot.Origin.RESHUFFLE,
                now=now,
                **plan.columns(),
            )
            snapshot.save(force_insert=True)
            pushing.confirm(
                snapshot,
                self.playlist,
                remote_version="bench",
                settings=self.settings,
                now=now,
            )
        return plan.track_ids


def measure(world: World, *, runs: int = RUNS) -> dict[str, Any]:
    """Measure the product's steps and the baselines in turn; check every list.

    The orders of a few runs are compared with those of a long annealing.

    :raises BenchError: a list is short, holds a track twice, one that rests, or too
        many by one artist.
    """
    watch, peak = Stopwatch(), 0.0
    compared: list[Compared | None] = []
    playlists = list(Playlist.objects.order_by("pk"))
    for number in range(-WARM_UP, runs):
        used = watch if number >= 0 else Stopwatch()
        subject = Subject(world, playlists[number % len(playlists)], number + WARM_UP)
        drawn = _measure_subject(subject, used)
        if number == -1:
            peak = peak_mb()
        if number >= 0:
            _measure_baselines(subject, watch, number)
        if number >= 0 and number % RUNS_AN_ANNEALING == 0:
            compared.append(_compare(subject, drawn, number))
    queries = _count_queries(Subject(world, playlists[0], 0))
    return (
        _figures(world, watch)
        | _order_figures(compared)
        | {
            "runs": runs,
            "queries": queries,
            "peak_mb": round(peak, 1),
        }
    )


def build(world: World) -> dict[str, Any]:
    """Build the columns once, as the first process of a new version does."""
    watch = Stopwatch()
    subject = Subject(world, Playlist.objects.order_by("pk")[0], 0)
    watch.time("build", subject.find)
    return {"build_ms": round(watch.median("build")), "peak_mb": round(peak_mb(), 1)}


def _measure_subject(subject: Subject, watch: Stopwatch) -> sampler.Draw:
    """Time each step several times, check every list; return the last draw."""
    found, barred = subject.find(), barred_tracks(subject)
    lists: list[list[int]] = []
    draws: list[sampler.Draw] = []
    for turn in range(REPEATS):
        subject.seed = (subject.seed[0], turn, subject.seed[2])
        watch.time("bare_read", subject.bare_read)
        rest = watch.time("cooldown_read", partial(subject.rest, found))
        lists.append(watch.time("select", partial(subject.select, found)))
        draws.append(watch.time("draw", partial(subject.draw, found)))
    for turn in range(REPEATS):
        subject.seed = (subject.seed[0], turn, subject.seed[2])
        lists.append(watch.time("pick", partial(subject.pick, found, rest)))
    for drawn in draws:
        watch.time("sequence", partial(subject.order, found, drawn))
        check(list(drawn.track_ids), barred, all_artists=True)
    for rows in lists:
        check(found.library.track_ids[rows].tolist(), barred, all_artists=True)
    listed = watch.time("end_to_end", subject.end_to_end)
    check(listed, barred, all_artists=True)
    return drawn


def _compare(subject: Subject, drawn: sampler.Draw, number: int) -> Compared | None:
    found = subject.find()
    order = subject.order(found, drawn)
    return compare(found.library, subject.rules, order, seed=number)


def _measure_baselines(subject: Subject, watch: Stopwatch, number: int) -> None:
    """Time each of the others; slow ones take part in few of the runs."""
    days = subject.rules.cooldown_days + INTERVAL_DAYS
    since = subject.world.now - timedelta(days=days, hours=1)
    rest = baselines.Rest(subject.playlist.pk, since)
    barred = barred_tracks(subject)
    for name, baseline in BASELINES.items():
        if not _takes_part(watch.wall[name], number):
            continue
        chosen = watch.time(name, partial(baseline, rest))
        if chosen is None:
            watch.wall.pop(name)
            continue
        check(chosen, barred, all_artists=name == "order_by_random")
        if name == "list_and_sample":
            _write_naively(subject, chosen, watch)


def _takes_part(times: list[float], number: int) -> bool:
    if not times or max(times) < SLOW_MS:
        return True
    return number % 10 == 0 and sum(times) < MOST_MS


def _write_naively(subject: Subject, chosen: list[int], watch: Stopwatch) -> None:
    with transaction.atomic():
        snapshot = PlaylistSnapshot.objects.create(
            playlist=subject.playlist,
            origin=PlaylistSnapshot.Origin.RESHUFFLE,
            state=PlaylistSnapshot.State.ABANDONED,
            batch_tag=planning.batch_tag(subject.world.now),
            planned_at=subject.world.now,
            plan=b"",
        )
        watch.time("naive_write", lambda: baselines.write_naively(snapshot, chosen))


def barred_tracks(subject: Subject) -> set[int]:
    """Return the tracks that may not be drawn, read from the lists themselves."""
    barred: set[int] = set()
    today = sampler.day_of(subject.world.now)
    for snapshot in subject.playlist.snapshots.confirmed():
        left = snapshot.replaced_at
        days = 0 if left is None else today - sampler.day_of(left)
        if left is None or days < subject.rules.cooldown_days:
            barred.update(snapshot.track_ids())
    return barred


def check(track_ids: list[int], barred: set[int], *, all_artists: bool) -> None:
    """Check a list before its time counts.

    :raises BenchError: it is not what was asked for.
    """
    credits = TrackArtist.objects.filter(track__in=track_ids)
    if not all_artists:
        credits = credits.filter(position=1)
    counts = Counter(credits.values_list("artist_id", flat=True))
    wrongs = {
        "short": len(track_ids) != baselines.SIZE,
        "double": len(set(track_ids)) != len(track_ids),
        "resting": not barred.isdisjoint(track_ids),
        "over the cap": max(counts.values(), default=0) > baselines.CAP,
    }
    if any(wrongs.values()):
        names = ", ".join(name for name, is_wrong in wrongs.items() if is_wrong)
        raise BenchError(f"A list that was measured is wrong: {names}.")


def _count_queries(subject: Subject) -> int:
    with CaptureQueriesContext(connection) as queries:
        subject.select(subject.find())
    return len(queries)


def _figures(world: World, watch: Stopwatch) -> dict[str, Any]:
    select, end_to_end = watch.median("select"), watch.median("end_to_end")
    naive = watch.median("list_and_sample") + watch.median("naive_write")
    times = {f"{name}_ms": round(watch.median(name), 3) for name in STEPS}
    cpu = {f"{name}_cpu_ms": round(watch.cpu_median(name), 3) for name in STEPS}
    others = {
        f"{name}_ms": round(watch.median(name), 2) if watch.wall.get(name) else None
        for name in BASELINES
    }
    return {
        "tracks": world.tracks,
        **times,
        **cpu,
        "pick_p95_ms": round(watch.p95("pick"), 3),
        "select_p95_ms": round(watch.p95("select"), 3),
        "sequence_p95_ms": round(watch.p95("sequence"), 3),
        **others,
        "ratio_select_cooldown_read": round(select / watch.median("cooldown_read"), 2),
        "ratio_select_bare_read": round(select / watch.median("bare_read"), 2),
        "ratio_order_by_random": round(watch.median("order_by_random") / select, 1),
        "ratio_one_statement": round(watch.median("one_statement") / select, 1),
        "ratio_naive_end_to_end": round(naive / end_to_end, 1),
        "waited": round(watch.waited("sequence"), 3),
    }


def _order_figures(compared: list[Compared | None]) -> dict[str, Any]:
    known = [one for one in compared if one is not None]
    if not known:
        return {}
    return {
        "annealing_ratio": round(mean(one.annealing_ratio for one in known), 3),
        "random_ratio": round(mean(one.random_ratio for one in known), 3),
        "separation_breaches": sum(one.is_breach for one in known),
    }
