"""The database restarted in the middle of a bulk; nobody lends a hand."""

from automation.models import Run
from tests.storm import weather
from tests.storm.storm import Figures, Storm

WORKERS = 2
THREADS = 4
ACCOUNTS = 5
DONE_SHARE = (0.05, 0.6)
BULK_TIMEOUT_S = 120


def rage(storm: Storm) -> Figures:
    """Restart the database once in every bulk, every session with it."""
    for _ in range(WORKERS):
        storm.crew.start_worker(threads=THREADS)
    storm.crew.start_engine()
    storm.found_playlists(storm.size.runs, accounts=ACCOUNTS)
    weather.let_loose(storm.ground.sandbox, weather.CHANGEABLE)
    longest_s = 0.0
    for number in range(1, storm.size.rounds + 1):
        bulk = storm.fleet.reshuffle()
        took_s = _restart_during(storm, bulk)
        longest_s = max(longest_s, took_s)
        storm.say(f"bulk {number}: {bulk.progress_total} runs, {took_s:.0f} s")
    ended = len(storm.crew.reap())
    if ended:
        storm.say(f"WRONG: {ended} processes ended and had to be started by hand")
    figures = storm.judge()
    return figures | {
        "database_restarts": storm.size.rounds,
        "longest_recovery_s": round(longest_s, 1),
        "processes_ended": ended,
        "wrong": figures["wrong"] + ended,
    }


def _restart_during(storm: Storm, bulk: Run) -> float:
    """Restart the server somewhere in a bulk; return how long the rest took."""
    server = storm.ground.postgres
    assert server is not None
    share = storm.rng.uniform(*DONE_SHARE)
    storm.wait_for_share(bulk, share, timeout_s=BULK_TIMEOUT_S)
    server.restart()
    return storm.wait_quiet("the bulk", timeout_s=BULK_TIMEOUT_S)
