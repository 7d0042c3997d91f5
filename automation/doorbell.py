"""Ringing Celery workers: a message that may be lost, doubled or late."""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from kombu import Connection
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from vibe_engine.celery import app

logger = logging.getLogger(__name__)

TASK = "automation.tasks.work"
MOST_AT_ONCE = 500
"""More than this is left to the engine, which rings what is due."""
ANSWER_S = 1.0
"""How long the broker may take to connect, and again to answer; a page waits for it."""
RINGING_S = 1.0
"""How long one call may ring; what is left over is the engine's."""
LEFT_ALONE_S = 5.0
"""A broker that failed is not tried again by pages for so long."""
FAILURES = (OperationalError, RedisError, OSError)

_left_alone: dict[str, float] = {}
"""Until when, on the monotonic clock, a broker (by its address) is left alone."""


def is_installed() -> bool:
    """Whether a broker is configured at all."""
    return bool(settings.REDIS_URL)


def answers() -> bool:
    """Ask the broker for a sign of life, also one that failed a moment ago."""
    if not is_installed():
        return False
    try:
        with _connection() as connection:
            connection.channel()
    except FAILURES as error:
        _leave_alone(error)
        return False
    _left_alone.pop(_address(), None)
    return True


def ring(run_ids: Sequence[int]) -> bool:
    """Tell workers about runs; return whether the broker took every message.

    Takes about two seconds at most, whatever the broker does: refuses, says
    nothing, or has no memory left. A failure is logged and otherwise harmless:
    the rows are committed, and the engine rings again.
    """
    if not is_installed() or time.monotonic() < _left_alone.get(_address(), 0.0):
        return False
    try:
        return _publish(run_ids[:MOST_AT_ONCE])
    except FAILURES as error:
        _leave_alone(error)
        return False


def _publish(run_ids: Sequence[int]) -> bool:
    deadline = time.monotonic() + RINGING_S
    with _connection() as connection:
        for run_id in run_ids:
            if time.monotonic() > deadline:
                return False
            app.send_task(TASK, args=[run_id], connection=connection)
    return True


@contextmanager
def _connection() -> Iterator[Connection]:
    """Open a connection that gives up at its first failure.

    It is not taken from Celery's pool: a worker's connections are patient.
    """
    connection = app.connection_for_write()
    impatient = {
        "max_retries": 0,
        "socket_timeout": ANSWER_S,
        "socket_connect_timeout": ANSWER_S,
    }
    options = {**(connection.transport_options or {}), **impatient}
    with connection.clone(transport_options=options) as clone:
        yield clone


def _leave_alone(error: Exception) -> None:
    logger.warning("The broker cannot be reached (%s).", type(error).__name__)
    _left_alone[_address()] = time.monotonic() + LEFT_ALONE_S


def _address() -> str:
    return str(app.conf.broker_url)
