"""Days side by side: what was done, what failed, what is planned."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django.db.models import BooleanField, Count, QuerySet, Value
from django.db.models.functions import TruncDate
from django.utils import timezone

from automation.models import Run
from metrics.pictures.agenda import DAYS_AHEAD, Turn
from metrics.pictures.words import counted
from metrics.reads import day_start
from playlists.models import PlaylistSnapshot
from vibe_engine.charts import Day
from vibe_engine.charts.days import HEAD
from vibe_engine.words import grouped

WEEKS_BACK, FEWEST_WEEKS = 17, 9
"""Weeks of the calendar before this one: at most, and also while there is less."""
BARS_BACK = 28

PerDay = QuerySet[Any, tuple[date, bool, int]]


@dataclass(frozen=True)
class Days:
    """Past and coming days: for bars, and further back for the calendar."""

    head: ClassVar = HEAD

    bars: Sequence[Day]
    calendar: Sequence[Day]
    today: date
    meaning: str
    calendar_meaning: str

    @property
    def bar_rows(self) -> list[tuple[date, int, int, int, int]]:
        """The bars as rows of a table."""
        return [day.as_row() for day in self.bars if day.total]

    @property
    def calendar_rows(self) -> list[tuple[date, int, int, int, int]]:
        """The calendar as rows of a table."""
        return [day.as_row() for day in self.calendar if day.total]


def days(*, turns: Sequence[Turn], now: datetime) -> Days:
    """Return the days from weeks ago to the end of next week, with one query."""
    today = timezone.localdate(now)
    every = _every_day(turns, now=now)
    bars = every[-(BARS_BACK + DAYS_AHEAD) :]
    calendar = _from_first_week(every)
    return Days(bars, calendar, today, _days_meaning(bars), _busiest(calendar))


def _every_day(turns: Sequence[Turn], *, now: datetime) -> list[Day]:
    """Return the days of all weeks, beginning on a Monday."""
    today = timezone.localdate(now)
    back = today.weekday() + 7 * WEEKS_BACK
    since = day_start(now, days=-back)
    done, failed = _done_and_failed(since)
    late = sum(turn.at <= now for turn in turns)
    zone = timezone.get_current_timezone()
    ahead = Counter(turn.at.astimezone(zone).date() for turn in turns if turn.at > now)
    dates = [today + timedelta(days=number) for number in range(-back, DAYS_AHEAD)]
    return [
        Day(
            day,
            done=done[day],
            waiting=late if day == today else 0,
            failed=failed[day],
            planned=ahead[day],
        )
        for day in dates
    ]


def _from_first_week(every: list[Day]) -> list[Day]:
    """Leave out the weeks before anything happened, while enough are left."""
    busy = [number for number, day in enumerate(every) if day.total]
    spare_weeks = (busy[0] if busy else len(every)) // 7
    return every[7 * min(spare_weeks, WEEKS_BACK - FEWEST_WEEKS) :]


def _done_and_failed(since: datetime) -> tuple[Counter[date], Counter[date]]:
    done: Counter[date] = Counter()
    failed: Counter[date] = Counter()
    both = _playlists_per_day(since).union(_failures_per_day(since), all=True)
    for day, is_failed, number in both:
        (failed if is_failed else done)[day] += number
    return done, failed


def _playlists_per_day(since: datetime) -> PerDay:
    lists = PlaylistSnapshot.objects.confirmed().filter(confirmed_at__gte=since)
    return _per_day(lists, "confirmed_at", "playlist", is_failed=False)


def _failures_per_day(since: datetime) -> PerDay:
    failed = Run.objects.filter(
        state=Run.State.FAILED,
        is_bulk=False,
        finished_at__gte=since,
        kind__startswith="playlists.",
    )
    return _per_day(failed, "finished_at", "subject", is_failed=True)


def _per_day(
    rows: QuerySet[Any], moment: str, thing: str, *, is_failed: bool
) -> PerDay:
    """Count the different things of each of the person's days."""
    told = Value(is_failed, output_field=BooleanField())
    counted: PerDay = (
        rows.order_by()
        .annotate(day=TruncDate(moment), is_failed=told)
        .values_list("day", "is_failed")
        .annotate(n=Count(thing, distinct=True))
    )
    return counted


def _days_meaning(bars: Sequence[Day]) -> str:
    done = sum(day.done for day in bars)
    failed = sum(day.failed for day in bars)
    ahead = sum(day.planned + day.waiting for day in bars)
    if not done:
        return f"The coming week asks for {counted(ahead, 'reshuffle')}."
    share = failed / (done + failed)
    words = "none failed" if not failed else f"{grouped(failed)} failed ({share:.1%})"
    return (
        f"In four weeks {counted(done, 'list')} {'was' if done == 1 else 'were'} "
        f"renewed and {words}; "
        f"the coming week asks for {grouped(ahead)}."
    )


def _busiest(calendar: Sequence[Day]) -> str:
    busiest = max(calendar, key=lambda day: day.done)
    if not busiest.done:
        return "No day has seen a reshuffle yet."
    when = f"{busiest.date.day} {busiest.date:%B}"
    quiet = sum(day.done > 0 for day in calendar)
    return (
        f"The busiest day was {when} with {counted(busiest.done, 'playlist')}; "
        f"{counted(quiet, 'day')} saw at least one reshuffle."
    )


def renewed_a_day(*, now: datetime) -> float:
    """Return how many playlists were renewed on a day of the last seven, on average."""
    days = _playlists_per_day(day_start(now, days=-6))
    return sum(number for _, _, number in days) / 7
