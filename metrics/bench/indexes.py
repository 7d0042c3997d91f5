"""Taking the indexes of tables away while they are filled, as a loader does."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, models

Rows = list[tuple[str, ...]]

ON_POSTGRESQL = """
    SELECT relation.relname, con.conname, pg_get_constraintdef(con.oid)
    FROM pg_constraint con JOIN pg_class relation ON relation.oid = con.conrelid
    WHERE relation.relname = ANY(%s) AND con.contype = ANY(%s)
    ORDER BY con.conname
"""
PLAIN_ON_POSTGRESQL = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE schemaname = current_schema() AND tablename = ANY(%s) AND indexname NOT IN
        (SELECT conname FROM pg_constraint WHERE contype IN ('p', 'u', 'x'))
    ORDER BY indexname
"""
ON_SQLITE = """
    SELECT tbl_name, name, sql FROM sqlite_master
    WHERE type = 'index' AND sql IS NOT NULL ORDER BY name
"""
BUILT_IN = "256MB"
"""Memory for building an index."""


HASTY: Mapping[str, str | int] = {
    "foreign_keys": 0,
    "journal_mode": "OFF",
    "synchronous": 0,
    "cache_size": -500_000,
}


@contextmanager
def without_care() -> Iterator[None]:
    """Let SQLite write unchecked, with no way back and no waiting for the disk.

    For databases that are thrown away when something goes wrong. SQLite takes such
    settings outside transactions alone, so inside one nothing changes.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    before = {name: _ask(f"PRAGMA {name}")[0][0] for name in HASTY}
    _execute([f"PRAGMA {name} = {value}" for name, value in HASTY.items()])
    try:
        yield
    finally:
        _execute([f"PRAGMA {name} = {value}" for name, value in before.items()])


@contextmanager
def without_indexes(tables: Sequence[type[models.Model]]) -> Iterator[None]:
    """Fill empty tables without their indexes, unique and foreign keys.

    They are built at the end, in one go each, and check what was written. Primary
    keys stay. The caller holds the transaction.
    """
    names = [model._meta.db_table for model in tables]
    if connection.vendor == "postgresql":
        taken, given_back = _of_postgresql(names)
    else:
        taken, given_back = _of_sqlite(names)
    _execute(taken)
    yield
    _execute(given_back)


def _of_postgresql(tables: list[str]) -> tuple[list[str], list[str]]:
    """Return the statements that take away, and those that give back."""
    foreign = _ask(ON_POSTGRESQL, tables, ["f"])
    unique = _ask(ON_POSTGRESQL, tables, ["u"])
    plain = _ask(PLAIN_ON_POSTGRESQL, tables)
    taken = [
        "SET CONSTRAINTS ALL IMMEDIATE",
        *(f'ALTER TABLE "{t}" DROP CONSTRAINT "{n}"' for t, n, _ in foreign + unique),
        *(f'DROP INDEX "{name}"' for name, _ in plain),
    ]
    given_back = [
        f"SET LOCAL maintenance_work_mem = '{BUILT_IN}'",
        *(definition for _, definition in plain),
        *(
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}'
            for table, name, definition in unique + foreign
        ),
        "SET CONSTRAINTS ALL DEFERRED",
    ]
    return taken, given_back


def _of_sqlite(tables: list[str]) -> tuple[list[str], list[str]]:
    plain = [
        (name, definition)
        for table, name, definition in _ask(ON_SQLITE)
        if table in tables
    ]
    return [f'DROP INDEX "{name}"' for name, _ in plain], [sql for _, sql in plain]


def _ask(statement: str, *values: Any) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return list(cursor.fetchall())


def _execute(statements: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
