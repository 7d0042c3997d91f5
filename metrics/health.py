"""Health from facts: each part, its state, a measure and what to do."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django_celery_beat.models import PeriodicTask

from accounts.models import Developer
from automation.models import EngineLease, Run

OLDEST_DUE_WARN = timedelta(minutes=5)
ENGINE_SILENT = timedelta(seconds=60)
BEAT_SILENT = timedelta(minutes=3)
DISK_WARN = 0.8
BROKER_TIMEOUT_S = 1.0


@dataclass(frozen=True)
class Fact:
    """One part; `mark` is "ok", "warn" or "bad"."""

    part: str
    mark: str
    state: str
    measure: str
    todo: str = ""


def facts(*, now: datetime) -> list[Fact]:
    """Return every part's state; costs a few small queries and one broker ping."""
    return [
        _database(),
        _engine(now),
        _oldest_due(now),
        _broker(),
        _beat(now),
        *_developers(now),
        _disk(),
    ]


def _database() -> Fact:
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    took_ms = (time.perf_counter() - started) * 1000
    return Fact("Database", "ok", "answers", f"{took_ms:.1f} ms", connection.vendor)


def _engine(now: datetime) -> Fact:
    lease = EngineLease.objects.filter(pk=1).first()
    if lease is None:
        return Fact("Engine", "bad", "never ran", "", "Start `manage.py engine`.")
    age = now - lease.heartbeat_at
    measure = f"{max(0, int(age.total_seconds()))} s since its last round"
    if age > ENGINE_SILENT:
        return Fact("Engine", "bad", "silent", measure, "Start `manage.py engine`.")
    return Fact("Engine", "ok", "leads", measure)


def _oldest_due(now: datetime) -> Fact:
    oldest = (
        Run.objects.due(now=now).order_by("due_at").values_list("due_at", flat=True)
    )
    first = oldest.first()
    if first is None:
        return Fact("Work", "ok", "nothing overdue", "0 runs due")
    waits_s = int((now - first).total_seconds())
    measure = f"oldest due run waits {waits_s} s"
    if now - first > OLDEST_DUE_WARN:
        return Fact("Work", "warn", "falls behind", measure, "Start more workers.")
    return Fact("Work", "ok", "keeps up", measure)


def _broker() -> Fact:
    if not settings.REDIS_URL:
        return Fact("Broker", "ok", "none", "the engine works alone")
    started = time.perf_counter()
    try:
        client = redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=BROKER_TIMEOUT_S,
            socket_connect_timeout=BROKER_TIMEOUT_S,
        )
        with client:
            client.ping()
            waiting = int(client.llen("celery"))  # type: ignore[arg-type]
    except (redis.RedisError, OSError):
        todo = "The engine works alone meanwhile; start Redis or Valkey."
        return Fact("Broker", "warn", "away", "", todo)
    took_ms = (time.perf_counter() - started) * 1000
    measure = f"{waiting} messages, {took_ms:.1f} ms"
    return Fact("Broker", "ok", "answers", measure)


def _beat(now: datetime) -> Fact:
    """Beat only wakes the engine, so its silence is worth a word and no more."""
    ran = (
        PeriodicTask.objects.exclude(last_run_at=None)
        .order_by("-last_run_at")
        .values_list("last_run_at", flat=True)
        .first()
    )
    if ran is None or abs(now - ran) > BEAT_SILENT:
        return Fact("Beat", "ok", "silent", "the engine opens slots by itself")
    return Fact("Beat", "ok", "wakes", f"{int((now - ran).total_seconds())} s ago")


def _developers(now: datetime) -> Iterator[Fact]:
    for developer in Developer.objects.all():
        until = developer.circuit_open_until
        if until is not None and until > now:
            measure = f"until {until:%d %b %H:%M} UTC"
            yield Fact(developer.name, "warn", "circuit open", measure)
        else:
            rate = f"{developer.requests_per_s:g} calls a second"
            yield Fact(developer.name, "ok", "circuit closed", rate)


def _disk() -> Fact:
    usage = shutil.disk_usage(settings.VAR_DIR)
    share = usage.used / usage.total
    measure = f"{share:.0%} full"
    if share > DISK_WARN:
        return Fact("Disk", "warn", "fills up", measure, "Free some space.")
    return Fact("Disk", "ok", "has room", measure)


@dataclass(frozen=True)
class Readiness:
    """What `/readyz` answers; only database and migrations decide `ready`."""

    ready: bool
    parts: dict[str, str]


def readiness(*, now: datetime) -> Readiness:
    """Return whether requests can be served, and how the other parts do."""
    try:
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if pending:
            return Readiness(ready=False, parts={"database": "migrations pending"})
        parts = {
            "engine": _word(_engine(now)),
            "broker": _word(_broker()),
            "beat": _word(_beat(now)),
        }
    except DatabaseError:
        return Readiness(ready=False, parts={"database": "away"})
    return Readiness(ready=True, parts={"database": "ok"} | parts)


def _word(fact: Fact) -> str:
    return "ok" if fact.mark == "ok" else "degraded"
