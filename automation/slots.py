"""Which slots a schedule has: moments in UTC, by crontab or by interval.

Pure arithmetic, so that it can be tried over all time zones; no row is read but the
timing that is handed in.
"""

import zoneinfo
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import product

from celery.schedules import ParseException, crontab_parser
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from vibe_engine.errors import VibeError

DAY = timedelta(days=1)
HORIZONS = (timedelta(hours=1), 2 * DAY, 32 * DAY, 370 * DAY)
"""How far ahead the next slots are looked for, until enough are found."""


@dataclass(frozen=True)
class Crontab:
    """The times of day and the days on which a crontab falls, in its own zone."""

    times: Sequence[time]
    weekdays: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    zone: zoneinfo.ZoneInfo
    has_every_hour: bool

    @classmethod
    def of(cls, row: CrontabSchedule) -> "Crontab":
        """Read a row of django-celery-beat.

        :raises VibeError: a field or the zone cannot be read.
        """
        try:
            hours = sorted(crontab_parser(24).parse(row.hour))
            minutes = sorted(crontab_parser(60).parse(row.minute))
            return cls(
                times=[time(hour, minute) for hour, minute in product(hours, minutes)],
                weekdays=frozenset(n % 7 for n in _weekdays(row.day_of_week)),
                days=frozenset(crontab_parser(31, 1).parse(row.day_of_month)),
                months=frozenset(crontab_parser(12, 1).parse(row.month_of_year)),
                zone=zoneinfo.ZoneInfo(str(row.timezone)),
                has_every_hour=len(hours) == 24,
            )
        except (ParseException, ValueError, zoneinfo.ZoneInfoNotFoundError) as error:
            raise VibeError(f"The crontab cannot be read: {error}.") from error

    def falls_on(self, day: date) -> bool:
        """Whether it has slots on a day of its zone."""
        return (
            day.month in self.months
            and day.day in self.days
            and day.isoweekday() % 7 in self.weekdays
        )

    def on(self, day: date) -> list[datetime]:
        """Return the slots of one day, in UTC and in order.

        A crontab of every hour follows real time: it leaves out what the clock
        change skips, and has what it repeats twice. One of chosen hours has each of
        its times once a day: a skipped one comes as much later as the clock was put
        forward, a repeated one comes the first time.
        """
        if not self.falls_on(day):
            return []
        walls = [datetime.combine(day, at) for at in self.times]
        offset = self._offset(day)
        if offset == self._offset(day + DAY):
            return [wall.replace(tzinfo=UTC) - offset for wall in walls]
        if self.has_every_hour:
            both = product(walls, (0, 1))
            found = {_utc(w, self.zone, fold) for w, fold in both if self._is_real(w)}
        else:
            found = {_utc(wall, self.zone) for wall in walls}
        return sorted(found)

    def _offset(self, day: date) -> timedelta:
        """Return how far clocks are from UTC when a day begins."""
        midnight = datetime.combine(day, time(), self.zone)
        return midnight.utcoffset() or timedelta()

    def _is_real(self, wall: datetime) -> bool:
        """Whether clocks in this zone ever show this time."""
        there = _utc(wall, self.zone).astimezone(self.zone)
        return there.replace(tzinfo=None) == wall


def _weekdays(text: str) -> set[int]:
    """Return the weekdays of a crontab's field; Sunday is 0, and 7 as well."""
    found: set[int] = crontab_parser(8).parse(text)
    return found


def _utc(wall: datetime, zone: zoneinfo.ZoneInfo, fold: int = 0) -> datetime:
    return wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def slots_between(
    task: PeriodicTask, *, after: datetime, until: datetime, anchor: datetime
) -> list[datetime]:
    """Return the slots in `(after, until]`, in UTC and in order, each once.

    Intervals count from `anchor`, whatever the clocks do; a crontab is read in its
    own time zone.

    :raises VibeError: the task has neither a crontab nor an interval, or a crontab
        that cannot be read.
    """
    if task.crontab is not None:
        crontab = Crontab.of(task.crontab)
        found = _days_of(crontab, after=after, until=until)
        return [slot for slot in found if after < slot <= until]
    if task.interval is not None:
        return _interval_slots(task.interval, after=after, until=until, anchor=anchor)
    raise VibeError(f"“{task.name}” has neither a crontab nor an interval.")


def _interval_slots(
    interval: IntervalSchedule, *, after: datetime, until: datetime, anchor: datetime
) -> list[datetime]:
    period = timedelta(**{interval.period: interval.every})
    first = max(0, (after - anchor) // period + 1)
    last = (until - anchor) // period
    return [anchor + number * period for number in range(first, last + 1)]


def _days_of(
    crontab: Crontab, *, after: datetime, until: datetime
) -> Iterator[datetime]:
    """Yield the slots of all days that matter; a late gap reaches into the next day."""
    first = after.astimezone(crontab.zone).date() - DAY
    last = until.astimezone(crontab.zone).date()
    for number in range((last - first).days + 1):
        yield from crontab.on(first + number * DAY)


def next_slots(
    task: PeriodicTask, *, after: datetime, anchor: datetime, count: int = 5
) -> list[datetime]:
    """Return the next slots, at most `count` and within a year.

    :raises VibeError: as `slots_between`.
    """
    slots: list[datetime] = []
    for horizon in HORIZONS:
        until = after + horizon
        slots = slots_between(task, after=after, until=until, anchor=anchor)
        if len(slots) >= count:
            break
    return slots[:count]
