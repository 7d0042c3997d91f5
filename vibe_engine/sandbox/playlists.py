"""Playlists in the state: owners, items, snapshots, and who follows them."""

import base64
import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from vibe_engine.sandbox.ids import random_id
from vibe_engine.sandbox.options import Options
from vibe_engine.sandbox.store import Store, from_json, to_json

MAX_LAG_S = 3_600

_VERSIONED = ("name", "description", "public", "collaborative", "snapshot_id")
_COUNT_LIBRARY = (
    "SELECT count(*) FROM follows WHERE user_id = ? AND followed_at <= ?"
    " AND (unfollowed_at IS NULL OR unfollowed_at > ?)"
)
_PAGE_OF_LIBRARY = (
    "SELECT playlists.* FROM follows JOIN playlists ON id = playlist_id"
    " WHERE user_id = ? AND followed_at <= ?"
    " AND (unfollowed_at IS NULL OR unfollowed_at > ?)"
    " ORDER BY follows.rowid DESC LIMIT ? OFFSET ?"
)


@dataclass(frozen=True, slots=True)
class Item:
    """A place in a playlist."""

    uri: str
    added_at_s: float


@dataclass(frozen=True, slots=True)
class Playlist:
    """A playlist as it stands, or as it stood before a write."""

    id: str
    owner_id: str
    name: str
    description: str
    public: bool
    collaborative: bool
    items: tuple[Item, ...]
    revision: int
    snapshot_id: str
    changed_at_s: float
    created_at_s: float


