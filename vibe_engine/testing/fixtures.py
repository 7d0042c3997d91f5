"""The fixtures that every test may ask for."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from pytest_django import DjangoDbBlocker

from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.live import LiveProcesses
from vibe_engine.testing.plugin import DEVELOPMENT_APP, EXTENDED_APP
from vibe_engine.testing.sandbox import SandboxControl, SandboxProcess
from vibe_engine.testing.sockets import only_local_sockets

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture(autouse=True, scope="session")
def _only_local_sockets() -> Iterator[None]:
    with only_local_sockets():
        yield


@pytest.fixture(autouse=True, scope="session")
def _quick_passwords() -> Iterator[None]:
    """Hash passwords with a thousandth of the work; other processes can check them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PBKDF2PasswordHasher, "iterations", 1_000)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> None:
    """Keep a SQLite test database in a file, so that other processes can open it."""
    database: dict[str, Any] = django_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = f"{database['NAME']}.test"


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """The test database, which nobody else may hold when it is dropped.

    A thread that served a page may keep its session for longer than the tests take.
    """
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            )


@pytest.fixture
def clock() -> Iterator[MovableClock]:
    """The product's clock, movable; back to real time afterwards."""
    movable = MovableClock(Path(os.environ["VIBE_CLOCK_FILE"]))
    yield movable
    movable.reset()


@pytest.fixture(scope="session")
def sandbox_process(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SandboxProcess]:
    """A sandbox on a free port with an extended and a development app, no limits."""
    folder = tmp_path_factory.mktemp("sandbox")
    process = SandboxProcess(
        *("--clock", os.environ["VIBE_CLOCK_FILE"]),
        *("--state", str(folder / "sandbox.db")),
        *("--app", ":".join((*EXTENDED_APP, "extended", "fleet"))),
        *("--app", ":".join((*DEVELOPMENT_APP, "development", "newcomer"))),
        log=folder / "sandbox.log",
    )
    yield process
    process.stop()


@pytest.fixture
def sandbox(
    sandbox_process: SandboxProcess, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> Iterator[SandboxControl]:
    """The running sandbox; settings and child processes point at it.

    Each test finds it without faults and with nothing of earlier ones under way;
    `log()` begins with the test. People, playlists and grants of earlier tests stay.
    """
    control = sandbox_process.control
    addresses = {
        "SANDBOX_URL": control.url,
        "SPOTIFY_API_URL": control.api_url,
        "SPOTIFY_ACCOUNTS_URL": control.url,
        "RECCOBEATS_URL": control.reccobeats_url,
    }
    for name, address in addresses.items():
        setattr(settings, name, address)
        monkeypatch.setenv(name, address)
    control.clear_faults()
    control.settle()
    control.mark()
    yield control
    control.clear_faults()


@pytest.fixture
def live(transactional_db: None, tmp_path: Path) -> Iterator[LiveProcesses]:
    """Real processes on the test's database, stopped with the test."""
    processes = LiveProcesses(tmp_path)
    yield processes
    processes.stop()


def make_user(name: str, *groups: str, is_staff: bool = False) -> User:
    """Create a person in the named groups; staff may do everything."""
    user = User.objects.create_user(
        name,
        password=f"{name}-password",
        is_staff=is_staff,
        is_superuser=is_staff,
    )
    user.groups.set([Group.objects.get_or_create(name=group)[0] for group in groups])
    return user


def sign_in(user: User) -> Client:
    """Return a client signed in as `user`."""
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def viewer_user(db: None) -> User:
    """A person who may look."""
    return make_user("viewer", "viewers")


@pytest.fixture
def operator_user(db: None) -> User:
    """A person who may act."""
    return make_user("operator", "operators")


@pytest.fixture
def staff_user(db: None) -> User:
    """A person who may do everything, also in the admin."""
    return make_user("staff", "operators", is_staff=True)


@pytest.fixture
def anonymous(db: None) -> Client:
    """A client that is not signed in."""
    return Client()


@pytest.fixture
def viewer(viewer_user: User) -> Client:
    """A client signed in as a viewer."""
    return sign_in(viewer_user)


@pytest.fixture
def operator(operator_user: User) -> Client:
    """A client signed in as an operator."""
    return sign_in(operator_user)


@pytest.fixture
def staff(staff_user: User) -> Client:
    """A client signed in as staff."""
    return sign_in(staff_user)
