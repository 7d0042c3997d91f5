"""`manage.py pause`: stop everything that would write to Spotify."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from automation import holds
from automation.restored import REASON
from vibe_engine import clock


class Command(BaseCommand):
    """Press the stop button from the shell."""

    help = "Stop all pushes to Spotify; runs wait until they are resumed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--reason", default="", help="shown on every page; restored: a backup"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        reason = REASON if options["reason"] == "restored" else options["reason"]
        begun = holds.stop_writing(now=clock.now(), reason=reason)
        self.stdout.write(
            "Pushes are stopped." if begun else "Pushes were stopped already."
        )
