"""`manage.py ensure_schedules`: create the default schedules that are missing."""

from typing import Any

from django.core.management.base import BaseCommand

from automation import schedules
from vibe_engine import clock


class Command(BaseCommand):
    """Create what is missing; never touch what staff have edited."""

    help = "Create the default schedules that are missing."

    def handle(self, *args: Any, **options: Any) -> None:
        for name in schedules.ensure_defaults(now=clock.now()):
            self.stdout.write(f"Schedule “{name}” created.")
