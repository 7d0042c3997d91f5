"""`manage.py seed_demo`: a demo fleet with a past, made through the real path."""

import argparse
import io
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import BarColumn, Progress, TaskProgressColumn

from automation.models import Run
from library.models import Track
from metrics.demo.control import Control
from metrics.demo.past import Past
from metrics.demo.plan import Scale
from metrics.demo.story import Story, Tell, is_told
from metrics.pictures.words import counted
from playlists.models import Playlist, PlaylistSnapshot
from vibe_engine.errors import VibeError

logger = logging.getLogger(__name__)

CUT_SHORT = (
    "The making of the demo fleet was cut short, so it is not whole; the clock is "
    "right again. `make reset` forgets it, and the next start makes a new one."
)
RANGES = {
    "accounts": (1, 20),
    "albums": (5, 500),
    "playlists": (1, 200),
    "days": (1, 150),
}


class Command(BaseCommand):
    """Fill an empty demo: accounts, albums, playlists and weeks of reshuffles."""

    help = (
        "Makes a demo fleet on the sandbox, with a past: the clock is moved back and "
        "every day is lived through. Does nothing where there is a fleet already."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the size of the demo."""
        for name, (low, high) in RANGES.items():
            parser.add_argument(
                f"--{name}",
                type=_whole(low, high),
                default=getattr(Scale(), name),
                help=f"{low} to {high} (default {getattr(Scale(), name)})",
            )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the fleet; exit code 0 also where nothing was to be done."""
        if not settings.DEMO:
            raise CommandError("Only a demo can be seeded; live data stays real.")
        past = Past()
        cut_short = past.was_left_open
        if cut_short:
            past.end()
        if is_told():
            if cut_short:
                logger.warning(CUT_SHORT)
            self.stdout.write("There is a fleet already; nothing was made.")
            return
        scale = Scale(**{name: options[name] for name in RANGES})
        try:
            self._make(scale, past)
        except VibeError as error:
            raise CommandError(str(error)) from error

    def _make(self, scale: Scale, past: Past) -> None:
        began = time.monotonic()
        call_command("ensure_apps", verbosity=0, stdout=io.StringIO())
        with quiet_logs(), Control(settings.SANDBOX_URL) as control:
            control.wait()
            with past, self._telling() as tell:
                Story(
                    scale=scale,
                    control=control,
                    past=past,
                    person=find_person(),
                    redirect_uri=settings.SPOTIFY_REDIRECT_URI,
                    tell=tell,
                ).run()
        self.stdout.write(f"{summary()} It took {time.monotonic() - began:.0f} s.")

    @contextmanager
    def _telling(self) -> Iterator[Tell]:
        """Hear the story: one line with a bar on a terminal, else a line a chapter."""
        if not self.stdout.isatty():
            yield self._tell_in_lines()
            return
        columns = (BarColumn(), TaskProgressColumn(), "{task.description}")
        with Progress(*columns, transient=True) as bar:
            task = bar.add_task("", total=1.0)
            yield lambda what, share: bar.update(
                task, description=what, completed=share
            )

    def _tell_in_lines(self) -> Tell:
        told: list[str] = []

        def tell(what: str, share: float) -> None:
            if told[-1:] != [what]:
                told.append(what)
                self.stdout.write(f"{share:4.0%}  {what}")

        return tell


def find_person() -> User:
    """Return the person who does it all: the one of the settings, or an admin.

    :raises VibeError: nobody can sign in yet.
    """
    people = User.objects.filter(is_active=True).order_by("pk")
    person = people.filter(username=settings.DASHBOARD_USERNAME).first()
    person = person or people.filter(is_superuser=True).first()
    if person is None:
        raise VibeError("Nobody can sign in yet: run `manage.py bootstrap` first.")
    return person


def summary() -> str:
    """Say what there is now."""
    lists = PlaylistSnapshot.objects.confirmed().count()
    failed = Run.objects.filter(state=Run.State.FAILED, is_bulk=False).count()
    return (
        f"{counted(Playlist.objects.count(), 'playlist')} with "
        f"{counted(lists, 'list')}, drawn from "
        f"{counted(Track.objects.count(), 'track')}; "
        f"{counted(failed, 'run')} failed on purpose."
    )


@contextmanager
def quiet_logs() -> Iterator[None]:
    """Keep the log's small talk out of the one line of progress."""
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"{low} to {high} are possible")
        return int(text)

    return parse
