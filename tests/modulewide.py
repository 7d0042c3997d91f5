"""What outlives a single test: a database and a clock for a whole module."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from django.conf import settings
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from vibe_engine.testing.clock import MovableClock


@contextmanager
def database_of_a_module(blocker: DjangoDbBlocker) -> Iterator[None]:
    """One transaction around all tests of a fixture; nothing of it stays.

    Tests are marked `django_db` as ever: what they change lasts for them alone.
    Call `settle` when the database is filled.
    """
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


def settle() -> None:
    """Check the foreign keys and learn the sizes of tables once, not in each test."""
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


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
