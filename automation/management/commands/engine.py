"""`manage.py engine`: the process that keeps everything going."""

import logging
import signal
from typing import Any

from django.core.management.base import BaseCommand

from automation.engine import Engine

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Run the engine until it is told to stop."""

    help = "Ring due runs, take back lost ones, open schedule slots; one leads."

    def handle(self, *args: Any, **options: Any) -> None:
        engine = Engine()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: engine.stop.set())
        logger.info("Engine %s is up.", engine.name)
        engine.run()
