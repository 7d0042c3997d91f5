"""When playlists are due: spread over the day, and no more at once than can be done.

A playlist is due so many calendar days (UTC) after its last list, at a time of day of
its own. That time comes from its number, so it is always the same, and playlists that
were created together are evenly apart. Counting in days keeps a list on its day,
however late in the day its turn came, and gives every track its whole days of rest.
"""

import math
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import Count, QuerySet, Sum

from accounts.models import Developer, Usage
from accounts.throttle import usage
from automation import registry
from automation.models import Run
from automation.runtime import RuntimeSettings
from playlists.effective import calls_per_turn, interval_days_of
from playlists.models import Playlist

T = TypeVar("T")
GOLDEN = (math.sqrt(5) - 1) / 2
"""Multiples of it, less their whole part, part the day evenly, however many they are."""
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
COLUMNS = ("interval_days", "reshuffle_weekday", "reshuffle_hour")
"""What must be loaded of playlists for `next_due`."""
WORDING = ("description_is_custom", "details_pending")
"""What decides whether a reshuffle tells a new description as well."""
CREATE, CREATE_WRITES = "playlists.create", 3
"""A create posts the playlist, brings the list and tells the true description."""
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
        values = [getattr(playlist, column) for column in COLUMNS]
        return cls.of_values(playlist.pk, *values, settings=settings)

    @classmethod
    def of_values(
        cls,
        pk: int,
        interval_days: int | None,
        weekday: int | None,
        hour: int | None,
        *,
        settings: RuntimeSettings,
    ) -> "Rhythm":
        """Return the same from a key and the values of `COLUMNS`."""
        interval = interval_days_of(interval_days, weekday, settings)
        return cls(pk * GOLDEN % 1, interval, weekday, hour)


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
    """What one developer's day still carries; numbers are calls that write.

    `left` may be had of today's budget by what schedules open, `a_day` on any day,
    `now` may be opened at this moment.
    """

    left: int
    a_day: int
    now: int


def room_of_developers(*, settings: RuntimeSettings, now: datetime) -> dict[int, Room]:
    """Return by developer how many more writes its limits carry; three queries.

    What is open already has its place in it, at the most that it may cost.
    """
    since = usage.hour_of(now) - usage.WINDOW
    spent: dict[int, dict[str, int]] = defaultdict(dict)
    calls = Usage.objects.filter(hour__gte=since).values_list("developer", "group")
    for developer_id, group, count in calls.annotate(Sum("calls")).order_by():
        spent[developer_id][group] = count
    a_turn, opened = calls_per_turn(settings), Counter[str]()
    states = (Run.State.PLANNED, Run.State.WORKING)
    active = Run.objects.filter(
        state__in=states, is_bulk=False, kind__in=registry.writing()
    )
    by_kind = active.order_by().values_list("budget", "kind").annotate(Count("pk"))
    for budget, kind, count in by_kind:
        opened[budget] += count * (CREATE_WRITES if kind == CREATE else a_turn)
    return {
        one.pk: _room(one, spent[one.pk], opened[one.budget], a_turn)
        for one in Developer.objects.all()
    }


def _room(
    developer: Developer, calls: Mapping[str, int], opened: int, a_turn: int
) -> Room:
    writes = next(
        budget
        for budget in usage.budgets_of(developer, calls)
        if budget.name == usage.PLAYLIST_WRITES
    )
    ahead = max(a_turn, int(developer.requests_per_s * AHEAD.total_seconds()))
    left = max(0, writes.routine_left - opened)
    return Room(left, writes.for_routine, min(left, max(0, ahead - opened)))


def next_in_line(
    due: QuerySet[Playlist], *, settings: RuntimeSettings, now: datetime
) -> list[int]:
    """Return the keys of the due playlists to open now, accounts taking turns.

    Of each account the longest due come first. No more than the rate carries until
    the next look but one, nor than today's budget of writes has room for. Where a
    whole day carries less than one reshuffle, what is left of it is enough to begin.
    """
    rooms = room_of_developers(settings=settings, now=now)
    left = {pk: room.now for pk, room in rooms.items()}
    columns = ("pk", "account_id", "account__app__developer_id", *WORDING)
    rows = due.order_by("next_reshuffle_at", "pk").values_list(*columns)
    chosen = []
    for pk, _, developer_id, *wording in in_turn(rows, lambda row: row[1]):
        writes = _writes_of_turn(settings, *wording)
        if left[developer_id] < min(writes, max(1, rooms[developer_id].a_day)):
            left[developer_id] = 0
            continue
        left[developer_id] -= writes
        chosen.append(pk)
    return chosen


def _writes_of_turn(
    settings: RuntimeSettings,
    own_words: bool,  # noqa: FBT001
    is_untold: bool,  # noqa: FBT001
) -> int:
    """Return how many writes one reshuffle may take: the list, and new details."""
    return calls_per_turn(settings, own_words=own_words) if not is_untold else 2


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


def find_overflow(
    due: QuerySet[Playlist], *, settings: RuntimeSettings, now: datetime
) -> Overflow | None:
    """Return what is due beyond the budgets of today, None where all of it fits."""
    counts, writes = Counter[int](), Counter[int]()
    alike = due.order_by().values_list("account__app__developer_id", *WORDING)
    for developer_id, *wording, count in alike.annotate(Count("pk")):
        counts[developer_id] += count
        writes[developer_id] += count * _writes_of_turn(settings, *wording)
    if not counts:
        return None
    rooms, over, days = room_of_developers(settings=settings, now=now), 0, 0
    for developer_id, count in counts.items():
        room = rooms[developer_id]
        beyond = max(0, writes[developer_id] - room.left)
        over += math.ceil(beyond * count / writes[developer_id])
        days = max(days, math.ceil(beyond / room.a_day) if room.a_day else 0)
    return Overflow(counts.total(), over, days) if over else None
