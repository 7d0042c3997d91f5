"""The part of the test set-up that runs before Django's settings are read.

Loaded by `-p` in pyproject.toml. One PostgreSQL serves the whole session (under
xdist the controller owns it and the workers inherit its address); a Valkey, a
state folder and a clock belong to each process that runs tests.
"""

import atexit
import os
import secrets
import shutil
import signal
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from vibe_engine.secrets_env import new_token_key
from vibe_engine.supervisor import valkey
from vibe_engine.testing.environment import PRODUCT_VARIABLES
from vibe_engine.testing.services import (
    Postgres,
    Valkey,
    find_postgres,
    make_folder,
)

EXTENDED_APP = ("e" * 32, "s" * 32)
DEVELOPMENT_APP = ("d" * 32, "t" * 32)
PRIVATE = {
    "VIBE_MODE": "demo",
    "VIBE_ENV_FILE": os.devnull,
    "DASHBOARD_USERNAME": "operator",
    "SPOTIFY_CLIENT_ID": EXTENDED_APP[0],
    "SPOTIFY_CLIENT_SECRET": EXTENDED_APP[1],
    "SANDBOX_DEVELOPMENT_CLIENT_ID": DEVELOPMENT_APP[0],
    "SANDBOX_DEVELOPMENT_CLIENT_SECRET": DEVELOPMENT_APP[1],
    "LOG_LEVEL": "WARNING",
}


@dataclass
class Services:
    """What one process started, and how it is stopped and told."""

    folder: Path = field(default_factory=make_folder)
    owner: int = field(default_factory=os.getpid)
    postgres: Postgres | None = None
    valkey: Valkey | None = None
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def start_database(self, wanted: str) -> None:
        """Point `DATABASE_URL` at a private PostgreSQL, or at a SQLite file."""
        programs = find_postgres() if wanted == "postgresql" else None
        if programs is None:
            os.environ["DATABASE_URL"] = f"sqlite:///{self.folder / 'vibe.db'}"
            self.notes.append("database: SQLite")
            if wanted == "postgresql":
                self.miss("PostgreSQL")
            return
        self.postgres = Postgres(self.folder, programs)
        os.environ["DATABASE_URL"] = self.postgres.url
        self.notes.append(f"database: private PostgreSQL ({programs})")

    def start_broker(self) -> None:
        """Point `REDIS_URL` at a private Valkey, or leave it empty."""
        server = valkey.find_server()
        if server is None:
            os.environ["REDIS_URL"] = ""
            self.miss("Valkey")
            return
        self.valkey = Valkey(self.folder, server)
        os.environ["REDIS_URL"] = self.valkey.url
        self.notes.append(f"broker: private Valkey ({server})")

    def miss(self, service: str) -> None:
        """Say loudly that a service is missing; under CI, refuse to go on."""
        text = f"NO {service.upper()} WAS FOUND: install requirements-dev.txt"
        if refuse_skips():
            raise pytest.UsageError(text)
        self.notes.append(text)
        self.missing.append(text)

    def stop(self) -> None:
        """Stop every process and remove the folder; does nothing in a fork."""
        if os.getpid() != self.owner:
            return
        if self.valkey:
            self.valkey.stop(signal.SIGTERM)
        if self.postgres:
            self.postgres.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)


SERVICES = pytest.StashKey[Services]()


def isolate_environment(folder: Path) -> None:
    """Drop whatever the developer's shell sets for the product; set our own."""
    for name in PRODUCT_VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(PRIVATE)
    os.environ["SECRET_KEY"] = secrets.token_urlsafe(50)
    os.environ["TOKEN_KEYS"] = new_token_key()
    os.environ["DASHBOARD_PASSWORD"] = secrets.token_urlsafe(9)
    os.environ["VIBE_VAR_DIR"] = str(folder / "var")
    os.environ["VIBE_CLOCK_FILE"] = str(folder / "clock")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--db`."""
    parser.addoption(
        "--db",
        choices=["postgresql", "sqlite"],
        default="postgresql",
        help="database of the tests (default: a private PostgreSQL)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start the services before pytest-django reads the settings."""
    services = Services()
    atexit.register(services.stop)
    early_config.stash[SERVICES] = services
    inherited = os.environ.get("DATABASE_URL", "")
    isolate_environment(services.folder)
    if "PYTEST_XDIST_WORKER" in os.environ and inherited.startswith("postgres"):
        os.environ["DATABASE_URL"] = inherited
    else:
        services.start_database(early_config.known_args_namespace.db)
    services.start_broker()


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which services the tests use."""
    return config.stash[SERVICES].notes


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Repeat at the end, where it is read, what was missing."""
    for text in config.stash[SERVICES].missing:
        terminalreporter.write_line(text, red=True, bold=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the services; `atexit` does it where pytest gives up early."""
    if services := config.stash.get(SERVICES, None):
        services.stop()


def refuse_skips() -> bool:
    """Whether a skipped test counts as a failed one: under CI."""
    return os.environ.get("CI", "") not in ("", "0", "false")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a skipped test under CI."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and refuse_skips():
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail a skipped module under CI."""
    report = yield
    if report.skipped and refuse_skips():
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report
