import sqlite3
from pathlib import Path

from vibe_engine.sandbox.store import Store
from vibe_engine.tests.sandbox.running import VETERAN, running_sandbox

PLAYLIST_ID = "000000000000000000000p"

_TABLES_OF_BEFORE = """
CREATE TABLE apps (client_id TEXT PRIMARY KEY, client_secret TEXT NOT NULL,
    profile TEXT NOT NULL, developer TEXT NOT NULL, redirect_uris TEXT NOT NULL,
    seats TEXT NOT NULL);
CREATE TABLE playlists (
    id TEXT PRIMARY KEY, owner_id TEXT NOT NULL, name TEXT NOT NULL,
    description TEXT NOT NULL, public INTEGER NOT NULL,
    collaborative INTEGER NOT NULL, items TEXT NOT NULL, revision INTEGER NOT NULL,
    snapshot_id TEXT NOT NULL, changed_at REAL NOT NULL,
    previous_items TEXT NOT NULL, previous_snapshot_id TEXT NOT NULL,
    created_at REAL NOT NULL, is_gone INTEGER NOT NULL DEFAULT 0);
CREATE TABLE follows (
    user_id TEXT NOT NULL, playlist_id TEXT NOT NULL, followed_at REAL NOT NULL,
    PRIMARY KEY (user_id, playlist_id));
CREATE TABLE requests (
    n INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, finished_at REAL NOT NULL,
    method TEXT NOT NULL, path TEXT NOT NULL, query TEXT NOT NULL,
    status INTEGER NOT NULL, client_id TEXT, user_id TEXT, fault TEXT,
    applied INTEGER NOT NULL, effect TEXT);
INSERT INTO apps VALUES ('veteran', 's', 'extended', 'lighthouse', '[]', 'null');
INSERT INTO playlists VALUES
    ('000000000000000000000p', 'harbour-radio', 'Kept', '', 1, 0, '[["spotify:track:a",5.0]]', 3, 'snap',
     5.0, '[]', 'older', 1.0, 0);
INSERT INTO follows VALUES ('harbour-radio', '000000000000000000000p', 1.0);
INSERT INTO requests (at, finished_at, method, path, query, status, applied, effect)
    VALUES (1.0, 1.0, 'GET', '/v1/me', '', 200, 1, 'null');
"""


class TestStateFileOfBefore:
    def test_keeps_what_it_holds(self, tmp_path: Path) -> None:
        state = tmp_path / "sandbox.db"
        with sqlite3.connect(state) as connection:
            connection.executescript(_TABLES_OF_BEFORE)
        connection.close()
        with running_sandbox(state_file=state) as sandbox:
            account = sandbox.connect()
            assert account.get("me/playlists")["items"][0]["name"] == "Kept"
            path = f"playlists/{PLAYLIST_ID}"
            assert account.ask("PUT", path, json={"name": "New"}).status_code == 200
            assert account.get(path)["name"] == "New"
            assert sandbox.log()[0]["applied_at"] is None
            assert sandbox.connect(app=VETERAN).get("me")

    def test_is_brought_up_to_date_once(self, tmp_path: Path) -> None:
        for _ in range(2):
            Store(tmp_path / "sandbox.db").close()
