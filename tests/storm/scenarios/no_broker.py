"""A whole bulk without a broker: first one that is silent, then none at all."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playlists.models import Playlist
from tests.storm.storm import Figures, Storm
from tests.storm.visitor import Visitor

ACCOUNTS = 4
PAGES = ("/", "/playlists/", "/automation/", "/health/", "/accounts/")
SLOWEST_S = 3.0
BULK_TIMEOUT_S = 240


def rage(storm: Storm) -> Figures:
    """Let the engine work alone, and look how long pages take meanwhile."""
    storm.crew.start_engine()
    storm.found_playlists(storm.size.runs, accounts=ACCOUNTS)
    url = storm.crew.start_web(storm.ground.port)
    visitor = Visitor(url).sign_in()
    visitor.look("/")
    visitor.waits_s.clear()
    for broker in ("silent", "gone"):
        if broker == "gone" and storm.ground.silence:
            storm.ground.silence.stop()
        took_s = _bulk(storm, visitor)
        storm.say(f"broker {broker}: {storm.size.runs} runs in {took_s:.0f} s")
    slow = [wait_s for wait_s in visitor.waits_s if wait_s > SLOWEST_S]
    for text in visitor.failures:
        storm.say(f"WRONG: {text}")
    figures = storm.judge()
    return figures | {
        "pages": len(visitor.waits_s),
        "slowest_page_s": round(max(visitor.waits_s), 2),
        "slow_pages": len(slow),
        "page_errors": len(visitor.failures),
        "wrong": figures["wrong"] + len(slow) + len(visitor.failures),
    }


def _bulk(storm: Storm, visitor: Visitor) -> float:
    """Ask for a bulk at the pages and go on looking until it is done."""
    began_s = time.monotonic()
    visitor.do("/playlists/reshuffle/?scope=all")
    bulk = storm.accept_newest_bulk()
    with _looking_around(visitor):
        storm.wait_for_share(bulk, 1, timeout_s=BULK_TIMEOUT_S)
    took_s = time.monotonic() - began_s
    storm.wait_quiet("what was asked meanwhile")
    return took_s


@contextmanager
def _looking_around(visitor: Visitor) -> Iterator[None]:
    """Open pages and ask for reshuffles in a thread until the end of the block."""
    over = threading.Event()
    one = Playlist.objects.order_by("pk").values_list("pk", flat=True)[0]

    def look_around() -> None:
        while not over.is_set():
            for path in PAGES:
                visitor.look(path)
            visitor.do(f"/playlists/{one}/push/")
            over.wait(0.5)

    thread = threading.Thread(target=look_around)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
