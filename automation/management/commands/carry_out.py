"""`manage.py carry_out`: one run in a process of its own, started by a worker."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from automation import apart, worker


class Command(BaseCommand):
    """Carry out one due run here, and end with it."""

    help = "Carry out one run that workers have died with, apart from all others."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", type=int, help="the number of the run")

    def handle(self, *args: Any, **options: Any) -> None:
        worker.work_here(options["run"], name=apart.name(os.getpid()))
