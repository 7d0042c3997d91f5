"""`manage.py import_features`: audio features out of a CSV file."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from library import services
from library.services import Judged
from vibe_engine import clock
from vibe_engine.errors import VibeError


@dataclass
class Sum:
    """What became of a file: tracks stored, lines by verdict, lines to mend."""

    stored: int = 0
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[dict[str, object]] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)

    def add(self, judged: Judged, stored: int, *, after: int) -> None:
        """Add a part of the file whose lines come after so many others."""
        self.stored += stored
        for kind, count in judged.counts.items():
            self.lines[kind.value] = self.lines.get(kind.value, 0) + count
        self.problems += [
            {"line": after + verdict.line.number, "problem": verdict.words}
            for verdict in judged.problems
        ]
        header, *rest = services.rest_of(judged).split("\n")
        self.rest += rest if self.rest or not rest else [header, *rest]


class Command(BaseCommand):
    """Store the good lines of a file and name the others."""

    help = (
        "Reads audio features from a CSV file with a header: track (a Spotify id, a "
        "link or an ISRC) and any of the features. Good lines are stored, the others "
        "are named with their line and the reason."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("file", nargs="?", help="a CSV file; - is standard input")
        parser.add_argument(
            "--template",
            action="store_true",
            help="print a file to fill in, with the tracks that lack features",
        )
        parser.add_argument(
            "--check", action="store_true", help="judge each line and store nothing"
        )
        parser.add_argument(
            "--rest", type=Path, help="write the lines that were not taken to this file"
        )
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object at the end"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import a file, or print a template; fail if a line was not taken."""
        if options["template"]:
            self.stdout.write("".join(services.template_lines()), ending="")
            return
        if not options["file"]:
            raise CommandError("Name a CSV file, - for a pipe, or --template.")
        total = self._import(_read(options["file"]), is_check=options["check"])
        if options["rest"] and total.rest:
            _write(options["rest"], total.rest)
        self._report(total, options)
        if total.problems:
            raise CommandError(f"{len(total.problems):,} lines were not taken.")

    def _import(self, text: str, *, is_check: bool) -> Sum:
        total = Sum()
        try:
            for part, after in services.parts_of(text):
                judged = services.judge_file(text=part)
                stored = 0
                if not is_check:
                    stored = services.import_features(judged=judged, now=clock.now())
                total.add(judged, stored, after=after)
        except VibeError as error:
            raise CommandError(str(error)) from error
        return total

    def _report(self, total: Sum, options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "stored": total.stored,
                        "lines": total.lines,
                        "problems": total.problems,
                    }
                )
            )
            return
        for problem in total.problems:
            self.stderr.write(f"line {problem['line']}: {problem['problem']}")
        self.stdout.write(f"{total.stored:,} tracks have the imported values now.")


def _read(name: str) -> str:
    if name == "-":
        return sys.stdin.read().replace("\0", "")
    try:
        return Path(name).read_text(encoding="utf-8-sig").replace("\0", "")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise CommandError(f"{name} cannot be read: {reason}.") from error


def _write(path: Path, lines: list[str]) -> None:
    try:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
