"""What every scenario works with: the ground, a crew, a fleet, chance, and the end."""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.db import OperationalError, connection

from automation.models import Run
from tests.storm.checker import Rules, judge
from tests.storm.crew import Crew
from tests.storm.fleet import Fleet, found_fleet
from tests.storm.ground import TIMES, Ground
from tests.storm.observing import observe
from tests.storm.sizes import Size

FLIGHT_S = 1.5
"""Between the look at the circuit and the arrival of a call, on a busy machine."""
SHOWN_FINDINGS = 20
PAUSE_S = 0.05
QUIET_TIMEOUT_S = 300
DATABASE_AWAY_S = 60
FOUNDING_S, FOUNDING_EACH_S = 60, 1

Figures = dict[str, Any]


@dataclass
class Storm:
    """One storm under way."""

    ground: Ground
    size: Size
    seed: int
    rng: Random = field(init=False)
    fleet: Fleet = field(init=False)
    began_s: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)

    @property
    def crew(self) -> Crew:
        """The processes."""
        assert self.ground.crew is not None
        return self.ground.crew

    def say(self, text: str) -> None:
        """Tell a person how it goes, with the seconds since it began."""
        elapsed_s = time.monotonic() - self.began_s
        sys.stdout.write(f"  {elapsed_s:6.1f} s  {text}\n")
        sys.stdout.flush()

    def found_fleet(self, *, accounts: int) -> Fleet:
        """Make the accounts and the library."""
        self.fleet = found_fleet(self.ground.sandbox, accounts=accounts)
        return self.fleet

    def found_playlists(self, count: int, *, accounts: int) -> None:
        """Make a fleet whose playlists stand filled on Spotify, in fair weather.

        :raises TimeoutError: the product cannot even do that.
        """
        self.found_fleet(accounts=accounts)
        self.fleet.create_everywhere(count)
        timeout_s = FOUNDING_S + count * FOUNDING_EACH_S
        self.wait_quiet("the playlists", timeout_s=timeout_s)
        if left := self.open_runs():
            raise TimeoutError(f"{left} playlists were not made in fair weather")

    def open_runs(self) -> int:
        """Count the runs that still have something to do.

        A database that is just being restarted is asked again.
        """
        return self._asked(Run.objects.active().count)

    def wait_for_share(self, bulk: Run, share: float, *, timeout_s: float) -> None:
        """Wait until that share of a bulk's runs is done."""
        done = bulk.children.filter(state=Run.State.DONE)
        for _ in self.bounded(timeout_s, "the first runs of the bulk"):
            if done.count() >= share * bulk.progress_total:
                return

    def accept_newest_bulk(self) -> Run:
        """Hold the product to the bulk that a page has just answered for."""
        return self.fleet.accept(Run.objects.filter(is_bulk=True).latest("pk"))

    def accept_everything(self) -> None:
        """Hold the product to every run that stands in the ledger."""
        self.fleet.accepted |= set(Run.objects.values_list("pk", flat=True))

    def wait_quiet(
        self, what: str, *, timeout_s: float = QUIET_TIMEOUT_S, step_s: float = 10
    ) -> float:
        """Wait until no run is active; return after how many seconds.

        What is still open after `timeout_s` is left to the checker: it is lost.
        """
        began_s = said_s = time.monotonic()
        while left := self.open_runs():
            now_s = time.monotonic()
            if now_s - began_s > timeout_s:
                self.say(f"{what}: {left} runs did not end in {timeout_s:g} s")
                break
            if now_s - said_s > step_s:
                said_s = now_s
                self.say(f"{what}: {left} runs to go")
            time.sleep(PAUSE_S)
        return time.monotonic() - began_s

    def _asked(self, question: Callable[[], int]) -> int:
        for _ in self.bounded(DATABASE_AWAY_S, "the restart of the database"):
            try:
                return question()
            except OperationalError:
                connection.close()
        raise AssertionError

    def bounded(self, timeout_s: float, what: str) -> Iterator[None]:
        """Yield again and again, a moment apart, for `timeout_s` at most.

        :raises TimeoutError: it takes longer.
        """
        ends_s = time.monotonic() + timeout_s
        while time.monotonic() < ends_s:
            yield
            time.sleep(PAUSE_S)
        raise TimeoutError(f"{what} took more than {timeout_s:g} s")

    def judge(self, *, late_writes: bool = False) -> Figures:
        """Let the checker speak; show what it found and return the figures."""
        history = observe(self.ground.sandbox, self.fleet)
        rules = Rules(float(TIMES["SPOTIFY_DEADLINE_S"]), FLIGHT_S, late_writes)
        verdict = judge(history, rules)
        for text in verdict.findings[:SHOWN_FINDINGS]:
            self.say(f"WRONG: {text}")
        return {
            "runs": len(history.runs),
            "playlists": len(history.local),
            "calls": len(history.calls),
            "circuits": len(history.openings),
            "lost": len(verdict.lost),
            "duplicates": len(verdict.duplicates),
            "wrong": len(verdict.wrong),
            "markers": len(verdict.markers),
        }
