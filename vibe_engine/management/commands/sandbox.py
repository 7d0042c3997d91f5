"""`manage.py sandbox`: the sandbox through Django's door."""

from argparse import Namespace
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vibe_engine.sandbox import cli


class Command(BaseCommand):
    """Serve a local Spotify until stopped."""

    help = "Run the sandbox: a local Spotify, reached over HTTP."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the sandbox's own options."""
        cli.add_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Serve until SIGINT or SIGTERM."""
        try:
            cli.run(Namespace(**options), cast("TextIO", self.stdout))
        except cli.StartError as error:
            raise CommandError(str(error)) from error
