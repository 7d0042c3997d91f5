"""A broker that refuses, says nothing or is full: no page waits, no request is lost."""

import signal
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.test import Client

from automation import doorbell, ledger
from automation.engine import Engine
from automation.models import Run
from automation.tests.conftest import echo
from automation.tests.factories import make_working_run
from automation.tests.test_engine import Register
from vibe_engine import clock
from vibe_engine.celery import app
from vibe_engine.supervisor import valkey
from vibe_engine.testing.services import Valkey, make_folder

LONGEST_S = 6.0
"""Two seconds are the doorbell's at most; the others are for a busy machine."""


@pytest.fixture
def broker(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator["Broker"]:
    """What the product takes for its broker; each test says which."""
    chosen = Broker(settings, monkeypatch)
    yield chosen
    chosen.close()


class Broker:
    """Points the product at a broker of some kind."""

    def __init__(self, settings: Any, patch: pytest.MonkeyPatch) -> None:
        self.settings, self.patch = settings, patch
        self.server: Valkey | None = None
        self.listener = socket.socket()

    def is_at(self, url: str) -> None:
        """Make the product use this address."""
        self.settings.REDIS_URL = url
        celery_url = url.replace("unix://", "redis+socket://")
        self.patch.setitem(app.conf, "broker_url", celery_url)

    def refuses(self) -> None:
        """Nobody listens."""
        self.listener.bind(("127.0.0.1", 0))
        self.is_at(self._address())

    def is_silent(self) -> None:
        """Connections are taken, and nothing is ever answered."""
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(50)
        self.is_at(self._address())

    def is_full(self) -> None:
        """A real server without memory for one message more."""
        self.works()
        with self.client() as client:
            client.config_set("maxmemory", 1)

    def works(self) -> None:
        """A real server."""
        program = valkey.find_server()
        assert program is not None
        self.server = Valkey(make_folder(), program)
        self.is_at(self.server.url)

    def client(self) -> redis.Redis:
        """Return a client of the real server."""
        assert self.server is not None
        return redis.Redis.from_url(self.server.url)

    def close(self) -> None:
        """End what was started."""
        self.listener.close()
        if self.server is not None:
            self.server.stop(signal.SIGTERM)

    def _address(self) -> str:
        return f"redis://127.0.0.1:{self.listener.getsockname()[1]}/0"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("trouble", ["refuses", "is_silent", "is_full"])
class TestBrokerInTrouble:
    def test_delays_no_page_and_loses_no_request(
        self, broker: Broker, operator: Client, kinds: Register, trouble: str
    ) -> None:
        getattr(broker, trouble)()
        kinds("tests.echo", echo)
        failed = make_working_run()
        ledger.fail(failed, "The album is gone.")
        began = time.monotonic()
        answer = operator.post(f"/automation/runs/{failed.pk}/retry/")
        assert time.monotonic() - began < LONGEST_S
        again = Run.objects.exclude(pk=failed.pk).get()
        assert answer["Location"] == again.get_absolute_url()
        engine = Engine()
        engine.round(now=clock.now())
        for future in engine._own.values():
            future.result(timeout=30)
        assert Run.objects.get(pk=again.pk).state == Run.State.DONE

    def test_delays_a_page_that_rings_often_only_once(
        self, broker: Broker, db: None, trouble: str
    ) -> None:
        getattr(broker, trouble)()
        began = time.monotonic()
        assert [doorbell.ring([number]) for number in range(20)] == [False] * 20
        assert time.monotonic() - began < LONGEST_S


class TestBrokerThatIsBack:
    def test_is_rung_again_once_it_was_heard(self, broker: Broker) -> None:
        broker.is_full()
        assert not doorbell.ring([1])
        with broker.client() as client:
            client.config_set("maxmemory", 0)
            assert not doorbell.ring([1])
            assert doorbell.answers()
            assert doorbell.ring([1])
            assert client.llen("celery") == 1

    def test_takes_no_more_than_it_can_be_rung_for(
        self, broker: Broker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        broker.works()
        monkeypatch.setattr(doorbell, "MOST_AT_ONCE", 3)
        assert doorbell.ring(range(10))
        with broker.client() as client:
            assert client.llen("celery") == 3

    def test_that_never_was_answers_nothing(self, settings: Any) -> None:
        settings.REDIS_URL = ""
        assert not doorbell.answers()
        assert not doorbell.ring([1])
