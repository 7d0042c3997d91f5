"""What a run's page tells of its tries, steps, calls and waits."""

from datetime import timedelta
from typing import Any

import pytest

from automation import ledger
from automation.ledger import journal
from automation.models import Run
from automation.tests.factories import make_working_run
from vibe_engine import clock, tracing
from vibe_engine.errors import LeaseLostError, WaitError

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

ROUTE = "PUT /playlists/{id}/items"


def kept(run: Run) -> dict[str, Any]:
    journal: dict[str, Any] = Run.objects.get(pk=run.pk).journal
    return journal


class TestJournal:
    def test_keeps_steps_calls_and_waits_in_order(self) -> None:
        run = make_working_run()
        with tracing.trace(run=run.pk):
            ledger.note_step(run, "Filling it")
            tracing.note_call(ROUTE, status=429, took_ms=12)
            until = clock.now() + timedelta(hours=1)
            ledger.postpone(run, WaitError(until, "rate", "Spotify asks to wait."))
        entries = kept(run)["entries"]
        assert [entry["what"] for entry in entries] == ["step", "call", "wait"]
        assert entries[2]["until"] == until.isoformat()
        assert kept(run)["calls"] == {ROUTE: {"429": 1}}

    def test_takes_calls_of_its_own_run_alone(self) -> None:
        run, other = make_working_run(), make_working_run()
        with tracing.trace(run=other.pk):
            tracing.note_call(ROUTE, status=200, took_ms=1)
            ledger.finish(run)
            ledger.finish(other)
        assert kept(run) == {}
        assert kept(other)["calls"] == {ROUTE: {"200": 1}}

    def test_stays_short_and_counts_on(self) -> None:
        run = make_working_run()
        with tracing.trace(run=run.pk):
            for _ in range(200):
                tracing.note_call(ROUTE, status=200, took_ms=1)
            ledger.finish(run)
        assert len(kept(run)["entries"]) == journal.MOST_ENTRIES
        assert kept(run)["left_out"] == 200 - journal.MOST_ENTRIES
        assert kept(run)["calls"] == {ROUTE: {"200": 200}}

    def test_is_not_written_by_a_worker_that_lost_the_run(self) -> None:
        run = make_working_run()
        Run.objects.filter(pk=run.pk).update(lease_token=None, state="planned")
        with tracing.trace(run=run.pk), pytest.raises(LeaseLostError):
            ledger.note_step(run, "Too late")
        assert kept(run) == {}

    def test_tells_of_a_second_try(self) -> None:
        run = make_working_run()
        ledger.postpone(run, WaitError(clock.now(), "rate"))
        again = ledger.claim(run.pk, worker="other")
        assert again is not None
        ledger.finish(again)
        entries = kept(run)["entries"]
        assert [entry["what"] for entry in entries] == ["wait", "try"]
