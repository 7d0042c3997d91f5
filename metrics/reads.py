"""What the home page shows, in few queries."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Max, Min, Q, Sum
from django.db.models.functions import TruncDate

from accounts.models import Account, Usage
from automation.models import Run
from library.models import Album, Track
from playlists.models import HistoryEntry, Playlist, PlaylistSnapshot

NEXT_UP = 8
DAYS_BACK = 28
DAYS_AHEAD = 7
MOST_EXPOSED = 7
LANE_DAYS = 3


@dataclass(frozen=True)
class Fleet:
    """The playlists of the fleet at one moment."""

    playlists: int
    active: int
    paused: int
    due: int
    due_today: int
    next_at: datetime | None
    last_sync: datetime | None

    @property
    def fresh(self) -> int:
        """Active playlists that are not due."""
        return self.active - self.due


@dataclass(frozen=True)
class Shelf:
    """The library at one moment."""

    albums: int
    tracks: int
    usable: int
    held: int
    used: int

    @property
    def used_percent(self) -> float:
        """Share of the usable tracks that a list has held, in percent."""
        return 100 * self.used / self.usable if self.usable else 0.0


@dataclass(frozen=True)
class Day:
    """Reshuffles of one day: what is over and what is planned."""

    day: datetime
    done: int
    failed: int
    planned: int


@dataclass(frozen=True)
class Mark:
    """One reshuffle in an account's lane."""

    at: datetime
    name: str
    state: str


@dataclass(frozen=True)
class Lane:
    """One account's reshuffles of yesterday, today and tomorrow."""

    account: Account
    marks: Sequence[Mark]
    done_today: int
    total_today: int


def fleet(*, now: datetime) -> Fleet:
    """Return the fleet's figures with one query."""
    active = Q(status=Playlist.Status.ACTIVE)
    working = active & Q(account__status=Account.Status.ACTIVE)
    midnight = _midnight(now) + timedelta(days=1)
    row = Playlist.objects.managed().aggregate(
        playlists=Count("pk"),
        active=Count("pk", filter=active),
        paused=Count("pk", filter=Q(status=Playlist.Status.PAUSED)),
        due=Count("pk", filter=working & Q(next_reshuffle_at__lte=now)),
        due_today=Count("pk", filter=working & Q(next_reshuffle_at__lt=midnight)),
        next_at=Min("next_reshuffle_at", filter=working),
        last_sync=Max("last_reshuffled_at"),
    )
    return Fleet(**row)


def shelf() -> Shelf:
    """Return the library's figures with two queries."""
    usable = Q(is_usable=True, is_playable=True)
    row = Track.objects.aggregate(
        tracks=Count("pk"),
        usable=Count("pk", filter=usable),
        held=Count("pk", filter=Q(is_usable=False)),
        used=Count("pk", filter=usable & Q(use_count__gt=0)),
    )
    return Shelf(albums=Album.objects.count(), **row)


def next_up(*, limit: int = NEXT_UP) -> list[Playlist]:
    """Return the playlists whose turn comes next, with their accounts."""
    waiting = Playlist.objects.filter(
        status=Playlist.Status.ACTIVE,
        account__status=Account.Status.ACTIVE,
        next_reshuffle_at__isnull=False,
    )
    return list(
        waiting.select_related("account").order_by("next_reshuffle_at", "pk")[:limit]
    )


