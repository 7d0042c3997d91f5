"""How the fleet grew, and how full its accounts are."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar

from django.db.models import Count, IntegerField, QuerySet, Value
from django.db.models.functions import TruncDate
from django.utils import timezone

from accounts.models import Account
from playlists.models import Playlist
from vibe_engine.charts import Point
from vibe_engine.words import grouped

MOST_LOADS = 10


@dataclass(frozen=True)
class Growth:
    """How many playlists there were, day by day."""

    head: ClassVar = ("Day", "Playlists", "What happened")

    points: Sequence[Point]
    meaning: str

    @property
    def rows(self) -> list[tuple[date, str, str]]:
        """The same as a table."""
        return [(one.date, grouped(one.value), one.note) for one in self.points]


@dataclass(frozen=True)
class Loads:
    """The accounts with most playlists, against what one may hold."""

    accounts: Sequence[Account]
    limit: int
    hidden: int
    meaning: str


def growth(*, accounts: Sequence[Account], now: datetime) -> Growth:
    """Return how the number of playlists grew and shrank, with one query."""
    changes: Counter[date] = Counter()
    for day, sign, count in _made().union(_gone(), all=True):
        changes[day] += sign * count
    joined: defaultdict[date, list[str]] = defaultdict(list)
    for account in accounts:
        joined[timezone.localdate(account.created_at)].append(str(account))
    first_day = min(changes, default=timezone.localdate(now))
    total, points = 0, []
    for day in sorted({*changes, *(day for day in joined if day >= first_day)}):
        total += changes[day]
        points.append(Point(day, total, _joining(joined[day])))
    today = timezone.localdate(now)
    if points and points[-1].date < today:
        points.append(Point(today, total))
    return Growth(points, _growth_meaning(points, today))


def _made() -> QuerySet[Playlist, tuple[date, int, int]]:
    return _changes(Playlist.objects.all(), "created_at", 1)


def _gone() -> QuerySet[Playlist, tuple[date, int, int]]:
    return _changes(Playlist.objects.exclude(removed_at=None), "removed_at", -1)


def _changes(
    rows: QuerySet[Playlist], moment: str, sign: int
) -> QuerySet[Playlist, tuple[date, int, int]]:
    return (
        rows.order_by()
        .annotate(day=TruncDate(moment), sign=Value(sign, output_field=IntegerField()))
        .values_list("day", "sign")
        .annotate(n=Count("pk"))
    )


def _joining(names: Sequence[str]) -> str:
    if not names:
        return ""
    if len(names) > 1:
        return f"{len(names)} accounts join"
    name = names[0] if len(names[0]) <= 20 else f"{names[0][:19]}…"
    return f"{name} joins"


def _growth_meaning(points: Sequence[Point], today: date) -> str:
    if not points:
        return "No playlist has been created yet."
    month_ago = today - timedelta(days=30)
    before = [point.value for point in points if point.date <= month_ago]
    change = points[-1].value - (before[-1] if before else 0)
    if not change:
        return "As many as 30 days ago."
    word = "more" if change > 0 else "fewer"
    return f"{grouped(abs(change))} {word} than 30 days ago."


def loads(*, accounts: Sequence[Account], limit: int) -> Loads:
    """Return the fullest accounts."""
    fullest = sorted(accounts, key=lambda one: (-one.playlists_count, one.pk))
    room = sum(max(0, limit - account.playlists_count) for account in accounts)
    return Loads(
        fullest[:MOST_LOADS],
        limit,
        max(0, len(fullest) - MOST_LOADS),
        f"There is room for {grouped(room)} more." if accounts else "",
    )
