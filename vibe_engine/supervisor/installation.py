"""An embedded installation from its start to its end, in steps."""

import contextlib
import http.client
import io
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.core.management import call_command, get_commands
from django.db import connection, connections

from vibe_engine.errors import VibeError
from vibe_engine.supervisor import programs, valkey
from vibe_engine.supervisor.child import Child, Program
from vibe_engine.supervisor.console import Console
from vibe_engine.supervisor.family import Family
from vibe_engine.supervisor.instance import check_port, lock_folder

ROUND_S = 0.2
ANSWER_TIMEOUT_S = 5
START_TIMEOUT_S = 60
GIVE_UP_AFTER_FAILURES = 3


class StartError(VibeError):
    """A part of the installation does not start; the text shows the end of its log."""


class StoppedError(VibeError):
    """Somebody asked to stop while the installation was still starting."""


class Installation:
    """Everything that `manage.py up` runs, on one port and one state folder.

    `tied`: end when the process that started this one has ended.
    """

    def __init__(self, console: Console, *, with_demo: bool, tied: bool) -> None:
        self.console = console
        self.with_demo = with_demo
        self.parent = os.getppid() if tied else None
        self.family = Family(console, settings.VAR_DIR / "logs")
        self.stopping = threading.Event()
        self._impatient = False

    def run(self) -> None:
        """Start, tell, tend until asked to stop, stop.

        :raises VibeError: it cannot start here; everything started is stopped.
        """
        with lock_folder(settings.VAR_DIR, told=settings.PUBLIC_BASE_URL):
            self.check_ports()
            with self.stop_signals():
                try:
                    self.start()
                    while not self.is_over():
                        self.family.tend()
                        self.stopping.wait(ROUND_S)
                except StoppedError:
                    pass
                finally:
                    self.stop()

    def check_ports(self) -> None:
        """See that the ports are free, before anything is started."""
        check_port(settings.PORT)
        if settings.DEMO:
            check_port(settings.PORT + 1)

    def start(self) -> None:
        """Bring everything up, in the order in which the parts need each other."""
        began = time.monotonic()
        self.start_broker()
        self.prepare_database()
        if settings.DEMO:
            self.start_answering(programs.sandbox(), settings.PORT + 1, path="/")
        self.start_answering(programs.web(), settings.PORT, path="/healthz")
        if self.with_demo:
            self.make_demo()
        self.start_working()
        self.tell(time.monotonic() - began)

    def start_broker(self) -> None:
        """Start a private Valkey, unless a broker is given; say so if there is none."""
        settings.PRIVATE_BROKER.unlink(missing_ok=True)
        if os.environ.get("REDIS_URL"):
            return
        server = valkey.find_server()
        if server is None:
            self.console.say("No broker was found; the engine works alone.")
            return
        socket_file = valkey.socket_path(settings.VAR_DIR)
        child = self.family.start(programs.broker(server, socket_file))
        self.wait_for(child, lambda: valkey.answers(socket_file))
        os.environ["REDIS_URL"] = f"unix://{socket_file}"
        settings.PRIVATE_BROKER.write_text(os.environ["REDIS_URL"], encoding="utf-8")

    def prepare_database(self) -> None:
        """Bring tables, groups, people and schedules to what the code expects."""
        call_command("migrate", verbosity=0, interactive=False)
        self.warn_without_wal()
        call_command("bootstrap", verbosity=0, stdout=io.StringIO())
        connections.close_all()
        self.go_on()

    def warn_without_wal(self) -> None:
        """Say so where the disk does not carry SQLite's write-ahead log."""
        if connection.vendor != "sqlite":
            return
        with connection.cursor() as cursor:
            mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
        if mode != "wal":
            self.console.say(
                f"SQLite cannot use its write-ahead log in {settings.VAR_DIR} (a "
                "network disk?): expect waits; VIBE_VAR_DIR names another folder."
            )

    def start_answering(self, program: Program, port: int, *, path: str) -> None:
        """Start a server and wait until it answers over HTTP."""
        child = self.family.start(program)
        self.wait_for(child, lambda: answers_http(port, path))

    def make_demo(self) -> None:
        """Make the demo fleet once; a failure is told and leaves an empty product."""
        made = settings.VAR_DIR / "demo-made"
        if made.exists() or "seed_demo" not in get_commands():
            return
        self.console.say("Making a demo fleet; this takes half a minute, once ...")
        child = self.family.start(programs.seed())
        while child.is_running():
            self.go_on()
            self.console.progress("".join(child.log.last_lines(1)))
            time.sleep(ROUND_S)
        self.console.progress()
        self.family.children.remove(child)
        if child.exit_code() == 0:
            made.touch()
        else:
            self.console.say(f"The demo fleet was not made; {child.log.path} says why.")

    def start_working(self) -> None:
        """Start what works in the background; without a broker that is the engine."""
        if os.environ.get("REDIS_URL"):
            self.family.start(programs.worker())
            self.family.start(programs.beat())
        self.family.start(programs.engine())

    def tell(self, took_s: float) -> None:
        """Print where it is and how to sign in."""
        strong, say = self.console.strong, self.console.say
        say()
        say(f"  Vibe Engine is ready after {took_s:.0f} s.")
        say()
        say(f"  Open      {strong(settings.PUBLIC_BASE_URL + '/')}")
        say(f"  User      {strong(settings.DASHBOARD_USERNAME)}")
        if settings.DEMO:
            say(f"  Password  {strong(settings.DASHBOARD_PASSWORD)}")
            say(f"  Sandbox   {settings.SANDBOX_URL}/ (a local Spotify)")
        else:
            say("  Password  DASHBOARD_PASSWORD of your environment")
        say(f"  State     {shortened(settings.VAR_DIR)}, logs in logs/")
        say()
        say("  Ctrl-C stops all of it.")
        say()

    def wait_for(self, child: Child, ready: Callable[[], bool]) -> None:
        """Wait until a started part is ready.

        :raises StartError: it died three times or took more than a minute.
        """
        deadline = time.monotonic() + START_TIMEOUT_S
        while not ready():
            self.go_on()
            self.family.tend()
            tired = child.failures >= GIVE_UP_AFTER_FAILURES
            if tired or time.monotonic() > deadline:
                end = "\n".join(child.log.last_lines(15))
                raise StartError(
                    f"{child.name} does not start ({child.log.path}):\n{end}"
                )
            time.sleep(ROUND_S / 4)

    def is_over(self) -> bool:
        """Whether somebody asked to stop, or the parent we are tied to has gone."""
        if self.parent is not None and os.getppid() != self.parent:
            return True
        return self.stopping.is_set()

    def go_on(self) -> None:
        """Raise StoppedError if it is over."""
        if self.is_over():
            raise StoppedError("Stopped while starting.")

    def stop(self) -> None:
        """Stop every process; a second Ctrl-C kills what is left."""
        self._impatient = True
        self.console.say("Stopping ...")
        self.family.stop()
        settings.PRIVATE_BROKER.unlink(missing_ok=True)
        self.console.say("Stopped.")

    @contextlib.contextmanager
    def stop_signals(self) -> Iterator[None]:
        """Take the signals that mean "stop", also where they were being ignored.

        A shell starts background jobs with SIGINT ignored, so handlers are set
        whatever was inherited; only nohup's wish about SIGHUP is respected.
        """
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            numbers.append(signal.SIGHUP)
        before = {number: signal.signal(number, self._on_signal) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, *_: object) -> None:
        if self._impatient:
            self.family.kill()
        self.stopping.set()


def answers_http(port: int, path: str) -> bool:
    """Whether a server on the loopback port answers, and not with a server error."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_TIMEOUT_S)
    try:
        client.request("GET", path)
        return client.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()


def shortened(path: Path) -> str:
    """Return a path relative to the project where it lies inside it."""
    if path.is_relative_to(settings.BASE_DIR):
        return str(path.relative_to(settings.BASE_DIR))
    return str(path)
