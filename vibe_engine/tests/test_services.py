"""The private services that the other tests stand on."""

import os
import socket

import pytest
import redis
from django.db import connection
from django.test import Client

from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.live import LiveProcesses, wait_until


@pytest.mark.django_db
class TestDatabase:
    def test_is_private_to_the_session(self) -> None:
        assert "vibe-test-" in os.environ["DATABASE_URL"]
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)


class TestBroker:
    def test_is_a_private_server_that_answers(self) -> None:
        assert "vibe-test-" in os.environ["REDIS_URL"]
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
            assert client.ping()


class TestSockets:
    def test_connections_to_other_machines_are_refused(self) -> None:
        with (
            socket.socket() as probe,
            pytest.raises(AssertionError, match=r"192\.0\.2\.1"),
        ):
            probe.connect(("192.0.2.1", 80))


class TestClock:
    def test_moves_what_the_product_takes_for_now(self, clock: MovableClock) -> None:
        before = clock.now()
        clock.forward(days=3)
        assert (clock.now() - before).days == 3


class TestPeople:
    def test_are_signed_in(self, operator: Client) -> None:
        assert operator.session["_auth_user_id"]


class TestLiveProcesses:
    def test_see_the_database_of_the_test(self, live: LiveProcesses) -> None:
        process = live.manage("migrate", "--check")
        wait_until(lambda: process.poll() is not None)
        assert process.returncode == 0, live.output(process)
