"""`manage.py engine`: the process that keeps everything going."""

import signal
from typing import Any

from django.core.management.base import BaseCommand

from automation.engine import Engine


class Command(BaseCommand):
    """Run the engine until it is told to stop."""

    help = "Ring due runs, take back lost ones, open schedule slots; one leads."

    def handle(self, *args: Any, **options: Any) -> None:
        engine = Engine()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: engine.stop.set())
        self.stdout.write(f"Engine {engine.name} is up.")
        engine.run()
