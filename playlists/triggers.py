"""Database triggers that keep the history append-only.

UPDATE is refused always, DELETE and TRUNCATE unless a row of `history_unlock`
stands; `services.history` alone writes that row, and only within a transaction, so
no other connection ever sees it. Triggers are installed after every migration: on
SQLite, a migration that rebuilds the table drops them without a word.
"""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "playlist_entries_history"
UNLOCK_TABLE = "history_unlock"

_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION playlist_entries_history_guard() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' AND EXISTS (SELECT 1 FROM history_unlock) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'playlist_entries_history is append-only: % refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END $$
"""
_POSTGRESQL = {
    "history_no_update": "BEFORE UPDATE ON playlist_entries_history FOR EACH ROW",
    "history_no_delete": "BEFORE DELETE ON playlist_entries_history FOR EACH ROW",
    "history_no_truncate": (
        "BEFORE TRUNCATE ON playlist_entries_history FOR EACH STATEMENT"
    ),
}
_POSTGRESQL_ACTION = "EXECUTE FUNCTION playlist_entries_history_guard()"
_SQLITE = {
    "history_no_update": "BEFORE UPDATE ON playlist_entries_history",
    "history_no_delete": (
        "BEFORE DELETE ON playlist_entries_history "
        "WHEN NOT EXISTS (SELECT 1 FROM history_unlock)"
    ),
}
_SQLITE_ACTION = (
    "BEGIN SELECT RAISE(ABORT, 'playlist_entries_history is append-only'); END"
)


def install_after_migrate(sender: AppConfig, using: str = "default", **_: Any) -> None:
    """Install the triggers once the tables of this app are there (`post_migrate`)."""
    connection = connections[using]
    if {TABLE, UNLOCK_TABLE} <= set(connection.introspection.table_names()):
        install_triggers(connection)


def install_triggers(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place, replacing older ones."""
    drop_triggers(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL_FUNCTION)
        for name, when in _wanted(connection).items():
            cursor.execute(f"CREATE TRIGGER {name} {when} {_action(connection)}")


def drop_triggers(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away; for the teardown of tests, whose flush arms them again."""
    suffix = f" ON {TABLE}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in _wanted(connection):
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{suffix}")


def _wanted(connection: BaseDatabaseWrapper) -> dict[str, str]:
    return _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE


def _action(connection: BaseDatabaseWrapper) -> str:
    is_postgresql = connection.vendor == "postgresql"
    return _POSTGRESQL_ACTION if is_postgresql else _SQLITE_ACTION


def installed_triggers(connection: BaseDatabaseWrapper) -> set[str]:
    """Return the names of the triggers that stand on the history."""
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = %s::regclass"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [TABLE])
        return {name for (name,) in cursor.fetchall()}
