"""Ringing Celery workers: a message that may be lost, doubled or late."""

import logging
from collections.abc import Sequence

from django.conf import settings
from kombu import Connection
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from vibe_engine.celery import app

logger = logging.getLogger(__name__)

TASK = "automation.tasks.work"
MOST_AT_ONCE = 500
"""More than this is left to the engine, which rings what is due."""


def is_installed() -> bool:
    """Whether a broker is configured at all."""
    return bool(settings.REDIS_URL)


def _connection() -> Connection:
    """Return a connection that gives up at its first failure: a page waits for it."""
    connection = app.connection_for_write()
    options = {**(connection.transport_options or {}), "max_retries": 0}
    return connection.clone(transport_options=options)


def ring(run_ids: Sequence[int]) -> bool:
    """Tell workers about runs; return whether the broker took every message.

    A failure is logged and otherwise harmless: the rows are committed, and the
    engine rings again.
    """
    if not is_installed():
        return False
    try:
        with _connection() as connection:
            for run_id in run_ids[:MOST_AT_ONCE]:
                app.send_task(TASK, args=[run_id], connection=connection)
    except (OperationalError, RedisError, OSError) as error:
        logger.warning("The broker cannot be reached (%s).", type(error).__name__)
        return False
    return True
