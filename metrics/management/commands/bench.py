"""`manage.py bench`: measures draws and pages on a throwaway database."""

import json
import os
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from metrics.bench import bulk, pages, sampler, verdicts
from metrics.bench.data import LIST_SIZE, World, write_world
from metrics.bench.database import BenchError, database_url, throwaway_database
from metrics.bench.fleetdata import write_fleet
from metrics.bench.measure import load, machine, share_in_use, why_busy
from vibe_engine import clock
from vibe_engine.errors import VibeError
from vibe_engine.settling import PAGE_PGOPTIONS

SAMPLER_PLAYLISTS = 60
SAMPLER_SNAPSHOTS = 20
LEAST_SNAPSHOTS = 4
TRACKS = {"pages": 1_000_000}
HISTORY = {"pages": 10_000_000}
RUNS = {"pages": pages.ROUNDS}


class Command(BaseCommand):
    """Measure the draw, a bulk of draws, or the pages, beside what others take."""

    help = (
        "Measures draws or pages on a database of its own, which it makes and drops. "
        "Every list is checked before its time counts."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what to measure, how large, and where."""
        parser.add_argument("what", choices=("sampler", "bulk", "pages"))
        parser.add_argument(
            "--tracks",
            type=int,
            nargs="+",
            metavar="N",
            help="10,000; for pages a million; several for the growth between them",
        )
        parser.add_argument("--playlists", type=int, help="bulk, pages: (1000)")
        parser.add_argument(
            "--history", type=int, help="rows of history; rounded to whole lists"
        )
        parser.add_argument("--runs", type=int, help="how often each thing is timed")
        parser.add_argument(
            "--database", choices=("postgresql", "sqlite"), default="postgresql"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--measure", help="for the bench's own worker")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write a library, measure in a process of its own, print the figures."""
        what = options["what"]
        sizes = options["tracks"] or [TRACKS.get(what, 10_000)]
        options["runs"] = options["runs"] or RUNS.get(what, sampler.RUNS)
        if options["history"] is None:
            options["history"] = HISTORY.get(what)
        try:
            if options["measure"]:
                self.stdout.write(json.dumps(_measure(options)))
                return
            each = [self._on_own_database(options | {"tracks": n}) for n in sizes]
        except VibeError as error:
            raise CommandError(str(error)) from error
        grown = verdicts.growth(each) if what == "sampler" else []
        if options["json"]:
            more = {"sizes": each, "growth": grown} if len(each) > 1 else {}
            self.stdout.write(json.dumps(each[-1] | more))
            return
        for figures in each:
            self._print(figures)
        if grown:
            self._print_lines(verdicts.table("Growth", grown))

    def _print(self, figures: dict[str, Any]) -> None:
        goals = figures.pop("goals", None)
        self._print_lines(pages.table(figures.pop("pages", ())))
        reasons = figures.pop("busy_because")
        for name, value in figures.items():
            self.stdout.write(f"{name:28} {value}")
        if goals is not None:
            title = f"{figures['tracks']:,} tracks, {figures['database']}"
            self._print_lines(verdicts.table(title, goals))
        for reason in reasons:
            self.stderr.write(f"Not for the record: {reason}")

    def _print_lines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.stdout.write(line)

    def _on_own_database(self, options: dict[str, Any]) -> dict[str, Any]:
        if options["tracks"] < LIST_SIZE:
            raise BenchError(f"At least {LIST_SIZE} tracks, please.")
        before, share = load(), share_in_use()
        with throwaway_database(options["database"]) as name:
            world = _write(options)
            built: dict[str, Any] = {}
            if options["what"] != "pages":
                built = _in_worker("build", world, options)
            figures = _in_worker(options["what"], world, options)
        reasons = why_busy(share=share, waited=figures.get("waited"))
        if options["what"] == "sampler":
            figures["goals"] = verdicts.verdicts(figures)
        return {
            "database": name,
            **figures,
            "build_ms": built.get("build_ms"),
            "build_peak_mb": built.get("peak_mb"),
            "history": world.playlists * world.snapshots * LIST_SIZE,
            "machine": machine(),
            "load_before": round(before, 2),
            "busy": bool(reasons),
            "busy_because": reasons,
        }


def _write(options: dict[str, Any]) -> World:
    is_sampler = options["what"] == "sampler"
    playlists = options["playlists"] or (SAMPLER_PLAYLISTS if is_sampler else 1_000)
    snapshots = SAMPLER_SNAPSHOTS
    if options["history"] is not None:
        snapshots = options["history"] // (playlists * LIST_SIZE)
    write = write_fleet if options["what"] == "pages" else write_world
    return write(
        tracks=options["tracks"],
        playlists=playlists,
        snapshots=max(snapshots, LEAST_SNAPSHOTS),
        now=clock.now(),
    )


def _in_worker(what: str, world: World, options: dict[str, Any]) -> dict[str, Any]:
    """Measure in a process that has written nothing, so that its memory is its own."""
    argv = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "bench"]
    argv += [options["what"], "--runs", str(options["runs"])]
    told = asdict(world) | {"what": what, "now": world.now.isoformat()}
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "VIBE_VAR_DIR": str(settings.VAR_DIR),
        "VIBE_MODE": settings.VIBE_MODE,
    }
    if what == "pages":
        environment["PGOPTIONS"] = PAGE_PGOPTIONS
    done = subprocess.run(
        [*argv, "--measure", json.dumps(told)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchError(done.stderr.strip()[-2_000:])
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _measure(options: dict[str, Any]) -> dict[str, Any]:
    told = json.loads(options["measure"])
    what, now = told.pop("what"), datetime.fromisoformat(told.pop("now"))
    world = World(**told, now=now)
    if what == "bulk":
        return bulk.measure(world)
    if what == "pages":
        return pages.measure(world, rounds=options["runs"])
    if what == "sampler":
        return sampler.measure(world, runs=options["runs"])
    return sampler.build(world)
