"""What was asked of the sandbox, and what came of it."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from vibe_engine.sandbox.clock import precise_iso
from vibe_engine.sandbox.options import load_options
from vibe_engine.sandbox.store import Store, from_json, to_json

_PRUNE_EVERY = 1_000
_MOST_AT_ONCE = 1_000_000


@dataclass(slots=True)
class Entry:
    """One request.

    `at_s`: when it came. `applied_at_s`: when Spotify carried it out, or refused.
    `finished_at_s`: when the whole answer was on its way back. `status` is what the
    asker saw, 0 where nothing came back. `applied` tells whether Spotify carried
    the request out, whatever the asker saw. `effect`: the playlist that was
    written, its new snapshot id and the digest of its items; for a token request,
    what it was for and what it handed out. `token`: the fingerprint of the token
    that was shown. `worker`: who sent it, in the sender's own words. `stale_s`:
    reads show what stood that long ago.
    """

    at_s: float
    method: str
    path: str
    query: str
    applied_at_s: float | None = None
    finished_at_s: float = 0.0
    status: int = 0
    client_id: str | None = None
    user_id: str | None = None
    token: str | None = None
    worker: str | None = None
    fault: str | None = None
    applied: bool = False
    effect: dict[str, Any] | None = None
    stale_s: float = 0.0


class RequestLog:
    """The newest requests, numbered in the order in which they were applied."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._awaited = 0

    @contextmanager
    def awaiting(self) -> Iterator[None]:
        """Count a request as awaited while a fault may hold it back."""
        with self._lock:
            self._awaited += 1
        try:
            yield
        finally:
            with self._lock:
                self._awaited -= 1

    def add(self, entry: Entry) -> int:
        """Append one request and return its number; now and then forget the oldest."""
        inserted = self._store.execute(
            "INSERT INTO requests (at, applied_at, finished_at, method, path, query,"
            " status, client_id, user_id, token, worker, fault, applied, effect)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            entry.at_s,
            entry.applied_at_s,
            entry.finished_at_s,
            entry.method,
            entry.path,
            entry.query,
            entry.status,
            entry.client_id,
            entry.user_id,
            entry.token,
            entry.worker,
            entry.fault,
            entry.applied,
            to_json(entry.effect),
        )
        number = inserted.lastrowid or 0
        if number % _PRUNE_EVERY == 0:
            self._forget(number)
        return number

    def finish(self, number: int, *, now_s: float) -> None:
        """Note that the answer to a request has only now been sent in full."""
        self._store.execute(
            "UPDATE requests SET finished_at = ? WHERE n = ?", now_s, number
        )

    def since(self, number: int, path: str = "", limit: int = 0) -> dict[str, Any]:
        """Return the requests after that number whose path starts so.

        `limit`: at most so many, 0 for all. `next` is the number to go on from,
        `newest` the last one there is, and `oldest` the first that is still known:
        what came before it was forgotten. `awaited` requests have come, but a fault
        still holds them back: they get their numbers later.
        """
        rows = self._store.rows(
            "SELECT * FROM requests WHERE n > ? AND substr(path, 1, ?) = ? ORDER BY n"
            " LIMIT ?",
            number,
            len(path),
            path,
            limit or _MOST_AT_ONCE,
        )
        newest = int(self._store.number("SELECT max(n) FROM requests"))
        return {
            "next": rows[-1]["n"] if limit and len(rows) == limit else newest,
            "newest": newest,
            "oldest": int(self._store.number("SELECT min(n) FROM requests")),
            "awaited": self._awaited,
            "requests": [_shown(row) for row in rows],
        }

    def _forget(self, newest: int) -> None:
        kept = load_options(self._store).kept_requests
        self._store.execute("DELETE FROM requests WHERE n <= ?", newest - kept)


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    applied_at_s = row["applied_at"]
    return {
        **dict(row),
        "at": precise_iso(row["at"]),
        "applied_at": None if applied_at_s is None else precise_iso(applied_at_s),
        "finished_at": precise_iso(row["finished_at"]),
        "applied": bool(row["applied"]),
        "effect": from_json(row["effect"]),
    }