def calls_by_hour(*, now: datetime) -> list[int]:
    """Return the calls to Spotify in each of the last 24 hours, oldest first."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    first = this_hour - timedelta(hours=23)
    rows = Usage.objects.filter(hour__gte=first).values("hour").annotate(n=Sum("calls"))
    found = {row["hour"]: int(row["n"]) for row in rows.order_by("hour")}
    return [found.get(first + timedelta(hours=hour), 0) for hour in range(24)]


def days(*, now: datetime) -> list[Day]:
    """Return reshuffles done and failed of four weeks and planned of the next one."""
    today = _midnight(now)
    first, last = today - timedelta(days=DAYS_BACK), today + timedelta(days=DAYS_AHEAD)
    done = _per_day(
        PlaylistSnapshot.objects.confirmed().filter(confirmed_at__gte=first),
        "confirmed_at",
    )
    failed = _per_day(
        Run.objects.filter(
            state=Run.State.FAILED,
            kind__startswith="playlists.",
            is_bulk=False,
            finished_at__gte=first,
        ),
        "finished_at",
    )
    planned = _per_day(
        Playlist.objects.filter(
            status=Playlist.Status.ACTIVE,
            next_reshuffle_at__gte=now,
            next_reshuffle_at__lt=last,
        ),
        "next_reshuffle_at",
    )
    every = [first + timedelta(days=number) for number in range((last - first).days)]
    return [
        Day(day, done[day.date()], failed[day.date()], planned[day.date()])
        for day in every
    ]


def _per_day(rows: object, column: str) -> Counter[object]:
    """Count rows by the day (UTC) of a moment."""
    counted = (
        rows.annotate(day=TruncDate(column))  # type: ignore[attr-defined]
        .values("day")
        .annotate(n=Count("pk"))
        .order_by("day")
    )
    return Counter({row["day"]: row["n"] for row in counted})


def lanes(*, accounts: Sequence[Account], now: datetime) -> list[Lane]:
    """Return one lane an account from yesterday's to tomorrow's end."""
    today = _midnight(now)
    first, last = today - timedelta(days=1), today + timedelta(days=2)
    past = (
        PlaylistSnapshot.objects.confirmed()
        .filter(confirmed_at__gte=first)
        .values_list("playlist__account_id", "confirmed_at", "playlist__name")
    )
    coming = Playlist.objects.filter(
        status=Playlist.Status.ACTIVE, next_reshuffle_at__lt=last
    ).values_list("account_id", "next_reshuffle_at", "name", "account__status")
    marks: dict[int, list[Mark]] = {account.pk: [] for account in accounts}
    for account_id, at, name in past[:2_000]:
        marks.setdefault(account_id, []).append(Mark(at, name, "done"))
    for account_id, at, name, status in coming[:2_000]:
        state = "planned" if status == Account.Status.ACTIVE else "waiting"
        marks.setdefault(account_id, []).append(Mark(at, name, state))
    return [_lane(account, marks[account.pk], today) for account in accounts]


def _lane(account: Account, marks: Sequence[Mark], today: datetime) -> Lane:
    tomorrow = today + timedelta(days=1)
    of_today = [mark for mark in marks if today <= mark.at < tomorrow]
    done = sum(mark.state == "done" for mark in of_today)
    return Lane(account, marks, done_today=done, total_today=len(of_today))


def most_exposed() -> list[tuple[str, int, int]]:
    """Return the artists with most places in the current lists: name, key, places."""
    rows = (
        HistoryEntry.objects.filter(
            snapshot__state=PlaylistSnapshot.State.CONFIRMED,
            snapshot__replaced_at__isnull=True,
        )
        .values(name=F("track__primary_artist__name"), key=F("track__primary_artist"))
        .annotate(places=Count("pk"))
        .order_by("-places")
    )
    return [(row["name"], row["key"], row["places"]) for row in rows[:MOST_EXPOSED]]


@dataclass(frozen=True)
class Coverage:
    """How much of the usable library is in a list now, was once, or never."""

    in_lists: int
    resting: int
    never: int


def coverage(*, shelf: Shelf) -> Coverage:
    """Return the library's coverage."""
    now_in_lists = (
        HistoryEntry.objects.filter(
            snapshot__state=PlaylistSnapshot.State.CONFIRMED,
            snapshot__replaced_at__isnull=True,
        )
        .values("track")
        .distinct()
        .count()
    )
    in_lists = min(now_in_lists, shelf.used)
    return Coverage(in_lists, shelf.used - in_lists, shelf.usable - shelf.used)


def playlists_over_time(*, now: datetime) -> list[tuple[datetime, int]]:
    """Return each day on which playlists were made, with how many there were then."""
    rows = (
        Playlist.objects.managed()
        .filter(created_at__lte=now)
        .annotate(day=TruncDate("created_at"))
        .values("day")
        .annotate(n=Count("pk"))
        .order_by("day")
    )
    total, points = 0, []
    for row in rows:
        total += row["n"]
        at = now.replace(
            year=row["day"].year,
            month=row["day"].month,
            day=row["day"].day,
            hour=0,
            minute=0,
            second=0,
            microsecond=0,
        )
        points.append((at, total))
    return points


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
