"""Slots in every time zone through 2026 to 2030, over every change of its clocks.

What is expected is worked out from the change itself, the moment and the two offsets,
not with the arithmetic under test.
"""

import os
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from automation import slots

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2031, 1, 1, tzinfo=UTC)
WEEK = timedelta(days=7)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
QUARTER = timedelta(minutes=15)
ZONES = sorted(zoneinfo.available_timezones())
IS_STORM = os.environ.get("VIBE_STORM") == "1"


@dataclass(frozen=True)
class Change:
    """A zone's clocks are put forward or back: when, and how far from UTC they are."""

    zone: str
    at: datetime
    before: timedelta
    after: timedelta

    def wall(self, moment: datetime) -> datetime:
        """Return what clocks show, as a naive time."""
        offset = self.before if moment < self.at else self.after
        return (moment + offset).replace(tzinfo=None)

    def slot(self, wall: datetime) -> datetime:
        """Return when a daily job of this time of day is to run.

        A time that is skipped comes later by the gap, one that comes twice the first
        time: both are counted with the clocks as they were before.
        """
        last_of_before = (self.at + max(self.before, self.after)).replace(tzinfo=None)
        offset = self.before if wall < last_of_before else self.after
        return wall.replace(tzinfo=UTC) - offset

    def times(self) -> set[time]:
        """Return times of day in, at and around what is skipped or repeated."""
        edges = [self.at + self.before, self.at + self.after]
        middle = edges[0] + (edges[1] - edges[0]) / 2
        near = [edge + step for edge in edges for step in (-MINUTE, 0 * MINUTE)]
        found = {one.time().replace(second=0) for one in (*near, middle)}
        return found | {time(0)}


def offset_at(zone: zoneinfo.ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def changes_of(name: str, step: timedelta = WEEK) -> Iterator[Change]:
    """Yield the changes of a zone; no two lie within a week of each other."""
    zone = zoneinfo.ZoneInfo(name)
    moments = [START + number * step for number in range((END - START) // step + 1)]
    for earlier, later in pairwise(moments):
        before, after = offset_at(zone, earlier), offset_at(zone, later)
        if before != after:
            yield Change(name, _moment(zone, earlier, later), before, after)


def _moment(zone: zoneinfo.ZoneInfo, earlier: datetime, later: datetime) -> datetime:
    """Return the first minute with the later offset."""
    before = offset_at(zone, earlier)
    while later - earlier > MINUTE:
        middle = earlier + (later - earlier) // MINUTE // 2 * MINUTE
        if offset_at(zone, middle) == before:
            earlier = middle
        else:
            later = middle
    return later


def every_day(name: str, at: time) -> PeriodicTask:
    """Return a task of every day at this time, unsaved."""
    return task(name, minute=str(at.minute), hour=str(at.hour))


def task(name: str, **fields: str) -> PeriodicTask:
    crontab = CrontabSchedule(timezone=zoneinfo.ZoneInfo(name), **fields)
    return PeriodicTask(name="Test", crontab=crontab)


def found(one: PeriodicTask, after: datetime, until: datetime) -> list[datetime]:
    return slots.slots_between(one, after=after, until=until, anchor=after)


@pytest.fixture(scope="module")
def changes() -> list[Change]:
    """Every change of every zone."""
    return [change for name in ZONES for change in changes_of(name)]


class TestEveryZone:
    def test_is_among_those_looked_at(self, changes: list[Change]) -> None:
        assert len(ZONES) > 400
        assert {"Europe/Berlin", "Africa/Cairo", "Australia/Lord_Howe"} <= {
            change.zone for change in changes
        }

    def test_runs_a_daily_job_once_a_day_over_every_change(
        self, changes: list[Change]
    ) -> None:
        for change in changes:
            days = [change.wall(change.at).date() + n * DAY for n in (-2, -1, 0, 1, 2)]
            for at in change.times():
                due = [change.slot(datetime.combine(day, at)) for day in days]
                one = every_day(change.zone, at)
                assert found(one, due[0] - MINUTE, due[-1]) == due, (change, at)

    def test_gives_the_same_slots_however_time_is_cut(
        self, changes: list[Change]
    ) -> None:
        for change in changes[:: 1 if IS_STORM else 11]:
            one = every_day(change.zone, (change.at + change.before).time())
            after, until = change.at - 2 * DAY, change.at + 2 * DAY
            cuts = [after + number * 5 * QUARTER for number in range(77)]
            pieces = (found(one, *pair) for pair in pairwise([*cuts, until]))
            whole = [slot for piece in pieces for slot in piece]
            assert whole == found(one, after, until), change

    def test_runs_an_hourly_job_every_hour_of_real_time(
        self, changes: list[Change]
    ) -> None:
        for change in changes:
            after, until = change.at - 16 * QUARTER, change.at + 16 * QUARTER
            grid = (after + number * QUARTER for number in range(1, 33))
            due = [moment for moment in grid if change.wall(moment).minute == 30]
            hourly = task(change.zone, minute="30", hour="*")
            assert found(hourly, after, until) == due, change

    def test_runs_once_a_day_where_clocks_never_change(
        self, changes: list[Change]
    ) -> None:
        steady = sorted(set(ZONES) - {change.zone for change in changes})
        for name in steady:
            one = every_day(name, time(2, 30))
            for year in range(2026, 2031):
                after = datetime(year, 3, 1, tzinfo=UTC)
                due = found(one, after, after + 3 * DAY)
                walls = [slot.astimezone(zoneinfo.ZoneInfo(name)) for slot in due]
                assert [wall.time() for wall in walls] == [time(2, 30)] * 3, name
                assert [b - a for a, b in pairwise(due)] == [DAY, DAY], name


class TestEveryDay:
    """All zones and three times of day with VIBE_STORM=1, else a sample."""

    @pytest.mark.parametrize("at", [time(0), time(2, 30), time(23, 30)])
    def test_of_five_years_has_one_slot(self, at: time) -> None:
        for name in ZONES[:: 1 if IS_STORM else 60]:
            zone = zoneinfo.ZoneInfo(name)
            due = found(every_day(name, at), START, END)
            assert len(set(due)) == len(due), name
            assert abs(len(due) - (END - START).days) <= 1, name
            walls = [slot.astimezone(zone) for slot in due]
            moved = [wall for wall in walls if wall.time() != at]
            assert len(moved) <= 10, name
