"""`manage.py up`: the whole product as one process tree, for one machine."""

import argparse
import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from vibe_engine.errors import VibeError
from vibe_engine.supervisor.console import Console
from vibe_engine.supervisor.installation import Installation


class Command(BaseCommand):
    """Start broker, pages, worker, beat, engine and, in demo mode, the sandbox."""

    help = "Run everything on this machine until Ctrl-C; tells address and sign-in."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument(
            "--port",
            type=int,
            default=settings.PORT,
            help="of the pages (default 8000); the sandbox takes the next one",
        )
        parser.add_argument(
            "--demo",
            action=argparse.BooleanOptionalAction,
            default=None,
            help="make a demo fleet at the first start (default in demo mode)",
        )
        parser.add_argument(
            "--tied",
            action="store_true",
            help="stop when the process that started this one ends",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop; exit code 0 then, 1 if it cannot run here."""
        port, demo = options["port"], options["demo"]
        if not 1 <= port <= 65_534:
            raise CommandError("--port must be between 1 and 65534.")
        if demo and not settings.DEMO:
            raise CommandError("--demo needs VIBE_MODE=demo; live data stays real.")
        if port != settings.PORT:
            start_again_on(port)
        wanted = settings.DEMO if demo is None else demo
        try:
            Installation(Console(), with_demo=wanted, tied=options["tied"]).run()
        except VibeError as error:
            self.stderr.write(str(error))
            sys.exit(1)


def start_again_on(port: int) -> None:
    """Replace this process by one whose settings are those of `port`."""
    os.environ["PORT"] = str(port)
    os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606
