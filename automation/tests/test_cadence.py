"""When schedules run, in words, and what changes of the clocks do to them."""

import zoneinfo
from datetime import UTC, datetime

import pytest
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from automation import cadence

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
UTC_ZONE = zoneinfo.ZoneInfo("UTC")


def interval(every: int, period: str) -> PeriodicTask:
    return PeriodicTask(interval=IntervalSchedule(every=every, period=period))


def crontab(text: str, zone: zoneinfo.ZoneInfo = UTC_ZONE) -> PeriodicTask:
    minute, hour, day, month, weekday = text.split()
    row = CrontabSchedule(
        minute=minute,
        hour=hour,
        day_of_month=day,
        month_of_year=month,
        day_of_week=weekday,
        timezone=zone,
    )
    return PeriodicTask(crontab=row)


class TestWords:
    @pytest.mark.parametrize(
        ("every", "period", "said"),
        [
            (1, "minutes", "every minute"),
            (300, "seconds", "every 5 minutes"),
            (90, "seconds", "every 90 seconds"),
            (1800, "seconds", "every 30 minutes"),
            (3600, "seconds", "every hour"),
            (36, "hours", "every 36 hours"),
            (24, "hours", "every day"),
            (5, "days", "every 5 days"),
        ],
    )
    def test_of_intervals(self, every: int, period: str, said: str) -> None:
        assert cadence.words(interval(every, period)) == said

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("5 * * * *", "every hour at :05"),
            ("30 3 * * *", "every day at 03:30 Europe/Berlin"),
            ("0 6 * * 1", "every Monday at 06:00 Europe/Berlin"),
            (
                "0 6 * * 1,3,5",
                "every Monday, Wednesday and Friday at 06:00 Europe/Berlin",
            ),
            ("0 6 * * 7", "every Sunday at 06:00 Europe/Berlin"),
            ("*/5 6-9 1 * *", "*/5 6-9 1 * * Europe/Berlin"),
        ],
    )
    def test_of_crontabs(self, text: str, said: str) -> None:
        assert cadence.words(crontab(text, BERLIN)) == said


class TestClockRemarks:
    def remarks(self, task: PeriodicTask, reader: zoneinfo.ZoneInfo) -> list[str]:
        return cadence.clock_remarks(task, reader=reader, now=NOON)

    def test_tell_of_a_time_that_is_skipped_and_repeated(self) -> None:
        assert self.remarks(crontab("30 2 * * *", BERLIN), BERLIN) == [
            "Clocks in Europe/Berlin go forward on 28 Mar 2027: 02:30 does not come "
            "that day, so it runs at 03:30.",
            "Clocks in Europe/Berlin go back on 31 Oct 2027: 02:30 comes twice that "
            "day; it runs the first time.",
        ]

    def test_tell_that_other_times_stay(self) -> None:
        assert self.remarks(crontab("0 9 * * *", BERLIN), BERLIN) == [
            "Clocks in Europe/Berlin go forward on 28 Mar 2027; it keeps its time of "
            "day."
        ]

    def test_leave_out_a_night_on_which_it_does_not_run(self) -> None:
        (told,) = self.remarks(crontab("30 2 * * 1", BERLIN), BERLIN)
        assert "keeps its time of day" in told

    def test_tell_that_an_hourly_one_follows_real_time(self) -> None:
        (told,) = self.remarks(crontab("30 * * * *", BERLIN), BERLIN)
        assert "every hour of real time" in told

    @pytest.mark.parametrize(
        ("task", "how"),
        [
            (crontab("0 9 * * *"), "in the time of UTC"),
            (interval(1, "days"), "in elapsed time"),
        ],
    )
    def test_warn_that_it_moves_on_the_clock_of_who_reads(
        self, task: PeriodicTask, how: str
    ) -> None:
        (told,) = self.remarks(task, BERLIN)
        assert told == (
            f"It is counted {how}, so it may move on your clock when clocks in "
            "Europe/Berlin go forward on 28 Mar 2027."
        )

    def test_tell_both_to_who_reads_in_another_zone(self) -> None:
        skipped, _, moves = self.remarks(crontab("30 2 * * *", BERLIN), UTC_ZONE)
        assert "does not come that day" in skipped
        assert moves == (
            "It is counted in the time of Europe/Berlin, so it may move on your clock "
            "when clocks in Europe/Berlin go forward on 28 Mar 2027."
        )

    def test_are_silent_where_clocks_never_change(self) -> None:
        assert self.remarks(crontab("0 9 * * *"), UTC_ZONE) == []
        assert self.remarks(interval(1, "days"), UTC_ZONE) == []
