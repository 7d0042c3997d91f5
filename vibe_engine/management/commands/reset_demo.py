"""`manage.py reset_demo`: forget a demo, so that the next start makes a new one."""

import shutil
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from vibe_engine.errors import VibeError
from vibe_engine.supervisor.instance import lock_folder


class Command(BaseCommand):
    """Remove the state folder of this port's demo; live data is out of reach."""

    help = "Remove the demo's database, sandbox, secrets and logs."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove it, unless something runs in it."""
        if not settings.DEMO:
            raise CommandError("Only a demo can be reset.")
        try:
            with lock_folder(settings.VAR_DIR, told="being reset"):
                shutil.rmtree(settings.VAR_DIR)
        except VibeError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{settings.VAR_DIR} is empty again.")
