"""`manage.py ensure_schedules`: create the default schedules that are new here."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from automation import schedules
from vibe_engine import clock


class Command(BaseCommand):
    """Create what is new; never touch what staff have edited, nor bring back."""

    help = "Create the default schedules that are new; leave alone what staff changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--even-deleted",
            action="store_true",
            help="create those again that were deleted",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        even_deleted = bool(options["even_deleted"])
        names = schedules.ensure_defaults(now=clock.now(), even_deleted=even_deleted)
        for name in names:
            self.stdout.write(f"Schedule “{name}” created.")
