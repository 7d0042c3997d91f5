"""`manage.py resume`: let go on what a stop holds back."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from automation import holds
from vibe_engine import clock
from vibe_engine.errors import ConflictError


class Command(BaseCommand):
    """Take the stop back from the shell."""

    help = "Resume pushes to Spotify that were stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = holds.resume_writing(now=clock.now())
        except ConflictError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Pushes go on; {count:,} waiting runs were set free.")
