"""When a schedule runs, in words: how often, and what changes of the clocks do."""

import zoneinfo
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from automation.slots import Crontab

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
AHEAD_DAYS = 370
WEEKDAYS = (
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
)


def words(task: PeriodicTask) -> str:
    """Say how often a task runs; a crontab that has no short words as it is written."""
    if task.interval is not None:
        return _interval_words(task.interval)
    return _crontab_words(task.crontab) if task.crontab is not None else "never"


def _interval_words(interval: IntervalSchedule) -> str:
    every = timedelta(**{interval.period: interval.every})
    for unit, length in (
        ("day", DAY),
        ("hour", timedelta(hours=1)),
        ("minute", MINUTE),
        ("second", timedelta(seconds=1)),
    ):
        count, rest = divmod(every, length)
        if not rest:
            return f"every {unit}" if count == 1 else f"every {count:,} {unit}s"
    return f"every {every.total_seconds():g} seconds"


def _crontab_words(row: CrontabSchedule) -> str:
    zone, minute, hour = str(row.timezone), row.minute, row.hour
    any_date = (row.day_of_month, row.month_of_year) == ("*", "*")
    if any_date and row.day_of_week == "*" and minute.isdigit() and hour == "*":
        return f"every hour at :{int(minute):02}"
    days = _days_words(row.day_of_week) if any_date else ""
    if days and minute.isdigit() and hour.isdigit():
        return f"every {days} at {int(hour):02}:{int(minute):02} {zone}"
    dates = (row.day_of_month, row.month_of_year, row.day_of_week)
    return f"{minute} {hour} {' '.join(dates)} {zone}"


def _days_words(field: str) -> str:
    """Say days of the week that are listed by number, "" if they are not."""
    if field == "*":
        return "day"
    numbers = field.split(",")
    if not all(one.isascii() and one.isdigit() and int(one) < 8 for one in numbers):
        return ""
    names = [WEEKDAYS[int(one) % 7] for one in numbers]
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


@dataclass(frozen=True)
class Change:
    """Clocks of a zone are put forward or back: when, and by how much."""

    at: datetime
    by: timedelta
    day: date

    @property
    def words(self) -> str:
        """Say which way the clocks go, and on which day."""
        way = "forward" if self.by > timedelta() else "back"
        return f"go {way} on {self.day.day} {self.day:%b %Y}"


def changes(zone: zoneinfo.ZoneInfo, *, after: datetime) -> Iterator[Change]:
    """Yield the changes of a zone's clocks within a year, the next one first."""
    earlier = after
    for _ in range(AHEAD_DAYS):
        later = earlier + DAY
        by = _offset(zone, later) - _offset(zone, earlier)
        if by:
            at = _moment(zone, earlier, later)
            yield Change(at, by, (at - MINUTE).astimezone(zone).date())
        earlier = later


def _offset(zone: zoneinfo.ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _moment(zone: zoneinfo.ZoneInfo, earlier: datetime, later: datetime) -> datetime:
    """Return the first minute with the later offset."""
    earlier = earlier.astimezone(UTC).replace(second=0, microsecond=0)
    before = _offset(zone, earlier)
    while later - earlier > MINUTE:
        middle = earlier + (later - earlier) // MINUTE // 2 * MINUTE
        if _offset(zone, middle) == before:
            earlier = middle
        else:
            later = middle
    return later.replace(second=0, microsecond=0)


def clock_remarks(
    task: PeriodicTask, *, reader: zoneinfo.ZoneInfo, now: datetime
) -> list[str]:
    """Say what the next changes of the clocks do to a task's times.

    `reader` is the zone of the person who reads; a task that is counted in another
    zone, or in elapsed time, moves on their clock.

    :raises VibeError: its crontab cannot be read.
    """
    if task.crontab is None:
        return _moves("in elapsed time", [reader], now=now)
    crontab = Crontab.of(task.crontab)
    ahead = list(islice(changes(crontab.zone, after=now), 2))
    touched = [text for one in ahead for text in _touched(crontab, one)]
    if crontab.zone.key != reader.key:
        how = f"in the time of {crontab.zone.key}"
        return touched + _moves(how, [crontab.zone, reader], now=now)
    if touched or not ahead:
        return touched
    keeps = (
        "it runs every hour of real time"
        if crontab.has_every_hour
        else "it keeps its time of day"
    )
    return [f"Clocks in {reader.key} {ahead[0].words}; {keeps}."]


def _moves(how: str, zones: Sequence[zoneinfo.ZoneInfo], *, now: datetime) -> list[str]:
    """Say of a task counted elsewhere when it may move on the reader's clock."""
    found = [
        (one, zone) for zone in zones for one in islice(changes(zone, after=now), 1)
    ]
    if not found:
        return []
    change, zone = min(found, key=lambda pair: pair[0].at)
    return [
        f"It is counted {how}, so it may move on your clock when clocks in "
        f"{zone.key} {change.words}."
    ]


def _touched(crontab: Crontab, change: Change) -> Iterator[str]:
    """Say which time of day a change skips or repeats."""
    if crontab.has_every_hour:
        return
    begins = change.at.astimezone(crontab.zone).replace(tzinfo=None)
    low, high = sorted((begins, begins - change.by))
    for at in crontab.times:
        wall = datetime.combine(low.date(), at)
        if not (low <= wall < high and crontab.falls_on(wall.date())):
            continue
        start = f"Clocks in {crontab.zone.key} {change.words}: {at:%H:%M}"
        if change.by > timedelta():
            comes_at = wall + change.by
            yield f"{start} does not come that day, so it runs at {comes_at:%H:%M}."
        else:
            yield f"{start} comes twice that day; it runs the first time."
        return
