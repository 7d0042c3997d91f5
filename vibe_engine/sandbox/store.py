"""The sandbox's state: one SQLite file, one connection, one request at a time."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_BUSY_TIMEOUT_S = 10
_SCHEMA = """
CREATE TABLE IF NOT EXISTS options (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS developers (
    name TEXT PRIMARY KEY, premium_lapsed INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS apps (
    client_id TEXT PRIMARY KEY, client_secret TEXT NOT NULL, profile TEXT NOT NULL,
    developer TEXT NOT NULL, redirect_uris TEXT NOT NULL, seats TEXT NOT NULL,
    rotates INTEGER);
CREATE TABLE IF NOT EXISTS users (
    user_id TEXT PRIMARY KEY, account_id TEXT NOT NULL UNIQUE, display_name TEXT);
CREATE TABLE IF NOT EXISTS codes (
    code TEXT PRIMARY KEY, client_id TEXT NOT NULL, user_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL, scope TEXT NOT NULL, challenge TEXT NOT NULL,
    issued_at REAL NOT NULL, is_used INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS refresh_tokens (
    token TEXT PRIMARY KEY, client_id TEXT NOT NULL, user_id TEXT NOT NULL,
    scope TEXT NOT NULL, authorized_at REAL NOT NULL, is_public INTEGER NOT NULL,
    is_revoked INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS access_tokens (
    token TEXT PRIMARY KEY, client_id TEXT NOT NULL, user_id TEXT,
    scope TEXT NOT NULL, expires_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS access_tokens_by_expiry ON access_tokens (expires_at);
CREATE TABLE IF NOT EXISTS playlists (
    id TEXT PRIMARY KEY, owner_id TEXT NOT NULL, name TEXT NOT NULL,
    description TEXT NOT NULL, public INTEGER NOT NULL,
    collaborative INTEGER NOT NULL, items TEXT NOT NULL, revision INTEGER NOT NULL,
    snapshot_id TEXT NOT NULL, changed_at REAL NOT NULL,
    created_at REAL NOT NULL, is_gone INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS playlists_by_owner ON playlists (owner_id);
CREATE TABLE IF NOT EXISTS playlist_versions (
    playlist_id TEXT NOT NULL, ended_at REAL NOT NULL, version TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS versions_by_end ON playlist_versions
    (playlist_id, ended_at);
CREATE TABLE IF NOT EXISTS follows (
    user_id TEXT NOT NULL, playlist_id TEXT NOT NULL, followed_at REAL NOT NULL,
    unfollowed_at REAL, PRIMARY KEY (user_id, playlist_id));
CREATE TABLE IF NOT EXISTS altered_tracks (
    track_id TEXT PRIMARY KEY, state TEXT NOT NULL, target_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS invented_albums (
    number INTEGER PRIMARY KEY, album_id TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS usage (
    developer TEXT NOT NULL, bucket TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS usage_by_time ON usage (developer, bucket, at);
CREATE TABLE IF NOT EXISTS requests (
    n INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, finished_at REAL NOT NULL,
    method TEXT NOT NULL, path TEXT NOT NULL, query TEXT NOT NULL,
    status INTEGER NOT NULL, client_id TEXT, user_id TEXT, fault TEXT,
    applied INTEGER NOT NULL, effect TEXT, applied_at REAL, token TEXT, worker TEXT);
"""
# What state files of before do not have yet, and what they have too much.
_ADDED = (
    ("apps", "rotates INTEGER"),
    ("follows", "unfollowed_at REAL"),
    ("requests", "applied_at REAL"),
    ("requests", "token TEXT"),
    ("requests", "worker TEXT"),
)
_DROPPED = (("playlists", "previous_items"), ("playlists", "previous_snapshot_id"))


class StateFileError(Exception):
    """The state file cannot be used; the text says why."""


class StoreClosedError(Exception):
    """The sandbox is stopping: nothing can be asked or changed any more."""


class Store:
    """Everything that survives a restart.

    With a path of None the state lives in memory and ends with the process.
    Every change happens inside `transaction()`, which one thread at a time may
    enter: a request is applied whole or not at all, even when the process is
    killed.

    :raises StateFileError: the file cannot be opened, or is something else.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._is_closed = False
        try:
            self._connection = _open(path)
        except (OSError, sqlite3.Error) as error:
            raise StateFileError(f"{path} cannot hold the state: {error}") from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the state alone; keep the changes unless an error escapes.

        :raises StoreClosedError: the sandbox is stopping.
        """
        with self._lock:
            if self._is_closed:
                raise StoreClosedError
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def execute(self, statement: str, *values: object) -> sqlite3.Cursor:
        """Run one statement with its values."""
        return self._connection.execute(statement, values)

    def row(self, query: str, *values: object) -> sqlite3.Row | None:
        """Return the first row, or None."""
        found: sqlite3.Row | None = self.execute(query, *values).fetchone()
        return found

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """Return all rows."""
        return self.execute(query, *values).fetchall()

    def number(self, query: str, *values: object) -> float:
        """Return the single number that the query asks for; 0 for NULL."""
        row = self.row(query, *values)
        return 0 if row is None or row[0] is None else row[0]

    def close(self) -> None:
        """Close the file; nothing may be asked afterwards."""
        with self._lock:
            self._is_closed = True
            self._connection.close()


def _open(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(
        path or ":memory:",
        isolation_level=None,
        check_same_thread=False,
        timeout=_BUSY_TIMEOUT_S,
    )
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.executescript(_SCHEMA)
    _upgrade(connection)
    return connection


def _upgrade(connection: sqlite3.Connection) -> None:
    """Bring the tables of an older state file into today's form."""
    for table, column in _ADDED:
        if column.split()[0] not in _columns(connection, table):
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    for table, column in _DROPPED:
        if column in _columns(connection, table):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}


def to_json(value: object) -> str:
    """Return the value as compact JSON, any Unicode kept."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> Any:
    """Return the value of JSON that this program wrote."""
    return json.loads(text)
