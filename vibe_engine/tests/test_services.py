"""The private services that the other tests stand on."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from django.db import connection
from django.test import Client

from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.environment import ROOT
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


class TestSkips:
    @pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
    def test_fail_under_ci_only(self, tmp_path: Path, ci: str, code: int) -> None:
        (tmp_path / "pytest.ini").touch()
        (tmp_path / "test_skipped.py").write_text(
            "import pytest\ndef test_skipped():\n    pytest.skip('no such thing')\n"
        )
        run = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", str(tmp_path), "--rootdir", tmp_path),
                *("-c", str(tmp_path / "pytest.ini"), "--db=sqlite"),
                *("-p", "vibe_engine.testing.plugin", "-p", "no:django"),
            ],
            cwd=ROOT,
            env={**os.environ, "CI": ci},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == code, run.stdout
        assert ("which CI does not allow" in run.stdout) == bool(ci)
