"""The sandbox as a program of its own."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from vibe_engine.sandbox.cli import ENDINGS
from vibe_engine.sandbox.people import App
from vibe_engine.sandbox.world import Config, World
from vibe_engine.tests.sandbox.running import (
    NEWCOMER,
    REDIRECT_URI,
    TRACKS,
    Account,
    RunningSandbox,
)

APP = f"{NEWCOMER.client_id}:{NEWCOMER.client_secret}::northpier"
MODULE = ("-m", "vibe_engine.sandbox")
COMMAND = (str(Path(__file__).parents[3] / "manage.py"), "sandbox")
STOP_TIMEOUT_S = 10


@contextmanager
def started(
    *options: str, door: tuple[str, ...] = MODULE
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the sandbox through one of its doors and give its address."""
    command = [sys.executable, *door, "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            ready = re.fullmatch(r"sandbox ready (http://127\.0\.0\.1:\d+)\n", line)
            assert ready, line
            yield process, ready[1]
        finally:
            process.kill()


def connect(url: str, session: requests.Session) -> Account:
    order = {
        "client_id": NEWCOMER.client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "playlist-modify-public playlist-read-private",
        "user_id": "harbour-radio",
    }
    granted = session.post(f"{url}/_sandbox/grant", json=order, timeout=9).json()
    token = session.post(
        f"{url}/api/token",
        data={
            "grant_type": "authorization_code",
            "redirect_uri": REDIRECT_URI,
            **granted,
        },
        auth=(NEWCOMER.client_id, NEWCOMER.client_secret),
        timeout=9,
    )
    return Account(url, session, token.json()["access_token"])


class TestProgram:
    @pytest.mark.parametrize("door", [MODULE, COMMAND])
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_stops_at_once_when_told(
        self, number: signal.Signals, door: tuple[str, ...]
    ) -> None:
        with started(door=door) as (process, url), requests.Session() as session:
            assert session.get(url, timeout=9).status_code == 200
            process.send_signal(number)
            assert process.wait(STOP_TIMEOUT_S) == 0

    @pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
    def test_leaves_no_signal_to_a_handler_that_may_miss_it(self) -> None:
        with started() as (process, url), requests.Session() as session:
            assert session.get(url, timeout=9).status_code == 200
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
            caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", status, re.MULTILINE)
            assert caught
            for number in ENDINGS:
                assert not int(caught[1], 16) & 1 << (number - 1)

    def test_keeps_everything_when_killed(self, tmp_path: Path) -> None:
        options = ("--app", APP, "--state", str(tmp_path / "sandbox.db"))
        with requests.Session() as session:
            with started(*options) as (process, url):
                account = connect(url, session)
                playlist = account.create("Kept")
                process.kill()
                process.wait(STOP_TIMEOUT_S)
            with started(*options) as (_, url):
                account.url = url
                assert account.get(f"playlists/{playlist['id']}")["name"] == "Kept"
                log = session.get(f"{url}/_sandbox/log", timeout=9).json()
                assert [entry["path"] for entry in log["requests"]] == [
                    "/api/token",
                    "/v1/me/playlists",
                    f"/v1/playlists/{playlist['id']}",
                ]

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            (("--tracks", "0"), "tracks must be from 1"),
            (("--catalogue", "/nowhere.csv"), "cannot be read"),
            (("--app", "half"), "CLIENT_ID:SECRET:PROFILE:DEVELOPER"),
            (("--app", "a:b:gold:d"), "gold"),
            (("--rate", "-1"), "--rate must be 0 or more"),
            (("--port", "70000"), "--port must be from 0 to 65535"),
            (("--state", "/dev/null/x"), "cannot hold the state"),
        ],
    )
    def test_says_in_a_line_why_it_does_not_start(
        self, options: tuple[str, ...], reason: str
    ) -> None:
        ended = subprocess.run(
            [sys.executable, *MODULE, "--port", "0", *options],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert ended.returncode == 1
        assert reason in ended.stderr
        assert ended.stderr.count("\n") == 1

    def test_says_that_the_port_is_taken(self) -> None:
        with started() as (_, url):
            ended = subprocess.run(
                [sys.executable, *MODULE, "--port", url[-5:]],
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )
        assert ended.returncode == 1
        assert "in use" in ended.stderr

    def test_needs_no_django(self) -> None:
        code = (
            "import sys; import vibe_engine.sandbox.cli; "
            "sys.exit(bool({'django', 'celery'} & set(sys.modules)))"
        )
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "nothing.there"}
        ended = subprocess.run(
            [sys.executable, "-c", code], env=environment, check=False, timeout=30
        )
        assert ended.returncode == 0


class TestState:
    def test_keeps_seats_of_an_app_that_is_registered_again(
        self, tmp_path: Path
    ) -> None:
        config = Config(tracks=50, state_file=tmp_path / "state.db", apps=(NEWCOMER,))
        world = World(config)
        with world.store.transaction():
            world.people.save_app(
                App("newcomer", "old", "development", "d", (), ("x",))
            )
        world.store.close()
        again = World(config)
        app = again.people.find_app("newcomer")
        assert app is not None
        assert (app.client_secret, app.seats) == ("newcomer-secret", ("x",))
        again.store.close()

    def test_has_an_app_of_its_own_where_none_is_given(self) -> None:
        world = World(Config(tracks=50))
        assert [app.client_id for app in world.people.apps()] == ["sandbox"]
        world.store.close()


class TestConnection:
    def test_is_kept_for_the_next_request(self, local: RunningSandbox) -> None:
        host = local.url.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=9)
        connection.request("GET", "/v1/me")
        connection.getresponse().read()
        first = connection.sock
        connection.request("POST", "/api/token", body=b"x" * 10_000)
        assert connection.getresponse().status == 400
        assert connection.sock is first
        connection.close()

    def test_refuses_bodies_beyond_two_megabytes(self, local: RunningSandbox) -> None:
        host = local.url.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=9)
        connection.putrequest("POST", "/api/token")
        connection.putheader("Content-Length", "3000000")
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()

    def test_survives_an_asker_that_leaves(
        self, local: RunningSandbox, account: Account
    ) -> None:
        host, _, port = local.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=9) as connection:
            connection.sendall(
                b"POST /api/token HTTP/1.1\r\nContent-Length: 9\r\n\r\nx"
            )
        assert account.get("me")

    @pytest.mark.parametrize("host", ["", "a b", '"><script>', "x" * 300])
    def test_survives_any_host(self, local: RunningSandbox, host: str) -> None:
        for path in ("v1/me", "browse", "_sandbox/users", "nothing"):
            answer = local.session.get(
                f"{local.url}/{path}", headers={"Host": host}, timeout=9
            )
            assert answer.status_code in (200, 400, 401, 404)
            assert "<script" not in answer.text

    def test_survives_an_error_of_our_own(
        self,
        local: RunningSandbox,
        account: Account,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        local.world.store.execute("ALTER TABLE playlists RENAME TO gone")
        answer = account.ask("POST", "me/playlists", json={"name": "x"})
        assert answer.status_code == 500
        assert "no such table" in capsys.readouterr().err
        assert account.get("me")

    def test_holds_the_number_of_tracks_asked_for(self, local: RunningSandbox) -> None:
        total = sum(album["total_tracks"] for album in local.albums(1_000))
        assert total == TRACKS
