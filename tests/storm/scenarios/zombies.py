"""Workers that sleep past their lease and wake up when others have gone on."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import Random

from django.db import OperationalError, connection

from automation.models import Run
from playlists.services import lateness
from tests.storm import weather
from tests.storm.crew import Member
from tests.storm.ground import TIMES
from tests.storm.scenarios.kills import pids_at_work
from tests.storm.storm import PAUSE_S, Figures, Storm

WORKERS = 9
THREADS = 2
ASLEEP_AT_ONCE = 6
ACCOUNTS = 4
PLAYLISTS = 16
ENOUGH_WAITING = 8
SLEEP_S = (float(TIMES["RUN_LEASE_S"]) + 0.5, float(TIMES["RUN_LEASE_S"]) + 7.0)
LATE_S = 2 * float(TIMES["SPOTIFY_DEADLINE_S"])
"""After the last sleeper woke: the time in which it may still send something."""
SECONDS_PER_SLEEP = 20
BEFORE_SENDING = "push.before_put"
RETIRED = "retired"
"""The name of workers whose place another has taken; they finish what they have."""
MOST_RETIRED = 3


class Dormitory:
    """Sees to it that workers fall asleep over a run, and wakes them too late.

    Half of them fall asleep by themselves right before they send a list, after every
    look at their lease; the others are stopped from outside, anywhere in their work.
    """

    def __init__(self, storm: Storm) -> None:
        self.storm = storm
        self.sleeps = 0
        self._wakes_at_s: dict[int, float] = {}

    @property
    def is_empty(self) -> bool:
        """Whether everybody is awake."""
        return not self._wakes_at_s

    def keep_manned(self) -> None:
        """Start workers, every other one with a sleep before it; the retired go."""
        for number in range(WORKERS - len(self.storm.crew.named("worker"))):
            self._start(BEFORE_SENDING if number % 2 else "")
        for worker in self.storm.crew.named(RETIRED)[:-MOST_RETIRED]:
            self.storm.crew.signal(worker, signal.SIGTERM)

    def tuck_in(self) -> None:
        """Take in those who fell asleep by themselves."""
        for gone in self.storm.crew.reap():
            if gone.name != RETIRED:
                raise AssertionError(f"A {gone.name} ended: {gone.exit_code}.")
        for worker in self.storm.crew.named("worker"):
            if worker.is_asleep and worker.pid not in self._wakes_at_s:
                self._take_in(worker)

    def stop_one(self) -> None:
        """Stop a worker in the middle of its work, if there is room for it."""
        working = pids_at_work() - set(self._wakes_at_s)
        workers = [w for w in self.storm.crew.named("worker") if w.pid in working]
        awake = [worker for worker in workers if not worker.fault_point]
        if len(self._wakes_at_s) >= ASLEEP_AT_ONCE or not awake:
            return
        sleeper = self.storm.rng.choice(awake)
        self.storm.crew.signal(sleeper, signal.SIGSTOP)
        if sleeper.pid in pids_at_work():
            self._take_in(sleeper)
        else:
            self.storm.crew.signal(sleeper, signal.SIGCONT)

    def wake(self) -> None:
        """Let those go on who have slept long enough."""
        now_s = time.monotonic()
        for worker in self.storm.crew.named("worker"):
            if self._wakes_at_s.get(worker.pid, now_s + 1) <= now_s:
                del self._wakes_at_s[worker.pid]
                self.storm.crew.signal(worker, signal.SIGCONT)
                self._replace(worker)

    def _take_in(self, worker: Member) -> None:
        span_s = self.storm.rng.uniform(*SLEEP_S)
        self._wakes_at_s[worker.pid] = time.monotonic() + span_s
        self.sleeps += 1
        if self.sleeps % 20 == 0:
            self.storm.say(f"{self.sleeps} have slept")

    def _replace(self, worker: Member) -> None:
        """Give the place of one who slept by itself to another who will."""
        if worker.fault_point and self.sleeps < self.storm.size.rounds:
            worker.name = RETIRED
            self._start(BEFORE_SENDING)

    def _start(self, fault_point: str) -> None:
        self.storm.crew.start_worker(
            threads=THREADS, fault_point=fault_point, fault_signal="STOP"
        )


@contextmanager
def feeding(storm: Storm) -> Iterator[None]:
    """Ask for reshuffles in a thread until the end of the block.

    A sleeper may hold a row: whoever needs it waits, and gives up in the end. Then
    nothing was accepted; asking again is up to the one who asked.
    """
    over, rng = threading.Event(), Random(storm.seed)

    def feed() -> None:
        while not over.wait(PAUSE_S):
            with suppress(OperationalError):
                if storm.open_runs() < ENOUGH_WAITING:
                    storm.fleet.reshuffle([storm.fleet.pick(rng)])
        connection.close()

    thread = threading.Thread(target=feed)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def rage(storm: Storm) -> Figures:
    """Reshuffle few playlists again and again while workers fall asleep over them."""
    storm.crew.start_worker(threads=THREADS)
    storm.crew.start_engine()
    storm.found_playlists(PLAYLISTS, accounts=ACCOUNTS)
    weather.let_loose(storm.ground.sandbox, weather.CHANGEABLE)
    dormitory, target = Dormitory(storm), storm.size.rounds
    with feeding(storm):
        for _ in storm.bounded(60 + target * SECONDS_PER_SLEEP, "sleeping"):
            dormitory.tuck_in()
            dormitory.wake()
            if dormitory.sleeps < target:
                dormitory.keep_manned()
                dormitory.stop_one()
            elif dormitory.is_empty:
                break
    storm.wait_quiet("finishing")
    time.sleep(LATE_S)
    storm.wait_quiet("repairing")
    figures: Figures = {
        "sleeps": dormitory.sleeps,
        "taken_over": Run.objects.filter(was_taken_over=True).count(),
        "repairs": Run.objects.filter(kind=lateness.PUSH).count(),
    }
    return figures | storm.judge(late_writes=True)
