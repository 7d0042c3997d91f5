"""The parts behind `manage.py up`, each alone."""

import io
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vibe_engine.supervisor import lifeline, valkey
from vibe_engine.supervisor.child import Child, Program
from vibe_engine.supervisor.console import Console, LevelFilter, LogFile
from vibe_engine.supervisor.family import Family, describe_exit
from vibe_engine.supervisor.instance import (
    AlreadyRunningError,
    PortTakenError,
    check_port,
    lock_folder,
)
from vibe_engine.testing.live import wait_until
from vibe_engine.testing.services import is_alive

SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")
DEAF = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('deaf', flush=True); time.sleep(600)",
)


def python(code: str, name: str = "program", **options: float) -> Program:
    return Program(name, (sys.executable, "-c", code), **options)  # type: ignore[arg-type]


@pytest.fixture
def screen() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def family(tmp_path: Path, screen: io.StringIO) -> Iterator[Family]:
    family = Family(Console(screen), tmp_path / "logs")
    yield family
    family.kill()
    for child in family.children:
        child.log.close()


class TestLevelFilter:
    @pytest.mark.parametrize(
        "line",
        [
            "2026-11-22 17:29:37,002 ERROR celery.beat: it broke",
            "2026-11-22 17:29:37,002 WARNING automation.engine: the broker is away",
            "[2026-11-22 17:29:37 +0000] [123] [CRITICAL] WORKER TIMEOUT (pid:7)",
        ],
    )
    def test_lets_warnings_and_worse_through(self, line: str) -> None:
        assert LevelFilter().choose(line) == line

    @pytest.mark.parametrize(
        "line",
        [
            "2026-11-22 17:29:37,002 INFO automation.engine: up",
            "[2026-11-22 17:29:37 +0000] [123] [INFO] Booting worker",
            "    . logfile -> [stderr]@%WARNING",
            "",
        ],
    )
    def test_keeps_talk_back(self, line: str) -> None:
        assert LevelFilter().choose(line) is None

    def test_shows_the_traceback_below_an_error(self) -> None:
        chosen = LevelFilter()
        chosen.choose("2026-11-22 17:29:37,002 ERROR app: it broke")
        assert chosen.choose("Traceback (most recent call last):")
        assert chosen.choose("ValueError: seven")
        assert not chosen.choose("2026-11-22 17:29:38,002 INFO app: going on")
        assert not chosen.choose("more about going on")

    def test_cuts_a_flood_short(self) -> None:
        chosen = LevelFilter()
        lines = [chosen.choose(f"2026-11-22 ERROR app: {n}") for n in range(500)]
        shown = [line for line in lines if line]
        assert len(shown) == 12
        assert shown[-1] == "... and more, in its log."


class TestConsole:
    def test_puts_the_name_before_a_line_without_colour_in_a_file(
        self, screen: io.StringIO
    ) -> None:
        Console(screen).relay("web", "hello")
        assert screen.getvalue() == "     web | hello\n"

    def test_shows_progress_on_a_terminal_only(self, screen: io.StringIO) -> None:
        Console(screen).progress("10%")
        assert screen.getvalue() == ""

    def test_survives_a_terminal_that_has_gone(self, tmp_path: Path) -> None:
        stream = (tmp_path / "gone").open("w")
        console = Console(stream)
        stream.close()
        console.say("nobody hears this")
        console.stream.close()


class TestLogFile:
    def test_begins_anew_and_keeps_the_one_before(self, tmp_path: Path) -> None:
        for text in ("first 100%", "second"):
            log = LogFile(tmp_path / "web.log")
            log.write(text)
            log.close()
        assert (tmp_path / "web.log").read_text() == "second\n"
        assert (tmp_path / "web.log.1").read_text() == "first 100%\n"


class TestChild:
    def test_keeps_what_the_process_says_and_shows_its_warnings(
        self, family: Family, screen: io.StringIO
    ) -> None:
        child = family.start(python("print('chatter'); print('WARNING it leaks')"))
        assert child.wait(20)
        child.end_group()
        assert child.log.last_lines(5) == ["chatter", "WARNING it leaks"]
        assert screen.getvalue() == " program | WARNING it leaks\n"

    def test_ends_grandchildren_too(self, family: Family, tmp_path: Path) -> None:
        told = tmp_path / "pid"
        code = (
            "import subprocess, sys, pathlib, time\n"
            "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
            f"pathlib.Path({str(told)!r}).write_text(str(p.pid))\n"
            "time.sleep(600)"
        )
        child = family.start(python(code))
        wait_until(lambda: told.exists() and bool(told.read_text()))
        grandchild = int(told.read_text())
        child.end_group()
        wait_until(lambda: not is_alive(grandchild), timeout_s=10)

    def test_waits_longer_after_each_failure_up_to_a_limit(
        self, tmp_path: Path, screen: io.StringIO
    ) -> None:
        child = Child(Program("x", SLEEPER), Console(screen), tmp_path)
        delays = [child.plan_restart() for _ in range(10)]
        child.log.close()
        assert delays[:4] == [0.5, 1.0, 2.0, 4.0]
        assert delays[-1] == 30.0


