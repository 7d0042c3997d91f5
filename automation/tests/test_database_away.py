"""Sessions that PostgreSQL ends under a worker, as a restart does to all of them."""

from contextlib import suppress

import pytest
from django.db import OperationalError, connection

from automation import worker
from automation.models import Run
from automation.tests.conftest import echo
from automation.tests.factories import make_run
from automation.tests.test_worker import Register, outcome

pytestmark = pytest.mark.django_db(transaction=True)


def end_own_session(run: Run) -> None:
    """Have the database end the session of whoever calls this."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


class TestWork:
    def test_under_a_job_costs_one_try(self, kinds: Register) -> None:
        run = outcome(kinds, end_own_session)
        assert (run.state, run.errors) == (Run.State.PLANNED, 1)
        assert "database was away" in run.error

    def test_before_the_end_is_written_costs_nothing(self, kinds: Register) -> None:
        def job(run: Run) -> dict[str, object]:
            with suppress(OperationalError):
                end_own_session(run)
            return {"done": True}

        run = outcome(kinds, job)
        assert (run.state, run.errors) == (Run.State.DONE, 0)
        assert run.result == {"done": True}

    def test_before_the_claim_loses_nothing(self, kinds: Register) -> None:
        kinds("tests.echo", echo)
        run = make_run()
        with suppress(OperationalError):
            end_own_session(run)
        worker.work_and_close(run.pk)
        worker.work_and_close(run.pk)
        assert Run.objects.get(pk=run.pk).state == Run.State.DONE
