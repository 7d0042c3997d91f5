"""Carrying out runs: how each outcome of a job is written down."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from automation import ledger, worker
from automation.models import Run
from automation.registry import Job
from automation.tests.conftest import echo
from automation.tests.factories import make_run
from vibe_engine import clock
from vibe_engine.errors import (
    BlockedError,
    ConflictError,
    TransientError,
    VibeError,
    WaitError,
)
from vibe_engine.spotify.errors import (
    BadRequestError,
    EndpointClosedError,
    NotFoundError,
)

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

Register = Callable[[str, Job], None]


def raising(error: Exception) -> Job:
    def job(run: Run) -> None:
        raise error

    return job


def outcome(kinds: Register, job: Job) -> Run:
    kinds("tests.echo", job)
    run = make_run()
    worker.work(run.pk)
    return Run.objects.get(pk=run.pk)


class TestWork:
    def test_ends_well_with_the_result(self, kinds: Register) -> None:
        run = outcome(kinds, echo)
        assert run.state == Run.State.DONE
        assert run.result == {"subject": run.subject}

    def test_gives_a_wait_its_due_time(self, kinds: Register) -> None:
        until = clock.now() + timedelta(hours=3)
        run = outcome(kinds, raising(WaitError(until, "quota")))
        assert (run.state, run.due_at) == (Run.State.PLANNED, until)

    def test_sets_aside_what_a_person_must_mend(self, kinds: Register) -> None:
        run = outcome(kinds, raising(BlockedError("seat", "No seat.")))
        assert (run.state, run.reason) == (Run.State.BLOCKED, "seat")

    def test_tries_again_what_may_work_next_time(self, kinds: Register) -> None:
        run = outcome(kinds, raising(TransientError("502")))
        assert (run.state, run.errors) == (Run.State.PLANNED, 1)

    def test_fails_for_good_with_the_words_of_the_error(self, kinds: Register) -> None:
        run = outcome(kinds, raising(VibeError("The album is gone.")))
        assert (run.state, run.error) == (Run.State.FAILED, "The album is gone.")

    def test_keeps_an_unexpected_error_out_of_the_page(self, kinds: Register) -> None:
        run = outcome(kinds, raising(ZeroDivisionError("secret detail")))
        assert run.state == Run.State.PLANNED
        assert "secret detail" not in run.error
        assert "ZeroDivisionError" in run.error

    def test_fails_a_kind_that_this_version_does_not_know(self) -> None:
        run = make_run(kind="tests.forgotten")
        worker.work(run.pk)
        assert Run.objects.get(pk=run.pk).state == Run.State.FAILED

    def test_does_nothing_twice(self, kinds: Register) -> None:
        calls = []
        kinds("tests.echo", lambda run: calls.append(run.pk))
        run = make_run()
        worker.work(run.pk)
        assert worker.work(run.pk) is None
        assert calls == [run.pk]

    def test_writes_nothing_once_another_worker_owns_the_run(
        self, kinds: Register
    ) -> None:
        def slow(run: Run) -> dict[str, object]:
            ledger.take_back_lapsed(now=clock.now() + timedelta(minutes=5))
            return {"late": True}

        run = outcome(kinds, slow)
        assert (run.state, run.result) == (Run.State.PLANNED, {})


class TestTheLog:
    def test_says_how_a_run_ended_and_why(
        self, kinds: Register, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO", "automation.worker")
        jobs = [
            echo,
            raising(VibeError("The album is gone.")),
            raising(BlockedError("seat", "No seat.")),
        ]
        one, two, three = [outcome(kinds, job).title for job in jobs]
        assert caplog.messages == [
            f"“{one}” is done.",
            f"“{two}” failed: The album is gone.",
            f"“{three}” needs a person: No seat.",
        ]


class TestAPermanentFailure:
    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (VibeError("Gone."), "permanent"),
            (ConflictError("Changed."), "conflict"),
            (NotFoundError("No such album."), "not_found"),
            (BadRequestError("Refused."), "refused"),
            (EndpointClosedError("Closed."), "closed"),
        ],
    )
    def test_says_in_a_word_what_kind_it_is(
        self, kinds: Register, error: VibeError, reason: str
    ) -> None:
        run = outcome(kinds, raising(error))
        assert (run.state, run.reason) == (Run.State.FAILED, reason)


class TestWorkAll:
    def test_works_until_every_run_has_ended(self, kinds: Register) -> None:
        kinds("tests.echo", echo)
        ids = [make_run().pk for _ in range(5)]
        seen: list[int] = []
        ended = worker.work_all(ids, seen.append)
        assert {run.state for run in ended} == {Run.State.DONE}
        assert seen[-1] == 5

    def test_comes_back_to_a_run_that_asked_for_a_moment(self, kinds: Register) -> None:
        def job(run: Run) -> None:
            if run.attempts == 1:
                raise WaitError(clock.now() + timedelta(seconds=0.1), "rate")

        kinds("tests.echo", job)
        (run,) = worker.work_all([make_run().pk])
        assert (run.state, run.attempts) == (Run.State.DONE, 2)

    def test_stops_at_a_run_that_waits_for_hours(self, kinds: Register) -> None:
        until = clock.now() + timedelta(hours=5)
        kinds("tests.echo", raising(WaitError(until, "quota")))
        (run,) = worker.work_all([make_run().pk])
        assert run.state == Run.State.PLANNED
