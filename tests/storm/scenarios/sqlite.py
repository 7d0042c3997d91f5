"""SQLite with pages, a worker and an engine that all write at the same time."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from playlists.models import Playlist
from tests.storm.storm import Figures, Storm
from tests.storm.visitor import Visitor

THREADS = 8
"""As many as `manage.py up` gives its worker."""
ACCOUNTS = 3
PLAYLISTS = 30
VISITORS = 3
ENOUGH_WAITING = 20
LOCKED = "database is locked"
PAGES = ("/", "/playlists/", "/automation/", "/library/", "/health/")


def rage(storm: Storm) -> Figures:
    """Write from every side for some seconds and look for a locked database."""
    storm.crew.start_worker(threads=THREADS)
    storm.crew.start_engine()
    storm.found_playlists(PLAYLISTS, accounts=ACCOUNTS)
    url = storm.crew.start_web(storm.ground.port)
    visitors = [Visitor(url).sign_in() for _ in range(VISITORS)]
    with _visiting(visitors, Random(storm.seed)):
        _write(storm, storm.size.runs)
    storm.accept_everything()
    storm.wait_quiet("finishing")
    locked = storm.crew.logs().count(LOCKED)
    failures = [text for visitor in visitors for text in visitor.failures]
    for text in failures[:10]:
        storm.say(f"WRONG: {text}")
    figures = storm.judge()
    return figures | {
        "written_s": storm.size.runs,
        "pages": sum(len(visitor.waits_s) for visitor in visitors),
        "locked": locked,
        "page_errors": len(failures),
        "wrong": figures["wrong"] + locked + len(failures),
    }


def _write(storm: Storm, seconds: float) -> None:
    """Ask for creates and reshuffles from this process as well."""
    ends_s = time.monotonic() + seconds
    while time.monotonic() < ends_s:
        account = storm.fleet.pick(storm.rng)
        if storm.open_runs() < ENOUGH_WAITING and storm.fleet.has_room(account, 2):
            storm.fleet.create(account, 2)
        time.sleep(0.2)


@contextmanager
def _visiting(visitors: list[Visitor], rng: Random) -> Iterator[None]:
    """Let each visitor ask for reshuffles and open pages until the end of the block."""
    over = threading.Event()
    playlists = list(Playlist.objects.values_list("pk", flat=True))

    def visit(visitor: Visitor) -> None:
        while not over.is_set():
            visitor.do(f"/playlists/{rng.choice(playlists)}/reshuffle/")
            visitor.look(rng.choice(PAGES))

    threads = [threading.Thread(target=visit, args=[one]) for one in visitors]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
