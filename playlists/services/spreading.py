"""When playlists are due: spread over the day, and no more at once than can be done.

A playlist is due so many calendar days (UTC) after its last list, at a time of day of
its own. That time comes from its number, so it is always the same, and playlists that
were created together are evenly apart. Counting in days keeps a list on its day,
however late in the day its turn came, and gives every track its whole days of rest.
"""

import math
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import Count, QuerySet, Sum

from accounts.models import Developer, Usage
from accounts.throttle import usage
from automation.models import Run
from automation.runtime import RuntimeSettings
from playlists.effective import interval_days_of
from playlists.models import Playlist

T = TypeVar("T")
GOLDEN = (math.sqrt(5) - 1) / 2
"""Multiples of it, less their whole part, part the day evenly, however many they are."""
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
COLUMNS = ("interval_days", "reshuffle_weekday", "reshuffle_hour")
"""What must be loaded of playlists for `next_due`."""
BATCH = 500
AHEAD = timedelta(minutes=10)
"""So much work is opened ahead: twice the pause between two looks at what is due."""


@dataclass(frozen=True)
class Rhythm:
    """When a playlist wants its lists: every so many days, on its weekday, in its hour.

    `share` in [0, 1) places it within the hours that it shares with others. Weekday
    (Monday is 0) and hour are in UTC; None leaves them open.
    """

    share: float
    interval_days: int
    weekday: int | None = None
    hour: int | None = None

    @classmethod
    def of(cls, playlist: Playlist, settings: RuntimeSettings) -> "Rhythm":
        """Return a playlist's rhythm under the settings in force."""
        return cls(
            share=playlist.pk * GOLDEN % 1,
            interval_days=interval_days_of(playlist, settings),
            weekday=playlist.reshuffle_weekday,
            hour=playlist.reshuffle_hour,
        )


def due_after(
    rhythm: Rhythm, *, last_at: datetime, settings: RuntimeSettings
) -> datetime:
    """Return when a playlist is due that got its last list at `last_at`.

    With a weekday of its own that is the one nearest to the interval's end, else the
    day on which it ends; a list a day that came late in the evening is not due again
    before half a day is over. Where nothing is spread and the playlist has no time
    of its own, it is the interval to the second.
    """
    last_at = last_at.astimezone(UTC)
    interval = timedelta(days=rhythm.interval_days)
    midnight = datetime.combine(last_at.date(), time(), UTC)
    day = midnight + interval
    if rhythm.weekday is not None:
        day += timedelta(days=(rhythm.weekday - day.weekday() + 3) % 7 - 3)
    due_at = day + _time_of_day(rhythm, settings, otherwise=last_at - midnight)
    if rhythm.weekday is None and due_at - last_at < interval / 2:
        return due_at + DAY
    return due_at


def _time_of_day(
    rhythm: Rhythm, settings: RuntimeSettings, *, otherwise: timedelta
) -> timedelta:
    if rhythm.hour is not None:
        return HOUR * (rhythm.hour + rhythm.share)
    if not settings.reshuffle_hours:
        return otherwise
    hours = settings.reshuffle_from_hour + rhythm.share * settings.reshuffle_hours
    return HOUR * (hours % 24)


def next_due(
    playlist: Playlist, settings: RuntimeSettings, *, last_at: datetime
) -> datetime:
    """Return when a playlist is due that got its last list at `last_at`."""
    rhythm = Rhythm.of(playlist, settings)
    return due_after(rhythm, last_at=last_at, settings=settings)


