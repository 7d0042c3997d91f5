"""Fixtures of every test; the services behind them are in `vibe_engine/testing/`."""

from collections.abc import Iterator

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase

pytest_plugins = [
    "vibe_engine.testing.fixtures",
    "vibe_engine.testing.browser",
    "vibe_engine.testing.sharing",
]


@pytest.fixture(scope="session")
def _bucket_server() -> Iterator[redis.Redis | None]:
    """A connection to the tests' own Valkey, kept open; None where there is none."""
    if not settings.REDIS_URL:
        yield None
        return
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        yield server


@pytest.fixture(autouse=True)
def _fresh_buckets(_bucket_server: redis.Redis | None) -> None:
    """Forget the turns of earlier tests, whose clock may have been ahead.

    SQLite gives the same primary keys to the developers of the next test.
    """
    if _bucket_server is not None:
        _bucket_server.flushdb()


@pytest.fixture(autouse=True, scope="session")
def _flush_may_empty_the_history() -> Iterator[None]:
    """Take the history's triggers away before a test's flush, which arms them again."""
    from playlists.triggers import drop_triggers

    flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def teardown(case: TransactionTestCase) -> None:
        drop_triggers(connection)
        flush(case)

    patch = pytest.MonkeyPatch()
    patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
    yield
    patch.undo()
