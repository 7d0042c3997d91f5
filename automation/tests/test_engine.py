"""The engine: leading, ringing, taking back and working alone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from automation.engine import LEADER_LEASE, Engine
from automation.ledger import LEASE_S
from automation.models import EngineLease, Run
from automation.registry import Job
from automation.tests.conftest import echo
from automation.tests.factories import make_run, make_working_run
from vibe_engine import clock

Register = Callable[[str, Job], None]


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.mark.django_db
@pytest.mark.portable
class TestLead:
    def test_one_engine_leads_and_another_stands_by(self, engine: Engine) -> None:
        other = Engine()
        other.name = "elsewhere:1"
        now = clock.now()
        assert engine.round(now=now)
        assert not other.round(now=now)

    def test_another_engine_takes_over_when_the_leader_is_silent(
        self, engine: Engine
    ) -> None:
        other = Engine()
        other.name = "elsewhere:1"
        now = clock.now()
        engine.round(now=now)
        assert other.round(now=now + LEADER_LEASE)

    def test_a_lease_left_by_a_moved_clock_is_void(self, engine: Engine) -> None:
        other = Engine()
        other.name = "elsewhere:1"
        now = clock.now()
        engine.round(now=now + timedelta(days=60))
        assert other.round(now=now)

    def test_every_round_is_a_heartbeat(self, engine: Engine) -> None:
        now = clock.now()
        engine.round(now=now)
        assert EngineLease.objects.get().heartbeat_at == now


@pytest.mark.django_db
class TestRing:
    def test_rings_what_is_due_once_in_half_a_minute(self, engine: Engine) -> None:
        now = clock.now()
        run = make_run(now=now)
        engine.round(now=now)
        assert Run.objects.get(pk=run.pk).rung_at == now
        engine.round(now=now + timedelta(seconds=5))
        assert Run.objects.get(pk=run.pk).rung_at == now
        engine.round(now=now + timedelta(seconds=31))
        assert Run.objects.get(pk=run.pk).rung_at == now + timedelta(seconds=31)

    def test_takes_back_and_rings_what_a_dead_worker_left(self, engine: Engine) -> None:
        run = make_working_run()
        later = clock.now() + timedelta(minutes=5)
        engine.round(now=later)
        fresh = Run.objects.get(pk=run.pk)
        assert (fresh.state, fresh.rung_at) == (Run.State.PLANNED, later)


@pytest.mark.django_db
@pytest.mark.portable
class TestAway:
    def test_blames_no_run_for_the_time_in_which_no_engine_was_there(
        self, engine: Engine
    ) -> None:
        engine.round(now=clock.now())
        run = make_working_run()
        engine.round(now=clock.now() + timedelta(seconds=LEASE_S + 1))
        assert (Run.objects.get(pk=run.pk).crashes, run.crashes) == (0, 0)

    def test_blames_a_run_while_it_was_watching(self, engine: Engine) -> None:
        run = make_working_run()
        lapsed = clock.now() + timedelta(seconds=LEASE_S + 1)
        engine.round(now=lapsed - LEADER_LEASE / 2)
        engine.round(now=lapsed)
        assert Run.objects.get(pk=run.pk).crashes == 1

    def test_goes_on_when_a_step_fails(
        self, engine: Engine, caplog: pytest.LogCaptureFixture
    ) -> None:
        engine._survive(lambda: 1 / 0)
        assert "ZeroDivisionError" in caplog.text


@pytest.mark.django_db(transaction=True)
class TestWorkAlone:
    def test_carries_runs_out_without_a_broker(
        self, engine: Engine, kinds: Register, settings: Any
    ) -> None:
        settings.REDIS_URL = ""
        kinds("tests.echo", echo)
        runs = [make_run() for _ in range(3)]
        engine.round(now=clock.now())
        for future in engine._own.values():
            future.result(timeout=30)
        states = Run.objects.filter(pk__in=[r.pk for r in runs]).values_list("state")
        assert {state for (state,) in states} == {Run.State.DONE}

    def test_carries_out_what_no_worker_has_answered(
        self, engine: Engine, kinds: Register
    ) -> None:
        kinds("tests.echo", echo)
        run = make_run(now=clock.now() - timedelta(minutes=3))
        engine.round(now=clock.now())
        for future in engine._own.values():
            future.result(timeout=30)
        assert Run.objects.get(pk=run.pk).state == Run.State.DONE

    def test_survives_a_broker_that_refuses(
        self, engine: Engine, kinds: Register, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from vibe_engine.celery import app

        kinds("tests.echo", echo)
        run = make_run()
        monkeypatch.setitem(app.conf, "broker_url", "redis://127.0.0.1:1/0")
        engine.round(now=clock.now())
        for future in engine._own.values():
            future.result(timeout=30)
        assert Run.objects.get(pk=run.pk).state == Run.State.DONE
