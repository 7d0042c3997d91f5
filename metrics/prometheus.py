"""The facts of the installation in Prometheus' text format.

Everything is read from the database at the moment of the scrape, so any web process
tells the same. What it may cost is bounded: no list of playlists, tracks or people
becomes a label.
"""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min, Q, Sum
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from accounts.models import Account, Developer, Usage
from automation.models import EngineLease, Run, Schedule
from metrics.models import MetricSnapshot
from playlists.models import Playlist

HOUR = timedelta(hours=1)


def exposition(*, now: datetime) -> bytes:
    """Return the text of one scrape; it takes at most twelve queries."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Facts(now))
    return generate_latest(registry)


class _Facts(Collector):
    """All families at one moment."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def collect(self) -> Iterator[Metric]:
        now = self._now
        yield from _fleet(now)
        yield from _work(now)
        yield from _engine(now)
        yield from _spotify(now)
        yield from _figures()
        disk = shutil.disk_usage(settings.VAR_DIR)
        yield _one(
            "vibe_disk_used_ratio", "Used share of the disk.", disk.used / disk.total
        )


def _one(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_text, value=value)


def _labelled(
    name: str, help_text: str, label: str, values: dict[str, float]
) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _counts(
    model: type[Account | Playlist], column: str, known: list[str]
) -> dict[str, float]:
    rows = model._default_manager.values_list(column).annotate(n=Count("pk"))
    found = dict(rows.order_by(column))
    return {one: found.get(one, 0) for one in known}


def _fleet(now: datetime) -> Iterator[Metric]:
    accounts = _counts(Account, "status", Account.Status.values)
    yield _labelled("vibe_accounts", "Accounts by state.", "status", accounts)
    lists = _counts(Playlist, "status", Playlist.Status.values)
    yield _labelled("vibe_playlists", "Playlists by state.", "status", lists)
    due = Playlist.objects.filter(
        status=Playlist.Status.ACTIVE,
        account__status=Account.Status.ACTIVE,
        next_reshuffle_at__lte=now,
    )
    yield _one("vibe_playlists_due", "Active playlists that are due.", due.count())


def _work(now: datetime) -> Iterator[Metric]:
    active = Run.objects.active().filter(is_bulk=False)
    found = active.aggregate(
        **{state: Count("pk", filter=Q(state=state)) for state in Run.ACTIVE},
        oldest=Min("due_at", filter=Q(state=Run.State.PLANNED, due_at__lte=now)),
    )
    oldest = found.pop("oldest")
    yield _labelled("vibe_runs", "Runs that have not ended, by state.", "state", found)
    waits_s = (now - oldest).total_seconds() if oldest else 0.0
    yield _one(
        "vibe_oldest_due_run_seconds",
        "How long the oldest due run has waited.",
        waits_s,
    )
    ended = Run.objects.filter(
        state__in=Run.TERMINAL, is_bulk=False, finished_at__gt=now - HOUR
    )
    family = GaugeMetricFamily(
        "vibe_runs_ended_1h",
        "Runs that ended in the last hour, by kind and state.",
        labels=["kind", "state"],
    )
    rows = ended.values_list("kind", "state").annotate(n=Count("pk"))
    for kind, state, number in rows.order_by("kind", "state"):
        family.add_metric([kind, state], number)
    yield family
    paused = Schedule.objects.exclude(paused_reason="").count()
    yield _one("vibe_schedules_paused", "Schedules that paused themselves.", paused)


def _engine(now: datetime) -> Iterator[Metric]:
    lease = EngineLease.objects.filter(pk=1).first()
    if lease is None:
        return
    yield _one(
        "vibe_engine_silent_seconds",
        "Time since the engine's last round.",
        max(0.0, (now - lease.heartbeat_at).total_seconds()),
    )
    yield _one(
        "vibe_broker_up", "Whether the engine reaches the broker.", lease.broker_ok
    )


def _spotify(now: datetime) -> Iterator[Metric]:
    closed = GaugeMetricFamily(
        "vibe_spotify_closed_seconds",
        "How long calls for a developer still rest.",
        labels=["developer", "cause"],
    )
    for developer in Developer.objects.all():
        until = developer.circuit_open_until
        rests = until is not None and until > now
        rest_s = (until - now).total_seconds() if rests and until else 0.0
        closed.add_metric(
            [str(developer.pk), developer.circuit_cause if rests else ""], rest_s
        )
    yield closed
    calls = GaugeMetricFamily(
        "vibe_spotify_calls_24h",
        "Calls to Spotify in the last 24 hours.",
        labels=["developer", "group"],
    )
    rows = Usage.objects.filter(hour__gt=now - timedelta(days=1))
    for developer_id, group, number in (
        rows.values_list("developer", "group")
        .annotate(n=Sum("calls"))
        .order_by("developer", "group")
    ):
        calls.add_metric([str(developer_id), group], number)
    yield calls


def _figures() -> Iterator[Metric]:
    """Yield what is too dear to count at each scrape, from the newest snapshot."""
    newest = MetricSnapshot.objects.filter(grain=MetricSnapshot.Grain.HOURLY).first()
    if newest is None:
        return
    yield _labelled(
        "vibe_figure",
        "The hourly figures of the dashboard, as last written down.",
        "name",
        {
            name: float(value)
            for name, value in newest.figures.items()
            if value is not None and not name.endswith("_used")
        },
    )
    yield _labelled(
        "vibe_capacity_used_ratio",
        "How much of what bounds the fleet is used; above 1 it is too little.",
        "bound",
        {
            name.removesuffix("_used"): float(value)
            for name, value in newest.figures.items()
            if name.endswith("_used") and value is not None
        },
    )
    yield _one(
        "vibe_figures_taken_timestamp_seconds",
        "When the hourly figures were last written down.",
        newest.taken_at.timestamp(),
    )
