"""Workers killed in the middle of creates and reshuffles, in the foulest weather."""

import signal
import time
from collections import Counter

from automation.models import Run
from playlists.models import Playlist
from tests.storm import weather
from tests.storm.crew import Member
from tests.storm.storm import Figures, Storm

WORKERS = 4
THREADS = 2
ACCOUNTS = 10
CREATED_AT_ONCE = 6
ENOUGH_WAITING = 60
"""Open runs below which more work is asked for."""
LIFE_S = (0.5, 3.0)
LONGEST_FATE_S = 6.0
"""After so long a worker that has not met its fault point is killed wherever it is."""
SECONDS_PER_KILL = 6
ENGINE_EVERY = 25
"""After so many kills of workers the engine is killed as well."""
EXPIRY_EVERY = 40
"""After so many kills every access token ends before its time."""
FAULT_POINTS = (
    "push.before_plan",
    "push.after_plan",
    "create.before_post",
    "create.after_post",
    "create.after_id_saved",
    "push.after_put",
    "push.after_confirm",
    "create.after_details",
)


class Reaper:
    """Keeps workers alive, each with a fate, and counts the ends they meet.

    Half of them kill themselves at a named point of the work; the others are killed
    from outside while they hold a run.
    """

    def __init__(self, storm: Storm) -> None:
        self.storm = storm
        self.kills = 0
        self.engine_kills = 0
        self.ends: Counter[str] = Counter()

    def keep_manned(self) -> None:
        """Start workers, and an engine, where one is missing."""
        crew, rng = self.storm.crew, self.storm.rng
        while len(crew.named("worker")) < WORKERS:
            point = rng.choice(FAULT_POINTS) if rng.random() < 0.5 else ""
            worker = crew.start_worker(threads=THREADS, fault_point=point)
            worker.born_s = time.monotonic()
            worker.dies_after_s = LONGEST_FATE_S if point else rng.uniform(*LIFE_S)
        if not crew.named("engine"):
            crew.start_engine()

    def strike(self) -> None:
        """Kill the workers whose time has come and who are at work."""
        now_s = time.monotonic()
        working = pids_at_work()
        for worker in self.storm.crew.named("worker"):
            is_time = now_s - worker.born_s > worker.dies_after_s
            if is_time and worker.pid in working:
                worker.fault_point = ""
                self.storm.crew.signal(worker, signal.SIGKILL)
        if self.kills // ENGINE_EVERY > self.engine_kills:
            self.engine_kills += 1
            for engine in self.storm.crew.named("engine"):
                self.storm.crew.signal(engine, signal.SIGKILL)

    def count(self) -> None:
        """Count who has died."""
        for member in self.storm.crew.reap():
            if member.name == "worker":
                self._count_worker(member)

    def _count_worker(self, worker: Member) -> None:
        if worker.exit_code != -signal.SIGKILL:
            raise AssertionError(f"A worker ended by itself: {worker.exit_code}.")
        self.kills += 1
        self.ends[worker.fault_point or "at any moment"] += 1
        if self.kills % EXPIRY_EVERY == 0:
            self.storm.ground.sandbox.expire_access()
        if self.kills % 50 == 0:
            self.storm.say(f"{self.kills} kills, {self.storm.open_runs()} runs open")


def pids_at_work() -> set[int]:
    """Return the process ids that hold a run, as the ledger tells it."""
    working = Run.objects.filter(state=Run.State.WORKING, is_bulk=False)
    return {
        int(name.split(":")[1]) for name in working.values_list("worker", flat=True)
    }


def feed(storm: Storm) -> None:
    """Ask for creates and reshuffles where little is left to do."""
    if storm.open_runs() >= ENOUGH_WAITING:
        return
    account = storm.fleet.pick(storm.rng)
    active = Playlist.objects.filter(
        account=account, status=Playlist.Status.ACTIVE
    ).exists()
    room = storm.fleet.has_room(account, CREATED_AT_ONCE)
    if room and (not active or storm.rng.random() < 0.5):
        storm.fleet.create(account, CREATED_AT_ONCE)
    elif active:
        storm.fleet.reshuffle([account])


def rage(storm: Storm) -> Figures:
    """Kill until there were enough kills, then let the rest be finished in peace."""
    storm.found_fleet(accounts=ACCOUNTS)
    weather.let_loose(storm.ground.sandbox)
    reaper, target = Reaper(storm), storm.size.rounds
    for _ in storm.bounded(60 + target * SECONDS_PER_KILL, "killing"):
        reaper.count()
        if reaper.kills >= target:
            break
        feed(storm)
        reaper.keep_manned()
        reaper.strike()
    storm.say(f"{reaper.kills} kills; the sky clears, the last workers live")
    storm.ground.sandbox.clear_faults()
    storm.crew.dismiss("worker")
    for _ in range(WORKERS):
        storm.crew.start_worker(threads=THREADS)
    storm.wait_quiet("finishing")
    figures: Figures = {
        "kills": reaper.kills,
        "engine_kills": reaper.engine_kills,
        "kills_by_point": dict(sorted(reaper.ends.items())),
        "taken_over": Run.objects.filter(was_taken_over=True).count(),
    }
    return figures | storm.judge()
