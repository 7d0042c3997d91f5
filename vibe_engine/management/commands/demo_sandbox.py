"""`manage.py demo_sandbox`: the demo's sandbox by itself, as containers need it."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from vibe_engine.supervisor import programs


class Command(BaseCommand):
    """Become the sandbox that `manage.py up` starts, with the demo's two apps."""

    help = "Run the demo's sandbox, with the apps that the demo's secrets name."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the address."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.PORT + 1)

    def handle(self, *args: Any, **options: Any) -> None:
        """Replace this process by the sandbox."""
        if not settings.DEMO:
            raise CommandError("Only a demo has a sandbox; live mode uses Spotify.")
        argv = programs.sandbox(host=options["host"], port=options["port"]).argv
        os.execv(argv[0], argv)  # noqa: S606
