"""What outlives a single test: a database and a clock for a whole module."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Model
from pytest_django import DjangoDbBlocker

from vibe_engine.testing.clock import MovableClock


@contextmanager
def database_of_a_module(blocker: DjangoDbBlocker) -> Iterator[None]:
    """One transaction around all tests of a fixture; nothing of it stays.

    Tests are marked `django_db` as ever: what they change lasts for them alone.
    Call `settle` when the database is filled. PostgreSQL's idea of how large the
    tables are is no part of the transaction and is put right afterwards.
    """
    with blocker.unblock():
        with transaction.atomic():
            _may_idle()
            yield
            transaction.set_rollback(True)
        learn_sizes()


def _may_idle() -> None:
    """Let the transaction wait for longer than the product's own ever may.

    On a busy machine rows by the hundred thousand are not made within a minute.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


@contextmanager
def many_rows() -> Iterator[None]:
    """Let PostgreSQL take rows by the hundred thousand without checking each key.

    The rows come from factories; checks of theirs are put off to the end of the
    transaction and would then take longer than the rows themselves. The indexes for
    text in names are made when all rows are there: they take letters row by row.
    """
    with connection.cursor() as cursor:
        indexes = _text_indexes(cursor)
        for name in indexes:
            cursor.execute(f"DROP INDEX {name}")
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")
        for definition in indexes.values():
            cursor.execute(definition)


def _text_indexes(cursor: CursorWrapper) -> dict[str, str]:
    """Return the definition of each index over parts of words, by its name."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE %s",
        ["%text\\_trigrams(%"],
    )
    return dict(cursor.fetchall())


def settle() -> None:
    """Learn the sizes of tables and check foreign keys once, not in each test.

    In this order: PostgreSQL keeps the plans of its checks, and those made for
    empty tables read whole ones.
    """
    learn_sizes()
    connection.check_constraints()


def learn_sizes(*models: type[Model]) -> None:
    """Let PostgreSQL know how much there is, as it finds out by itself elsewhere.

    Without `models` it is told of all tables. What a transaction has not committed,
    its autovacuum does not see, and joins of rows that it knows nothing of may take
    minutes. Our own tables alone: a whole ANALYZE also locks what all databases
    share, until the transaction ends, and other workers that do the same would wait
    for it.
    """
    tables = [model._meta.db_table for model in models]
    if not models:
        tables = connection.introspection.django_table_names(only_existing=True)
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(table)}")


@contextmanager
def clock_of_a_module() -> Iterator[MovableClock]:
    """The product's clock, movable; the throttle begins anew with it."""
    movable = MovableClock(Path(os.environ["VIBE_CLOCK_FILE"]))
    _forget_turns()
    yield movable
    movable.reset()
    _forget_turns()


def _forget_turns() -> None:
    """Empty the buckets, whose turns may lie far ahead of the clock."""
    if settings.REDIS_URL:
        with redis.Redis.from_url(settings.REDIS_URL) as server:
            server.flushdb()
