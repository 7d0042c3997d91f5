"""The broker killed in the middle of a bulk, with everything that it held."""

import time

from automation.models import Run
from tests.storm import weather
from tests.storm.storm import Figures, Storm

WORKERS = 2
THREADS = 4
PLAYLISTS_EACH = 100
DONE_SHARE = (0.05, 0.6)
"""How much of a bulk is done when the broker dies."""
AWAY_S = (0.5, 4.0)
BULK_TIMEOUT_S = 240


def rage(storm: Storm) -> Figures:
    """Kill the broker once in every bulk, and let it come back empty."""
    runs = storm.size.runs
    for _ in range(WORKERS):
        storm.crew.start_worker(threads=THREADS)
    storm.crew.start_engine()
    storm.found_playlists(runs, accounts=max(2, runs // PLAYLISTS_EACH))
    weather.let_loose(storm.ground.sandbox, weather.CHANGEABLE)
    longest_s = 0.0
    for number in range(1, storm.size.rounds + 1):
        bulk = storm.fleet.reshuffle()
        took_s = _kill_during(storm, bulk)
        longest_s = max(longest_s, took_s)
        storm.say(f"bulk {number}: {bulk.progress_total} runs, {took_s:.0f} s")
    return {
        "broker_kills": storm.size.rounds,
        "longest_recovery_s": round(longest_s, 1),
    } | storm.judge()


def _kill_during(storm: Storm, bulk: Run) -> float:
    """Kill the broker somewhere in a bulk; return how long the rest took."""
    broker = storm.ground.valkey
    assert broker is not None
    share = storm.rng.uniform(*DONE_SHARE)
    storm.wait_for_share(bulk, share, timeout_s=BULK_TIMEOUT_S)
    broker.kill()
    time.sleep(storm.rng.uniform(*AWAY_S))
    broker.start()
    return storm.wait_quiet("the bulk", timeout_s=BULK_TIMEOUT_S)
