"""Leases that ran out: what counts against a run, what does not, who is reckoned with."""

import socket
from datetime import timedelta
from typing import Any

import pytest

from automation import ledger
from automation.ledger.lapses import APART, MAX_CRASHES, SUSPECT_AFTER
from automation.models import Run
from automation.tests.factories import make_run
from vibe_engine import clock
from vibe_engine.errors import LeaseLostError

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

LAPSED = timedelta(seconds=ledger.LEASE_S + 1)


def make_working(worker: str = "host:1:1", *, crashes: int = 0, **spec: Any) -> Run:
    """Open a run about a fresh thing, and have this worker claim it."""
    run = ledger.claim(make_run(**spec).pk, worker=worker)
    assert run is not None
    Run.objects.filter(pk=run.pk).update(crashes=crashes)
    return fresh(run)


def fresh(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def claim_again(run: Run, worker: str) -> Run:
    """Have a worker claim a run that was taken back."""
    Run.objects.filter(pk=run.pk).update(due_at=clock.now())
    claimed = ledger.claim(run.pk, worker=worker)
    assert claimed is not None
    return claimed


class TestOneRunAlone:
    def test_is_given_up_at_the_fifth_death_in_a_row_with_the_reason(self) -> None:
        run = make_working()
        for deaths in range(1, MAX_CRASHES):
            assert ledger.take_back_lapsed(now=clock.now() + LAPSED) == [run.pk]
            assert fresh(run).crashes == deaths
            run = claim_again(run, f"host:{deaths + 1}:1")
        assert ledger.take_back_lapsed(now=clock.now() + LAPSED) == []
        assert fresh(run).state == Run.State.FAILED
        assert fresh(run).reason == "crashes"
        assert "died five times" in fresh(run).error

    def test_begins_anew_when_it_gets_on(self) -> None:
        run = make_working(crashes=4)
        ledger.note_step(run, "Filling it", done=1, total=3)
        assert fresh(run).crashes == 0

    def test_does_not_begin_anew_by_doing_the_same_again(self) -> None:
        run = make_working()
        ledger.note_step(run, "Filling it", done=2, total=3)
        ledger.take_back_lapsed(now=clock.now() + LAPSED)
        run = claim_again(run, "host:2:1")
        ledger.note_step(run, "Creating it", done=1)
        ledger.note_step(run, "Filling it", done=2)
        assert (fresh(run).crashes, fresh(run).progress_done) == (1, 2)

    def test_becomes_a_suspect_after_three(self) -> None:
        run = make_working(crashes=SUSPECT_AFTER - 1)
        assert not ledger.is_suspect(run.pk)
        ledger.take_back_lapsed(now=clock.now() + LAPSED)
        assert ledger.is_suspect(run.pk)


class TestManyAtOnce:
    def test_of_several_processes_are_nobodys_fault(self) -> None:
        runs = [make_working(f"host:{pid}:1", crashes=4) for pid in range(6)]
        assert len(ledger.take_back_lapsed(now=clock.now() + LAPSED)) == len(runs)
        assert {fresh(run).crashes for run in runs} == {4}
        assert all(fresh(run).was_taken_over for run in runs)

    def test_of_one_process_are_suspects_and_no_more(self) -> None:
        runs = [make_working(f"host:1:{thread}") for thread in range(4)]
        for _ in range(8):
            ledger.take_back_lapsed(now=clock.now() + LAPSED)
            assert {fresh(run).state for run in runs} == {Run.State.PLANNED}
            runs = [claim_again(run, f"host:2:{run.pk}") for run in runs]
        assert {fresh(run).crashes for run in runs} == {SUSPECT_AFTER}

    def test_after_everything_was_away_are_nobodys_fault(self) -> None:
        run = make_working(crashes=4)
        late = clock.now() + LAPSED
        assert ledger.take_back_lapsed(now=late, is_fleet_wide=True) == [run.pk]
        assert fresh(run).crashes == 4


class TestARunApart:
    def name(self, pid: int = 7) -> str:
        return f"{socket.gethostname()}:{pid}:{APART}"

    def test_is_innocent_when_it_died_together_with_its_witness(self) -> None:
        run = make_working(self.name(), crashes=4)
        for _ in range(10):
            assert ledger.take_back_lapsed(now=clock.now() + LAPSED) == [run.pk]
            run = claim_again(run, self.name())
        assert fresh(run).crashes == 4

    def test_is_guilty_when_its_witness_saw_it_die_the_fifth_time(self) -> None:
        run = make_working(self.name(), crashes=3)
        ledger.note_death(run.pk, worker=self.name(), now=clock.now())
        assert (fresh(run).state, fresh(run).crashes) == (Run.State.PLANNED, 4)
        claim_again(run, self.name())
        ledger.note_death(run.pk, worker=self.name(), now=clock.now())
        assert (fresh(run).state, fresh(run).reason) == (Run.State.FAILED, "crashes")

    def test_is_not_blamed_for_the_death_of_another_process(self) -> None:
        run = make_working(self.name(pid=8), crashes=4)
        ledger.note_death(run.pk, worker=self.name(pid=7), now=clock.now())
        assert fresh(run).state == Run.State.WORKING


class TestALateWorker:
    def test_is_reckoned_with_by_the_next_run_on_its_subject(self) -> None:
        first = make_working(subject="playlist:1")
        ledger.take_back_lapsed(now=clock.now() + LAPSED)
        second = claim_again(first, "host:2:1")
        assert second.was_taken_over
        ledger.finish(second)
        assert make_working("host:3:1", subject="playlist:1").was_taken_over

    def test_is_reckoned_with_when_its_run_was_cancelled(self) -> None:
        first = make_working(subject="playlist:1")
        ledger.take_back_lapsed(now=clock.now() + LAPSED)
        ledger.cancel([first.pk], now=clock.now())
        with pytest.raises(LeaseLostError):
            ledger.finish(first)
        assert make_working("host:3:1", subject="playlist:1").was_taken_over

    def test_is_reckoned_with_when_its_run_was_given_up(self) -> None:
        first = make_working(subject="playlist:1", crashes=4)
        ledger.take_back_lapsed(now=clock.now() + LAPSED)
        assert fresh(first).state == Run.State.FAILED
        assert make_working("host:3:1", subject="playlist:1").was_taken_over

    def test_is_forgotten_after_an_hour_and_elsewhere(self) -> None:
        first = make_working(subject="playlist:1")
        ledger.take_back_lapsed(now=clock.now() + LAPSED)
        ledger.cancel([first.pk], now=clock.now())
        assert not make_working("host:3:1", subject="playlist:2").was_taken_over
        assert not make_working("host:3:2", subject="").was_taken_over
        Run.objects.filter(pk=first.pk).update(
            finished_at=clock.now() - timedelta(minutes=61)
        )
        assert not make_working("host:3:3", subject="playlist:1").was_taken_over
