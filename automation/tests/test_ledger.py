"""The ledger: opening, joining, claiming, ending and upkeep of runs."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from automation import ledger
from automation.models import Run
from automation.tests.factories import make_run, make_spec, make_working_run
from vibe_engine import clock
from vibe_engine.errors import (
    BlockedError,
    InputError,
    LeaseLostError,
    WaitError,
)

pytestmark = [pytest.mark.django_db, pytest.mark.portable]


def fresh(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


class TestOpenRun:
    def test_commits_a_planned_run_that_is_due_at_once(self) -> None:
        now = clock.now()
        run = make_run(now=now)
        assert fresh(run).state == Run.State.PLANNED
        assert fresh(run).due_at == now
        assert not run.joined

    def test_joins_the_active_run_of_the_same_subject_and_kind(self) -> None:
        first = make_run(subject="playlist:1")
        second = make_run(subject="playlist:1")
        assert second.pk == first.pk
        assert second.joined

    def test_opens_another_run_once_the_first_has_ended(self) -> None:
        first = make_working_run(subject="playlist:1")
        ledger.finish(first)
        assert make_run(subject="playlist:1").pk != first.pk

    def test_opens_another_kind_about_the_same_subject(self) -> None:
        first = make_run(subject="playlist:1")
        assert make_run(subject="playlist:1", kind="tests.other").pk != first.pk

    def test_gives_the_same_run_back_for_the_same_key_even_after_its_end(self) -> None:
        spec, now = make_spec(), clock.now()
        first = ledger.open_run(spec, now=now, idempotency_key="k")
        claimed = ledger.claim(first.pk, worker="w")
        assert claimed is not None
        ledger.finish(claimed)
        again = ledger.open_run(spec, now=now, idempotency_key="k")
        assert again.pk == first.pk

    def test_runs_without_a_subject_never_join(self) -> None:
        assert make_run(subject="").pk != make_run(subject="").pk


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    def test_seventy_requests_for_one_playlist_make_one_run(self) -> None:
        workers = 4 if connection.vendor == "sqlite" else 16

        def ask(_: int) -> int:
            try:
                return make_run(subject="playlist:1").pk
            finally:
                connection.close()

        with ThreadPoolExecutor(workers) as pool:
            ids = set(pool.map(ask, range(70)))
        assert len(ids) == 1
        assert Run.objects.count() == 1

    def test_one_run_is_claimed_by_one_worker(self) -> None:
        run = make_run()

        def take(number: int) -> bool:
            try:
                return ledger.claim(run.pk, worker=f"w{number}") is not None
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(take, range(24)))
        assert taken.count(True) == 1


class TestClaim:
    def test_takes_a_due_run_with_a_lease(self) -> None:
        run = make_working_run()
        assert run.state == Run.State.WORKING
        assert run.lease_until is not None
        assert run.lease_until > clock.now()
        assert run.attempts == 1

    def test_leaves_a_run_that_is_not_due(self) -> None:
        run = make_run(due_at=clock.now() + timedelta(minutes=1))
        assert ledger.claim(run.pk, worker="w") is None

    def test_leaves_a_run_whose_subject_is_being_worked_on(self) -> None:
        make_working_run(subject="playlist:1")
        other = make_run(subject="playlist:1", kind="tests.other")
        assert ledger.claim(other.pk, worker="w") is None
        assert fresh(other).state == Run.State.PLANNED
        assert fresh(other).due_at > clock.now()

    def test_the_database_itself_refuses_two_working_runs_of_a_subject(self) -> None:
        make_working_run(subject="playlist:1")
        other = make_run(subject="playlist:1", kind="tests.other")
        with pytest.raises(IntegrityError), transaction.atomic():
            Run.objects.filter(pk=other.pk).update(
                state="working", lease_token=other.lease_token, lease_until=None
            )


class TestFenced:
    def test_lets_the_owner_write(self) -> None:
        run = make_working_run()
        with ledger.fenced(run):
            Run.objects.filter(pk=run.pk).update(step="written")
        assert fresh(run).step == "written"

    def test_stops_a_worker_whose_run_was_taken_over(self) -> None:
        run = make_working_run()
        ledger.take_back_lapsed(now=clock.now() + timedelta(seconds=121))
        with pytest.raises(LeaseLostError), ledger.fenced(run):
            Run.objects.filter(pk=run.pk).update(step="written")
        assert fresh(run).step == ""

    def test_stops_the_first_worker_while_a_second_one_works(self) -> None:
        first = make_working_run()
        ledger.take_back_lapsed(now=clock.now() + timedelta(seconds=121))
        Run.objects.filter(pk=first.pk).update(due_at=clock.now())
        second = ledger.claim(first.pk, worker="second")
        assert second is not None
        with pytest.raises(LeaseLostError):
            ledger.finish(first)
        ledger.finish(second)
        assert fresh(first).state == Run.State.DONE

    def test_rolls_back_what_was_written_before_an_error(self) -> None:
        run = make_working_run()

        def write_and_break() -> None:
            with ledger.fenced(run):
                Run.objects.filter(pk=run.pk).update(step="written")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            write_and_break()
        assert fresh(run).step == ""


class TestEnding:
    def test_a_wait_gives_the_run_back_with_its_due_time_and_no_error(self) -> None:
        run = make_working_run()
        until = clock.now() + timedelta(hours=1)
        ledger.postpone(run, WaitError(until, "quota"))
        assert fresh(run).state == Run.State.PLANNED
        assert fresh(run).due_at == until
        assert fresh(run).errors == 0
        assert fresh(run).reason == "quota"

    def test_a_block_sets_it_aside_until_its_lane_is_unblocked(self) -> None:
        run = make_working_run(lane="account:7")
        ledger.block(run, BlockedError("needs_reauth", "Consent has run out."))
        assert fresh(run).state == Run.State.BLOCKED
        assert ledger.unblock(lane="account:8", now=clock.now()) == 0
        assert ledger.unblock(lane="account:7", reason="seat", now=clock.now()) == 0
        assert (
            ledger.unblock(lane="account:7", reason="needs_reauth", now=clock.now())
            == 1
        )
        assert fresh(run).state == Run.State.PLANNED

    def test_a_transient_error_waits_and_is_given_up_after_twelve(self) -> None:
        run = make_working_run()
        for _ in range(ledger.MAX_ERRORS - 1):
            ledger.retry(run, "Spotify answered 502.")
            assert fresh(run).due_at > clock.now()
            Run.objects.filter(pk=run.pk).update(due_at=clock.now())
            claimed = ledger.claim(run.pk, worker="w")
            assert claimed is not None
            run = claimed
        ledger.retry(run, "Spotify answered 502.")
        assert fresh(run).state == Run.State.FAILED
        assert "12 tries" in fresh(run).error

    def test_a_result_is_kept(self) -> None:
        run = make_working_run()
        ledger.finish(run, {"tracks": 50})
        assert fresh(run).result == {"tracks": 50}
        assert fresh(run).finished_at is not None


class TestBulk:
    def test_is_done_when_its_last_child_is_done(self) -> None:
        bulk = ledger.open_bulk(
            kind="tests.bulk",
            title="Two",
            children=[make_spec(), make_spec()],
            now=clock.now(),
        )
        for child in bulk.children.all():
            assert fresh(bulk).state == Run.State.WORKING
            claimed = ledger.claim(child.pk, worker="w")
            assert claimed is not None
            ledger.finish(claimed)
        assert fresh(bulk).state == Run.State.DONE
        assert fresh(bulk).progress_done == 2

    def test_waits_for_a_child_that_somebody_else_asked_for(self) -> None:
        alone = make_run(subject="playlist:1")
        bulk = ledger.open_bulk(
            kind="tests.bulk",
            title="One of them is going",
            children=[make_spec(subject="playlist:1"), make_spec()],
            now=clock.now(),
        )
        assert alone in bulk.children.all()
        assert bulk.progress_total == 2

    def test_has_failed_when_a_child_has_failed_and_retries_just_that(self) -> None:
        bulk = ledger.open_bulk(
            kind="tests.bulk",
            title="Two",
            children=[make_spec(), make_spec()],
            now=clock.now(),
        )
        first, second = (
            ledger.claim(child.pk, worker="w") for child in bulk.children.order_by("pk")
        )
        assert first is not None
        assert second is not None
        ledger.finish(first)
        ledger.fail(second, "The album is gone.")
        assert fresh(bulk).state == Run.State.FAILED
        again = ledger.retry_failed(fresh(bulk), now=clock.now())
        assert [run.subject for run in again.children.all()] == [second.subject]

    def test_refuses_to_be_empty(self) -> None:
        with pytest.raises(InputError):
            ledger.open_bulk(
                kind="tests.bulk", title="None", children=[], now=clock.now()
            )
        assert not Run.objects.exists()

    def test_is_cancelled_with_what_waits_of_it(self) -> None:
        bulk = ledger.open_bulk(
            kind="tests.bulk",
            title="Three",
            children=[make_spec(), make_spec(), make_spec()],
            now=clock.now(),
        )
        first = bulk.children.order_by("pk").first()
        assert first is not None
        claimed = ledger.claim(first.pk, worker="w")
        assert claimed is not None
        assert ledger.cancel([bulk.pk], now=clock.now()) == 2
        assert fresh(bulk).state == Run.State.WORKING
        ledger.finish(claimed)
        assert fresh(bulk).state == Run.State.DONE

    def test_the_same_key_opens_it_once(self) -> None:
        one, two = (
            ledger.open_bulk(
                kind="tests.bulk",
                title="Once",
                children=[make_spec()],
                now=clock.now(),
                idempotency_key="k",
            )
            for _ in range(2)
        )
        assert one.pk == two.pk
        assert Run.objects.filter(is_bulk=False).count() == 1


class TestTakeBackLapsed:
    def test_plans_the_run_again_and_counts_the_crash(self) -> None:
        run = make_working_run()
        later = clock.now() + timedelta(seconds=ledger.LEASE_S + 1)
        assert ledger.take_back_lapsed(now=later) == [run.pk]
        assert fresh(run).state == Run.State.PLANNED
        assert fresh(run).crashes == 1
        assert fresh(run).was_taken_over

    def test_leaves_a_living_worker_alone(self) -> None:
        run = make_working_run()
        assert ledger.take_back_lapsed(now=clock.now()) == []
        assert fresh(run).state == Run.State.WORKING

    def test_takes_back_a_lease_that_a_moved_clock_left_in_the_far_future(self) -> None:
        run = make_working_run()
        before = clock.now() - timedelta(days=30)
        assert ledger.take_back_lapsed(now=before) == [run.pk]
