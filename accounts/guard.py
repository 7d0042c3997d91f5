"""The last look before something is written to Spotify."""

from functools import cache

from automation import holds, ledger
from automation.models import Run
from automation.restored import Witness
from vibe_engine import clock
from vibe_engine.spotify.client import Gate
from vibe_engine.spotify.errors import SpotifyError

WRITING = "playlist_write"
"""The one group of calls that change something on Spotify."""


class WritingGuard:
    """A gate that lets writing calls pass only while nothing holds them back.

    Asked for every single request, so that a stop, or a lease lost meanwhile, counts
    from the next request on. What still lands then was on its way already.
    """

    def __init__(self, gate: Gate, *, lane: str, run: Run | None = None) -> None:
        self._gate = gate
        self._lane = lane
        self._run = run

    def enter(self, group: str) -> None:
        """Let one request pass.

        :raises BlockedError: "stopped" or "shadow"; nothing is sent.
        :raises WaitError: it is too early; nothing is sent.
        :raises LeaseLostError: another worker owns the run; nothing is sent.
        """
        if group == WRITING:
            look_once()
            holds.require_writing(self._lane)
        self._gate.enter(group)
        if group == WRITING and self._run is not None:
            ledger.require_lease(self._run)

    def leave(self, group: str, error: SpotifyError | None) -> None:
        """Take note of how the request ended."""
        self._gate.leave(group, error)


@cache
def look_once() -> bool:
    """See to it that this process does not write out of a restored backup unasked.

    The engine looks every few seconds; a worker may have begun before it did.
    """
    return Witness().look(now=clock.now())
