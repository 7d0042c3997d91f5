"""`manage.py rotate_keys`: every stored secret under the current key."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from accounts.services import rotating
from accounts.services.rotating import Tally
from vibe_engine import crypto

LARGEST_BATCH = 10_000


class Command(BaseCommand):
    """Seal tokens and client secrets anew, with the first key of TOKEN_KEYS."""

    help = (
        "Encrypts every stored secret with the first key of TOKEN_KEYS. Safe while "
        "everything runs, and to be stopped and repeated at any time. Exit code 1 if "
        "something cannot be read or was left."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--dry-run", action="store_true", help="read everything, change nothing"
        )
        parser.add_argument(
            "--batch", type=int, default=200, help="rows read at a time (default 200)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate, say what was done and name what could not be."""
        batch, dry_run = options["batch"], options["dry_run"]
        if not 1 <= batch <= LARGEST_BATCH:
            raise CommandError(f"--batch must be between 1 and {LARGEST_BATCH:,}.")
        tally = self._rotate(batch, dry_run=dry_run)
        for sentence in tally.unreadable:
            self.stderr.write(sentence)
        self.stdout.write(_words(tally, dry_run=dry_run))
        if not tally.is_complete:
            raise CommandError(_what_is_left(tally))

    def _rotate(self, batch: int, *, dry_run: bool) -> Tally:
        """Carry it out with a bar, on a terminal only."""
        if not self.stdout.isatty():
            return rotating.rotate_keys(batch=batch, dry_run=dry_run)
        columns = ("{task.description}", BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn()) as bar:
            task = bar.add_task("Rows", total=rotating.count_rows())
            return rotating.rotate_keys(
                batch=batch,
                dry_run=dry_run,
                progress=lambda rows: bar.update(task, completed=rows),
            )


def _words(tally: Tally, *, dry_run: bool) -> str:
    verb = "would be sealed anew" if dry_run else "sealed anew"
    key_id, _ = crypto.keys().current()
    return (
        f"{tally.rows:,} row{'' if tally.rows == 1 else 's'}: "
        f"{tally.resealed:,} secret{'' if tally.resealed == 1 else 's'} {verb} with "
        f"the key “{key_id}”, {tally.current:,} had it already, "
        f"{len(tally.unreadable):,} unreadable."
    )


def _what_is_left(tally: Tally) -> str:
    sentences = []
    if tally.unreadable:
        sentences.append(
            f"{len(tally.unreadable):,} cannot be read. Put the missing key back into "
            "TOKEN_KEYS and repeat, or connect these accounts again."
        )
    if tally.overtaken:
        sentences.append(f"{tally.overtaken:,} rows kept changing; repeat it.")
    return " ".join(sentences)
