"""Numbers, spans and moments as people read them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from vibe_engine import words

LISBON = ZoneInfo("Europe/Lisbon")
NOW = datetime(2026, 11, 22, 11, 18, tzinfo=LISBON)


class TestGrouped:
    @pytest.mark.parametrize(
        ("number", "text"),
        [
            (0, "0"),
            (999, "999"),
            (10600, "10,600"),
            (9.44, "9.4"),
            (5.0, "5"),
            (None, ""),
        ],
    )
    def test_groups_thousands(self, number: float | None, text: str) -> None:
        assert words.grouped(number) == text


class TestDuration:
    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            (0, "0 s"),
            (-5, "0 s"),
            (0.24, "0.2 s"),
            (9.96, "10 s"),
            (59.6, "1 min"),
            (112, "1 min 52 s"),
            (3600, "1 h"),
            (3599.7, "1 h"),
            (11340, "3 h 9 min"),
            (86400, "1 day"),
            (200000, "2 days 7 h"),
        ],
    )
    def test_names_the_two_largest_units(self, seconds: float, text: str) -> None:
        assert words.duration(seconds) == text


class TestClockLength:
    @pytest.mark.parametrize(
        ("milliseconds", "text"),
        [(0, "0:00"), (276_000, "4:36"), (59_600, "1:00"), (3_753_000, "1:02:33")],
    )
    def test_reads_as_on_a_sleeve(self, milliseconds: int, text: str) -> None:
        assert words.clock_length(milliseconds) == text


class TestInitials:
    @pytest.mark.parametrize(
        ("name", "letters"),
        [
            ("Mira Okafor", "MO"),
            ("mira", "M"),
            ("Ana de la Cruz", "AC"),
            ("", "?"),
            ("• 🎧", "?"),
            ("夜に駆ける", "夜"),
        ],
    )
    def test_takes_first_and_last_word(self, name: str, letters: str) -> None:
        assert words.initials(name) == letters


class TestRelative:
    @pytest.mark.parametrize(
        ("delta", "text"),
        [
            (timedelta(seconds=-10), "just now"),
            (timedelta(seconds=10), "now"),
            (timedelta(seconds=-50), "1 minute ago"),
            (timedelta(minutes=11), "in 11 minutes"),
            (timedelta(minutes=-59, seconds=-50), "1 hour ago"),
            (timedelta(hours=-3), "3 hours ago"),
            (timedelta(hours=5), "in 5 hours"),
            (timedelta(hours=-23), "yesterday"),
            (timedelta(hours=14), "tomorrow"),
            (timedelta(days=-3), "3 days ago"),
            (timedelta(days=13), "in 13 days"),
            (timedelta(days=-40), "13 Oct"),
            (timedelta(days=-400), "18 Oct 2025"),
        ],
    )
    def test_speaks_of_now(self, delta: timedelta, text: str) -> None:
        assert words.relative(NOW + delta, NOW) == text

    @pytest.mark.parametrize(
        ("delta", "text"),
        [
            (timedelta(seconds=-10), "now"),
            (timedelta(minutes=4), "in 4 min"),
            (timedelta(hours=-8), "8 h ago"),
            (timedelta(days=2), "in 2 d"),
        ],
    )
    def test_is_short_in_tables(self, delta: timedelta, text: str) -> None:
        assert words.relative(NOW + delta, NOW, short=True) == text

    def test_never_counts_sixty_minutes_as_nothing(self) -> None:
        for seconds in range(45, 90_000, 61):
            text = words.relative(NOW + timedelta(seconds=seconds), NOW)
            assert " 0 " not in text


class TestDayAndTime:
    @pytest.mark.parametrize(
        ("delta", "text"),
        [
            (timedelta(), "today 11:18"),
            (timedelta(days=1), "tomorrow 11:18"),
            (timedelta(days=-1), "yesterday 11:18"),
            (timedelta(days=-17), "5 Nov, 11:18"),
            (timedelta(days=60), "21 Jan 2027, 11:18"),
        ],
    )
    def test_names_near_days(self, delta: timedelta, text: str) -> None:
        assert words.day_and_time(NOW + delta, NOW) == text
