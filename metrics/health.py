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
from django.db.models import Max, Min
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from accounts.models import Developer
from accounts.throttle import circuit
from automation import holds, runtime, storms
from automation.models import EngineLease, Run
from vibe_engine import words

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
    """Return every part's state; costs eight small queries and one broker ping."""
    return [
        _database(),
        _engine(now),
        _work(now),
        _pushes(now),
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
    measure = f"{connection.display_name}, {took_ms:.2f} ms"
    return Fact("Database", "ok", "answers", measure)


def _engine(now: datetime) -> Fact:
    lease = EngineLease.objects.filter(pk=1).first()
    todo = "Start manage.py engine; nothing is reshuffled by itself until then."
    if lease is None:
        return Fact("Engine", "bad", "never ran", "", todo)
    age = now - lease.heartbeat_at
    measure = f"{_span(age)} since its last round"
    if age > ENGINE_SILENT:
        return Fact("Engine", "bad", "silent", measure, todo)
    return Fact("Engine", "ok", "leads", measure)


def _work(now: datetime) -> Fact:
    due = Run.objects.due(now=now).order_by("due_at")
    first = due.values_list("due_at", flat=True).first()
    if first is None:
        return Fact("Work", "ok", "keeps up", "no run is due")
    measure = f"oldest due run waits {_span(now - first)}"
    if now - first > OLDEST_DUE_WARN:
        todo = "Look whether workers run; more of them share the work."
        return Fact("Work", "warn", "falls behind", measure, todo)
    return Fact("Work", "ok", "keeps up", measure)


def _pushes(now: datetime) -> Fact:
    """Whether anything is written to Spotify, and how that goes."""
    found = holds.standing("")
    stop, shadow = found.stop, found.shadow
    if stop is not None:
        measure = f"for {_span(now - stop.began_at)}, by {stop.began_by_words}"
        todo = f"{stop.reason} Resume pushes when that is settled.".strip()
        return Fact("Pushes", "bad", "stopped", measure, todo)
    if shadow is not None:
        measure = f"for {_span(now - shadow.began_at)}"
        todo = "Leave shadow mode; lists are drawn and not sent until then."
        return Fact("Pushes", "warn", "shadow mode", measure, todo)
    current = runtime.load()
    ended = storms.tally(since=now - storms.window(current))
    span = words.duration(current.guard_window_minutes * 60)
    measure = f"{ended.failed:,} of {ended.ended:,} failed within {span}"
    return Fact("Pushes", "ok", "go out", measure)


def _broker() -> Fact:
    if not settings.REDIS_URL:
        return Fact("Broker", "ok", "none", "the engine works alone")
    started = time.perf_counter()
    try:
        waiting = _ping_broker()
    except (redis.RedisError, OSError):
        todo = "Start Redis or Valkey; the engine works alone meanwhile."
        return Fact("Broker", "warn", "away", "", todo)
    took_ms = (time.perf_counter() - started) * 1000
    noun = "message waits" if waiting == 1 else "messages wait"
    return Fact("Broker", "ok", "answers", f"{waiting} {noun}, {took_ms:.1f} ms")


def _ping_broker() -> int:
    """Return how many messages wait; :raises redis.RedisError: it is away."""
    client = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=BROKER_TIMEOUT_S,
        socket_connect_timeout=BROKER_TIMEOUT_S,
    )
    with client:
        client.ping()
        return int(client.llen("celery"))


def _beat(now: datetime) -> Fact:
    """Beat only wakes the engine: its silence delays nothing, but is worth a word."""
    if not settings.REDIS_URL:
        return Fact("Beat", "ok", "not needed", "the engine keeps the schedules")
    seen = PeriodicTask.objects.aggregate(
        ran=Max("last_run_at"), made=Min("date_changed")
    )
    since = seen["ran"] or seen["made"]
    if since is None or abs(now - since) > BEAT_SILENT:
        todo = "Start celery beat; the engine keeps the schedules meanwhile."
        return Fact("Beat", "warn", "silent", "", todo)
    if seen["ran"] is None:
        return Fact("Beat", "ok", "begins", "the engine keeps the schedules")
    return Fact("Beat", "ok", "wakes the engine", f"{_span(now - since)} ago")


def _developers(now: datetime) -> Iterator[Fact]:
    for developer in Developer.objects.all():
        until = developer.circuit_open_until
        if until is not None and until > now:
            opens = words.day_and_time(
                timezone.localtime(until), timezone.localtime(now)
            )
            cause = circuit.words(developer.circuit_cause)
            todo = f"Wait: {cause}. What waits goes on by itself."
            yield Fact(developer.name, "warn", "calls rest", f"until {opens}", todo)
        else:
            rate = f"up to {developer.requests_per_s:g} calls a second"
            yield Fact(developer.name, "ok", "calls pass", rate)


def _disk() -> Fact:
    usage = shutil.disk_usage(settings.VAR_DIR)
    share = usage.used / usage.total
    measure = f"{share:.0%} full"
    if share > DISK_WARN:
        return Fact("Disk", "warn", "fills up", measure, "Free some space.")
    return Fact("Disk", "ok", "has room", measure)


def _span(age: timedelta) -> str:
    return words.duration(int(age.total_seconds()))


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