class Playlists:
    """All playlists; every write makes a new snapshot id."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(
        self,
        *,
        owner_id: str,
        name: str,
        description: str,
        public: bool,
        collaborative: bool,
        now_s: float,
    ) -> Playlist:
        """Create an empty playlist that its owner follows."""
        playlist = Playlist(
            id=random_id(),
            owner_id=owner_id,
            name=name,
            description=description,
            public=public,
            collaborative=collaborative,
            items=(),
            revision=1,
            snapshot_id=_snapshot_id(1),
            changed_at_s=now_s,
            created_at_s=now_s,
        )
        self._save(playlist)
        self.follow(playlist.id, user_id=owner_id, now_s=now_s)
        return playlist

    def change_details(
        self,
        playlist: Playlist,
        *,
        now_s: float,
        name: str | None = None,
        description: str | None = None,
        public: bool | None = None,
        collaborative: bool | None = None,
    ) -> Playlist:
        """Change what is not None; a new snapshot even where nothing differs."""
        wanted = {
            "name": name,
            "description": description,
            "public": public,
            "collaborative": collaborative,
        }
        changes: dict[str, Any] = {
            field: value for field, value in wanted.items() if value is not None
        }
        return self._write(replace(playlist, **changes), playlist, now_s)

    def set_items(
        self, playlist: Playlist, items: Sequence[Item], *, now_s: float
    ) -> Playlist:
        """Make the playlist hold exactly these items."""
        return self._write(replace(playlist, items=tuple(items)), playlist, now_s)

    def touch(self, playlist: Playlist, *, now_s: float) -> Playlist:
        """Make a new snapshot of the same content, as a new cover does."""
        return self._write(playlist, playlist, now_s)

    def find(self, playlist_id: str) -> Playlist | None:
        """Return the playlist, or None where there is none or it is gone."""
        row = self._store.row(
            "SELECT * FROM playlists WHERE id = ? AND NOT is_gone", playlist_id
        )
        return None if row is None else _playlist(row)

    def as_of(self, playlist: Playlist, moment_s: float) -> Playlist:
        """Return the playlist as it stood then, at most `MAX_LAG_S` ago."""
        row = self._store.row(
            "SELECT version FROM playlist_versions WHERE playlist_id = ?"
            " AND ended_at > ? ORDER BY ended_at LIMIT 1",
            playlist.id,
            moment_s,
        )
        if row is None:
            return playlist
        version = from_json(row["version"])
        return replace(playlist, **{**version, "items": _items(version["items"])})

    def as_read(
        self, playlist: Playlist, options: Options, *, now_s: float
    ) -> Playlist:
        """Return what a read shows now, while a write is still spreading."""
        shown = playlist
        if options.items_lag_s:
            then = self.as_of(playlist, now_s - options.items_lag_s)
            shown = replace(shown, items=then.items)
        if options.snapshot_lag_s:
            then = self.as_of(playlist, now_s - options.snapshot_lag_s)
            shown = replace(shown, snapshot_id=then.snapshot_id)
        return shown

    def as_listed(
        self, playlist: Playlist, options: Options, *, now_s: float
    ) -> Playlist:
        """Return what a list of playlists shows now, names and numbers alike."""
        if not options.list_lag_s:
            return self.as_read(playlist, options, now_s=now_s)
        return self.as_of(playlist, now_s - options.list_lag_s)

    def remove(self, playlist_id: str) -> None:
        """Make every later request for the playlist answer 404."""
        self._store.execute(
            "UPDATE playlists SET is_gone = 1 WHERE id = ?", playlist_id
        )
        self._store.execute("DELETE FROM follows WHERE playlist_id = ?", playlist_id)

    def owned(self, user_id: str | None = None) -> list[Playlist]:
        """Return the playlists of an account, or of all, oldest first."""
        rows = self._store.rows(
            "SELECT * FROM playlists WHERE NOT is_gone AND owner_id = coalesce(?,"
            " owner_id) ORDER BY created_at, id",
            user_id,
        )
        return [_playlist(row) for row in rows]

    def followed_count(self, user_id: str) -> int:
        """Return how many playlists stand in the account's library."""
        return int(
            self._store.number(
                "SELECT count(*) FROM follows WHERE user_id = ?"
                " AND unfollowed_at IS NULL",
                user_id,
            )
        )

    def followed(
        self, user_id: str, *, at_s: float, offset: int, limit: int
    ) -> tuple[list[Playlist], int]:
        """Return a page of the account's library, newest first, and its length.

        The library is that of the moment `at_s`.
        """
        then = (user_id, at_s, at_s)
        total = self._store.number(_COUNT_LIBRARY, *then)
        rows = self._store.rows(_PAGE_OF_LIBRARY, *then, limit, offset)
        return [_playlist(row) for row in rows], int(total)

    def follow(self, playlist_id: str, *, user_id: str, now_s: float) -> None:
        """Put the playlist into the account's library."""
        if self.is_followed(playlist_id, user_id=user_id):
            return
        self._store.execute(
            "REPLACE INTO follows VALUES (?, ?, ?, NULL)", user_id, playlist_id, now_s
        )

    def unfollow(self, playlist_id: str, *, user_id: str, now_s: float) -> None:
        """Take the playlist out of the account's library; it can still be read."""
        self._store.execute(
            "UPDATE follows SET unfollowed_at = ? WHERE user_id = ?"
            " AND playlist_id = ? AND unfollowed_at IS NULL",
            now_s,
            user_id,
            playlist_id,
        )

    def is_followed(self, playlist_id: str, *, user_id: str) -> bool:
        """Tell whether the playlist stands in the account's library."""
        row = self._store.row(
            "SELECT 1 FROM follows WHERE user_id = ? AND playlist_id = ?"
            " AND unfollowed_at IS NULL",
            user_id,
            playlist_id,
        )
        return row is not None

    def _write(self, new: Playlist, old: Playlist, now_s: float) -> Playlist:
        revision = old.revision + 1
        written = replace(
            new,
            revision=revision,
            snapshot_id=_snapshot_id(revision),
            changed_at_s=now_s,
        )
        self._keep_version(old, now_s)
        self._save(written)
        return written

    def _keep_version(self, old: Playlist, now_s: float) -> None:
        """Remember what stood until now, and forget what no lag reaches any more."""
        self._store.execute(
            "DELETE FROM playlist_versions WHERE playlist_id = ? AND ended_at < ?",
            old.id,
            now_s - MAX_LAG_S,
        )
        version = {name: getattr(old, name) for name in _VERSIONED}
        version["items"] = [(item.uri, item.added_at_s) for item in old.items]
        self._store.execute(
            "INSERT INTO playlist_versions VALUES (?, ?, ?)",
            old.id,
            now_s,
            to_json(version),
        )

    def _save(self, playlist: Playlist) -> None:
        self._store.execute(
            "REPLACE INTO playlists VALUES (?,?,?,?,?,?,?,?,?,?,?,0)",
            playlist.id,
            playlist.owner_id,
            playlist.name,
            playlist.description,
            playlist.public,
            playlist.collaborative,
            _pack(playlist.items),
            playlist.revision,
            playlist.snapshot_id,
            playlist.changed_at_s,
            playlist.created_at_s,
        )


def digest(uris: Sequence[str]) -> str:
    """Return the SHA-256 of the URIs, one a line, by which lists are compared."""
    return hashlib.sha256("\n".join(uris).encode()).hexdigest()


def _snapshot_id(revision: int) -> str:
    return base64.b64encode(f"{revision},{random_id()}".encode()).decode()


def _pack(items: Sequence[Item]) -> str:
    return to_json([(item.uri, item.added_at_s) for item in items])


def _items(pairs: Sequence[tuple[str, float]]) -> tuple[Item, ...]:
    return tuple(Item(uri, added_at_s) for uri, added_at_s in pairs)


def _playlist(row: sqlite3.Row) -> Playlist:
    return Playlist(
        id=row["id"],
        owner_id=row["owner_id"],
        name=row["name"],
        description=row["description"],
        public=bool(row["public"]),
        collaborative=bool(row["collaborative"]),
        items=_items(from_json(row["items"])),
        revision=row["revision"],
        snapshot_id=row["snapshot_id"],
        changed_at_s=row["changed_at"],
        created_at_s=row["created_at"],
    )