class TestFamily:
    def test_starts_again_what_has_died(
        self, family: Family, screen: io.StringIO
    ) -> None:
        child = family.start(Program("sleeper", SLEEPER))
        assert child.is_running()
        child.end_group()

        def back() -> bool:
            family.tend()
            return child.is_running()

        wait_until(back, timeout_s=20)
        assert child.starts == 2
        assert "sleeper ended (signal 9); starting it again" in screen.getvalue()

    def test_stops_those_that_serve_others_last(
        self, family: Family, tmp_path: Path
    ) -> None:
        order = tmp_path / "order"
        code = (
            "import signal, sys, time\n"
            "def end(*_):\n"
            f"    open({str(order)!r}, 'a').write(sys.argv[1] + ' ')\n"
            "    sys.exit(0)\n"
            "signal.signal(signal.SIGTERM, end)\n"
            f"open({str(order)!r} + sys.argv[1], 'w').close()\n"
            "time.sleep(600)"
        )
        for name, serves in (("broker", True), ("sandbox", True), ("web", False)):
            argv = (sys.executable, "-c", code, name)
            family.start(Program(name, argv, serves_others=serves))
            wait_until(Path(f"{order}{name}").exists)
        family.stop()
        assert order.read_text().split() == ["web", "sandbox", "broker"]

    def test_kills_what_does_not_listen(self, family: Family) -> None:
        child = family.start(Program("deaf", DEAF, grace_s=0.2))
        wait_until(lambda: child.log.last_lines(1) == ["deaf"])
        family.stop()
        assert child.exit_code() == -signal.SIGKILL

    def test_tells_exits_in_words(self) -> None:
        assert describe_exit(3) == "exit code 3"
        assert describe_exit(-9) == "signal 9"
        assert describe_exit(None) == "not started"


class TestLifeline:
    @pytest.mark.skipif(sys.platform != "linux", reason="a Linux system call")
    def test_the_kernel_ends_the_child_of_a_killed_parent(self, tmp_path: Path) -> None:
        told = tmp_path / "pid"
        code = (
            "import subprocess, sys, pathlib, time\n"
            "from vibe_engine.supervisor.lifeline import dies_with_parent\n"
            "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],"
            " preexec_fn=dies_with_parent())\n"
            f"pathlib.Path({str(told)!r}).write_text(str(p.pid))\n"
            "time.sleep(600)"
        )
        parent = subprocess.Popen([sys.executable, "-c", code])
        wait_until(lambda: told.exists() and bool(told.read_text()))
        child = int(told.read_text())
        parent.kill()
        parent.wait()
        wait_until(lambda: not is_alive(child), timeout_s=10)

    def test_elsewhere_a_process_between_ends_it(self, tmp_path: Path) -> None:
        told = tmp_path / "pid"
        inner = (
            "import os, pathlib, time;"
            f"pathlib.Path({str(told)!r}).write_text(str(os.getpid())); time.sleep(600)"
        )
        code = (
            "import subprocess, sys, time\n"
            "from vibe_engine.supervisor import lifeline\n"
            "lifeline.HAS_DEATH_SIGNAL = False\n"
            f"subprocess.Popen(lifeline.tied([sys.executable, '-c', {inner!r}]))\n"
            "time.sleep(600)"
        )
        parent = subprocess.Popen([sys.executable, "-c", code])
        wait_until(lambda: told.exists() and bool(told.read_text()))
        child = int(told.read_text())
        assert is_alive(child)
        parent.kill()
        parent.wait()
        wait_until(lambda: not is_alive(child), timeout_s=10)

    def test_the_process_between_passes_the_exit_code_on(self) -> None:
        code = lifeline.stand_between(
            os.getppid(), [sys.executable, "-c", "raise SystemExit(7)"]
        )
        assert code == 7


class TestInstance:
    def test_one_folder_serves_one_instance(self, tmp_path: Path) -> None:
        with lock_folder(tmp_path, told="http://127.0.0.1:8000"):
            with pytest.raises(AlreadyRunningError) as caught:
                lock_folder(tmp_path, told="another")
            assert "http://127.0.0.1:8000" in str(caught.value)
            assert str(os.getpid()) in str(caught.value)
        lock_folder(tmp_path, told="later").close()

    def test_a_taken_port_is_told_before_anything_starts(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(PortTakenError, match=f"Port {port} cannot be used"):
                check_port(port)


class TestValkey:
    def test_long_paths_get_a_short_folder(self, tmp_path: Path) -> None:
        deep = tmp_path / ("deep" * 30)
        path = valkey.socket_path(deep)
        assert len(os.fsencode(path)) <= valkey.SOCKET_PATH_MAX_BYTES
        path.parent.rmdir()

    def test_short_paths_stay_in_the_state_folder(self) -> None:
        folder = Path("/srv/vibe/var/live")
        assert valkey.socket_path(folder) == folder / "broker.sock"

    def test_nothing_answers_where_nobody_listens(self, tmp_path: Path) -> None:
        assert not valkey.answers(tmp_path / "nobody.sock")

    def test_persists_and_evicts_nothing(self) -> None:
        argv = valkey.command(Path("valkey-server"), Path("/run/broker.sock"))
        options = dict(zip(argv[1::2], argv[2::2], strict=True))
        assert options["--save"] == ""
        assert options["--appendonly"] == "no"
        assert options["--maxmemory-policy"] == "noeviction"
        assert options["--port"] == "0"
