"""A throwaway database for the bench, made empty and dropped at the end."""

import os
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote, urlencode

import environ
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from vibe_engine.errors import VibeError
from vibe_engine.testing.services import Postgres, find_postgres, make_folder


class BenchError(VibeError):
    """The bench cannot run, or something it measures gave a wrong answer."""


@contextmanager
def throwaway_database(kind: str) -> Iterator[str]:
    """Let the product work on an empty database of its own; yield a name for it.

    `kind` is "postgresql" or "sqlite". PostgreSQL is a private server where its
    programs are found, else the configured server, on a database of its own name.

    :raises BenchError: there is no PostgreSQL.
    """
    with TemporaryDirectory(prefix="vibe-bench-") as folder:
        place = _sqlite(folder) if kind == "sqlite" else _postgres()
        with place as database, _state_in(folder), _connected_to(database):
            call_command("migrate", verbosity=0, interactive=False)
            yield _name_of_server()


@contextmanager
def _sqlite(folder: str) -> Iterator[dict[str, Any]]:
    configured = dict(settings.DATABASES["default"])
    options = configured.get("OPTIONS", {}) if settings.SQLITE else {}
    yield environ.Env.db_url_config(f"sqlite:///{folder}/bench.db") | {
        "OPTIONS": options or {"transaction_mode": "IMMEDIATE", "timeout": 20}
    }


@contextmanager
def _postgres() -> Iterator[dict[str, Any]]:
    programs = find_postgres()
    if programs is None:
        with _own_database_on_the_server() as database:
            yield database
        return
    folder = make_folder()
    server = Postgres(folder, programs)
    try:
        with _connected_to(environ.Env.db_url_config(_at(server, "postgres"))):
            connection.cursor().execute("CREATE DATABASE vibe")
        yield environ.Env.db_url_config(server.url)
    finally:
        server.stop(signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)


def _at(server: Postgres, database: str) -> str:
    return server.url.replace("/vibe?", f"/{database}?")


@contextmanager
def _own_database_on_the_server() -> Iterator[dict[str, Any]]:
    configured = dict(settings.DATABASES["default"])
    if settings.SQLITE:
        raise BenchError(
            "There is no PostgreSQL: set DATABASE_URL to one, or add --database sqlite."
        )
    name = f"vibe_bench_{os.getpid()}"
    connection.cursor().execute(f"CREATE DATABASE {name}")
    try:
        yield configured | {"NAME": name}
    finally:
        connection.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _connected_to(database: dict[str, Any]) -> Iterator[None]:
    """Put another database in the place of the default one, for this process."""
    before, old = connections.settings["default"], connections["default"]
    old.close()
    connections.settings["default"] = connections.configure_settings(
        {"default": dict(database)}
    )["default"]
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connections["default"].close()
        connections.settings["default"] = before
        connections["default"] = old


@contextmanager
def _state_in(folder: str) -> Iterator[None]:
    """Keep the columns' files apart from those of the product that runs here."""
    before = settings.VAR_DIR
    settings.VAR_DIR = Path(folder)
    try:
        yield
    finally:
        settings.VAR_DIR = before


def _name_of_server() -> str:
    if connection.vendor == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}"
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return f"PostgreSQL {cursor.fetchone()[0]}"


def database_url() -> str:
    """Return the address of the database in use, for a process that is started."""
    used = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{used['NAME']}"
    host, port = used["HOST"], used["PORT"]
    if not host:
        query = urlencode({"host": used["OPTIONS"]["host"]})
        return f"postgres://{used['USER']}@/{used['NAME']}?{query}"
    sign_in = f"{quote(used['USER'], safe='')}:{quote(used['PASSWORD'], safe='')}"
    return f"postgres://{sign_in}@{host}{f':{port}' if port else ''}/{used['NAME']}"
