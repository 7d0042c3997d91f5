"""What was asked of the sandbox, and what came of it."""

import sqlite3
from dataclasses import dataclass
from typing import Any

from vibe_engine.sandbox.clock import precise_iso
from vibe_engine.sandbox.store import Store, from_json, to_json

KEPT_REQUESTS = 100_000
_PRUNE_EVERY = 1_000


@dataclass(slots=True)
class Entry:
    """One request.

    `status` is what the asker saw, 0 where nothing came back. `applied` tells
    whether Spotify carried the request out, whatever the asker saw. `effect`: the
    playlist that was written, its new snapshot id and the digest of its items.
    """

    at_s: float
    method: str
    path: str
    query: str
    finished_at_s: float = 0.0
    status: int = 0
    client_id: str | None = None
    user_id: str | None = None
    fault: str | None = None
    applied: bool = False
    effect: dict[str, Any] | None = None


class RequestLog:
    """The newest requests, numbered in the order in which they were applied."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, entry: Entry) -> None:
        """Append one request; now and then forget the oldest."""
        inserted = self._store.execute(
            "INSERT INTO requests (at, finished_at, method, path, query, status,"
            " client_id, user_id, fault, applied, effect)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            entry.at_s,
            entry.finished_at_s,
            entry.method,
            entry.path,
            entry.query,
            entry.status,
            entry.client_id,
            entry.user_id,
            entry.fault,
            entry.applied,
            to_json(entry.effect),
        )
        number = inserted.lastrowid or 0
        if number % _PRUNE_EVERY == 0:
            self._store.execute(
                "DELETE FROM requests WHERE n <= ?", number - KEPT_REQUESTS
            )

    def since(self, number: int, path: str = "") -> dict[str, Any]:
        """Return the requests after that number whose path starts so.

        `next` is the number of the newest request, to go on from.
        """
        rows = self._store.rows(
            "SELECT * FROM requests WHERE n > ? AND substr(path, 1, ?) = ? ORDER BY n",
            number,
            len(path),
            path,
        )
        newest = self._store.number("SELECT max(n) FROM requests")
        return {"next": int(newest), "requests": [_shown(row) for row in rows]}


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    return {
        **dict(row),
        "at": precise_iso(row["at"]),
        "finished_at": precise_iso(row["finished_at"]),
        "applied": bool(row["applied"]),
        "effect": from_json(row["effect"]),
    }
