"""`manage.py ingest`: take albums in from the shell or from cron."""

import json
import re
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts import services as account_services
from automation import causes
from automation.models import Run
from library import services
from library.hosts import album_hosts
from library.management.waiting import work_here
from vibe_engine import clock
from vibe_engine.errors import VibeError

UNFINISHED = (Run.State.FAILED, Run.State.BLOCKED, Run.State.CANCELLED)


class Command(BaseCommand):
    """Read albums from Spotify into the library."""

    help = (
        "Reads albums from Spotify into the library. Albums that are there already "
        "are refreshed. One call per album of up to 50 tracks."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options; the text comes from one source."""
        parser.add_argument(
            "links",
            nargs="*",
            metavar="URL",
            help="album links, URIs or ids; a single - reads from standard input",
        )
        parser.add_argument(
            "--file",
            type=Path,
            help="a text with a link on each line; lines starting with # are skipped",
        )
        parser.add_argument("--account", help="primary key, Spotify id or profile URL")
        parser.add_argument("--collection", help="put the albums into it, new or not")
        parser.add_argument(
            "--skip-known", action="store_true", help="do not refresh what is there"
        )
        parser.add_argument(
            "--skip-bad",
            action="store_true",
            help="leave out lines without an album instead of sending nothing",
        )
        parser.add_argument(
            "--wait", action="store_true", help="carry it out here; fail if any fails"
        )
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object at the end"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check everything, then open the runs, and work on them with `--wait`."""
        try:
            opened = self._open(options)
        except VibeError as error:
            raise CommandError(str(error)) from error
        runs = self._work(opened.run, options) if opened.run else []
        self._report(opened, runs, options)
        failed = sum(run.state in UNFINISHED for run in runs)
        if options["wait"] and failed:
            raise CommandError(f"{failed} of {len(runs)} albums could not be read.")

    def _open(self, options: dict[str, Any]) -> services.Opened:
        source, text = self._source(options)
        preview = services.preview_ingest(
            text=text, refresh=not options["skip_known"], hosts=album_hosts()
        )
        self._check(preview, source, options)
        account = options["account"]
        return services.open_ingest(
            preview=preview,
            account=account_services.find_account(account) if account else None,
            collection_name=options["collection"] or "",
            now=clock.now(),
        )

    def _source(self, options: dict[str, Any]) -> tuple[str, str]:
        """Return what the lines are called in messages, and the text."""
        links, file = options["links"], options["file"]
        if bool(links) == (file is not None):
            raise CommandError("Give album links, or --file FILE, or - for a pipe.")
        if links == ["-"]:
            return "standard input, line", _without_comments(sys.stdin.read())
        if links:
            return "link", "\n".join(links)
        try:
            text = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise CommandError(f"{file} cannot be read: {reason}.") from error
        return f"{file}, line", _without_comments(text)

    def _check(
        self, preview: services.Preview, source: str, options: dict[str, Any]
    ) -> None:
        problems = preview.problems
        if not problems or (options["skip_bad"] and preview.usable):
            return
        first = problems[0]
        more = f"{len(problems) - 1:,} more are bad. " if len(problems) > 1 else ""
        raise CommandError(
            f"{source} {first.line_number}: {first.problem} {more}Nothing was sent."
        )

    def _work(self, bulk: Run, options: dict[str, Any]) -> Sequence[Run]:
        children = bulk.children.order_by("pk")
        if not options["wait"]:
            return list(children)
        ids = list(children.values_list("pk", flat=True))
        return work_here(ids, what=bulk.title, stdout=self.stdout)

    def _report(
        self, opened: services.Opened, runs: Sequence[Run], options: dict[str, Any]
    ) -> None:
        summary = _summary(opened, runs)
        if options["json"]:
            self.stdout.write(json.dumps(summary))
            return
        for failure in summary["failed"]:
            self.stderr.write(f"{failure['album']}: {failure['error']}")
        self.stdout.write(_words(opened, summary))


def _without_comments(text: str) -> str:
    """Blank out comment lines; the others keep their numbers."""
    return re.sub(r"(?m)^[ \t]*#.*$", "", text)


def _summary(opened: services.Opened, runs: Sequence[Run]) -> dict[str, Any]:
    done = [run for run in runs if run.state == Run.State.DONE]
    return {
        "run": opened.run.pk if opened.run else None,
        "albums": len(runs),
        "done": len(done),
        "waiting": sum(run.state in Run.ACTIVE for run in runs),
        "failed": [
            {
                "album": run.arguments["album"],
                "error": causes.in_one_line(run, say_time=causes.in_utc),
            }
            for run in runs
            if run.state in UNFINISHED
        ],
        "placed": opened.placed,
        "new_tracks": sum(run.result.get("new_tracks", 0) for run in done),
        "refreshed_tracks": sum(run.result.get("refreshed_tracks", 0) for run in done),
    }


def _words(opened: services.Opened, summary: dict[str, Any]) -> str:
    placed = summary["placed"]
    if opened.run is None:
        return f"Nothing had to be read; {placed:,} placed in the collection."
    if not summary["done"] + len(summary["failed"]):
        address = f"{settings.PUBLIC_BASE_URL}{opened.run.get_absolute_url()}"
        return f"{summary['waiting']:,} albums are being read: {address}"
    waiting = f", {summary['waiting']:,} waiting" if summary["waiting"] else ""
    return (
        f"{summary['done']:,} of {summary['albums']:,} albums read: "
        f"{summary['new_tracks']:,} new tracks, "
        f"{summary['refreshed_tracks']:,} refreshed{waiting}."
    )