def redate(playlists: QuerySet[Playlist], *, settings: RuntimeSettings) -> int:
    """Let playlists be due by their last list and today's rhythm; return how many.

    So they may be due at once. Those without a list yet are left alone.
    """
    listed = playlists.filter(last_reshuffled_at__isnull=False)
    keys = list(listed.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        with transaction.atomic():
            some = Playlist.objects.select_for_update().order_by("pk")
            rows = list(some.filter(pk__in=keys[start : start + BATCH]))
            for row in rows:
                if row.last_reshuffled_at is not None:
                    row.next_reshuffle_at = next_due(
                        row, settings, last_at=row.last_reshuffled_at
                    )
            Playlist.objects.bulk_update(rows, ["next_reshuffle_at"])
    return len(keys)


def in_turn(things: Iterable[T], lane_of: Callable[[T], object]) -> list[T]:
    """Return things so that the lanes take turns; within a lane their order stays."""
    lanes: dict[object, deque[T]] = defaultdict(deque)
    for thing in things:
        lanes[lane_of(thing)].append(thing)
    ordered: list[T] = []
    while lanes:
        for lane in list(lanes):
            ordered.append(lanes[lane].popleft())
            if not lanes[lane]:
                del lanes[lane]
    return ordered


@dataclass(frozen=True)
class Room:
    """What one developer's day still carries; numbers are reshuffles.

    `left` may be had of today's budget by what schedules open, `a_day` on any day,
    `now` may be opened at this moment.
    """

    left: int
    a_day: int
    now: int


def room_of_developers(*, now: datetime) -> dict[int, Room]:
    """Return by developer how many more reshuffles its limits carry; three queries.

    Each is reckoned as one write. What is planned already has its place in it.
    """
    since = usage.hour_of(now) - usage.WINDOW
    spent: dict[int, dict[str, int]] = defaultdict(dict)
    calls = Usage.objects.filter(hour__gte=since).values_list("developer", "group")
    for developer_id, group, count in calls.annotate(Sum("calls")).order_by():
        spent[developer_id][group] = count
    states = (Run.State.PLANNED, Run.State.WORKING)
    active = Run.objects.filter(
        state__in=states, is_bulk=False, kind__startswith="playlists."
    )
    opened = dict(active.order_by().values_list("budget").annotate(Count("pk")))
    return {
        one.pk: _room(one, spent[one.pk], opened.get(one.budget, 0))
        for one in Developer.objects.all()
    }


def _room(developer: Developer, calls: Mapping[str, int], opened: int) -> Room:
    writes = next(
        budget
        for budget in usage.budgets_of(developer, calls)
        if budget.name == usage.PLAYLIST_WRITES
    )
    ahead = max(1, int(developer.requests_per_s * AHEAD.total_seconds()))
    left = max(0, writes.routine_left - opened)
    return Room(left, writes.for_routine, min(left, max(0, ahead - opened)))


def next_in_line(due: QuerySet[Playlist], *, now: datetime) -> list[int]:
    """Return the keys of the due playlists to open now, accounts taking turns.

    Of each account the longest due come first. No more than the rate carries until
    the next look but one, nor than today's budget of writes has room for.
    """
    rooms = {pk: room.now for pk, room in room_of_developers(now=now).items()}
    columns = ("pk", "account_id", "account__app__developer_id")
    rows = due.order_by("next_reshuffle_at", "pk").values_list(*columns)
    chosen = []
    for pk, _, developer_id in in_turn(rows, lambda row: row[1]):
        if rooms.get(developer_id, 0) > 0:
            rooms[developer_id] -= 1
            chosen.append(pk)
    return chosen


@dataclass(frozen=True)
class Overflow:
    """How many playlists are due beyond today's budget, and for how many days."""

    due: int
    over: int
    days: int

    @property
    def sentence(self) -> str:
        """Say it to whoever wonders why what is due is not reshuffled."""
        if not self.days:
            wait = "Its developer's budget of writes leaves nothing for schedules."
            return f"{self.over:,} of {self.due:,} due playlists wait. {wait}"
        noun = "day" if self.days == 1 else "days"
        return (
            f"{self.over:,} of {self.due:,} due playlists are more than the budget of "
            f"writes carries now. The longest due go first; all have had their turn in "
            f"about {self.days} {noun}."
        )


def find_overflow(due: QuerySet[Playlist], *, now: datetime) -> Overflow | None:
    """Return what is due beyond the budgets of today, None where all of it fits."""
    per_developer = due.order_by().values_list("account__app__developer_id")
    counts = dict(per_developer.annotate(Count("pk")))
    if not counts:
        return None
    rooms, over, days = room_of_developers(now=now), 0, 0
    for developer_id, count in counts.items():
        room = rooms[developer_id]
        rest = max(0, count - room.left)
        over += rest
        days = max(days, math.ceil(rest / room.a_day) if room.a_day else 0)
    return Overflow(sum(counts.values()), over, days) if over else None
