from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibe_engine.spotify.retry_after import CAP_S, FLOOR_S, parse_retry_after

SENT = "Sun, 22 Nov 2026 10:00:00 GMT"


class TestParseRetryAfter:
    @pytest.mark.parametrize(
        ("value", "expected_s"),
        [
            ("1", 1),
            ("86207", 86207),
            (" 30 ", 30),
            ("2.5", 2.5),
            ("+7", 7),
            ("120, 120", 120),
            ("30, 120", 120),
            ("120,soon", 120),
            ("-5, 2.5", 2.5),
            ("0", FLOOR_S),
            ("0.01", FLOOR_S),
            ("-5", FLOOR_S),
            ("999999", CAP_S),
            ("9" * 300, CAP_S),
        ],
    )
    def test_takes_seconds(self, value: str, expected_s: float) -> None:
        assert parse_retry_after(value) == expected_s

    @pytest.mark.parametrize(
        "value",
        [
            None,
            "",
            " ",
            "soon",
            "1e3",
            "nan",
            "inf",
            "-inf",
            "1_000",
            "0x10",
            "٣",
            "--1",
        ],
    )
    def test_makes_nothing_of_other_words(self, value: str | None) -> None:
        assert parse_retry_after(value, date=SENT) is None

    @pytest.mark.parametrize(
        ("value", "expected_s"),
        [
            ("Sun, 22 Nov 2026 10:02:00 GMT", 120),
            ("Sunday, 22-Nov-26 10:02:00 GMT", 120),
            ("Sun, 22 Nov 2026 12:02:00 +0200", 120),
            ("Sun, 22 Nov 2026 10:02:00 -0000", 120),
            ("Sun, 22 Nov 2026 09:00:00 GMT", FLOOR_S),
            ("Sun Nov 22 10:02:00 2026", 120),
            ("60, Sun, 22 Nov 2026 10:02:00 GMT", 120),
            ("Sun, 22 Nov 2026 10:02:00 GMT, 300", 300),
            ("Thu, 22 Nov 2029 10:00:00 GMT", CAP_S),
        ],
    )
    def test_counts_a_date_from_the_answers_own(
        self, value: str, expected_s: float
    ) -> None:
        assert parse_retry_after(value, date=SENT) == expected_s

    @pytest.mark.parametrize("date", [None, "", "yesterday"])
    def test_makes_nothing_of_a_date_alone(self, date: str | None) -> None:
        assert parse_retry_after("Sun, 22 Nov 2026 10:02:00 GMT", date=date) is None

    @pytest.mark.parametrize(
        "value",
        [
            "Sun, 22 Nov 2026 10:00:00 +99999999999999999999",
            "Sun, 22 Nov 2026 10:00:00 +9999",
            "22 Nov 99999999999999999999999 10:00:00 GMT",
            "31 Feb 2026 10:00:00 GMT",
            "-Jan- 10:00:00 GMT x",
        ],
    )
    def test_makes_nothing_of_a_date_that_cannot_be(self, value: str) -> None:
        assert parse_retry_after(value, date=SENT) is None

    @given(value=st.text(), date=st.none() | st.text())
    def test_stays_in_bounds_for_any_text(self, value: str, date: str | None) -> None:
        wait_s = parse_retry_after(value, date=date)
        assert wait_s is None or FLOOR_S <= wait_s <= CAP_S

    @given(
        value=st.from_regex(r"\A[A-Z][a-z]{2}, \d{1,9} [A-Z][a-z]{2} \d{1,12} \S{1,30}")
    )
    def test_survives_anything_like_a_date(self, value: str) -> None:
        wait_s = parse_retry_after(value, date=SENT)
        assert wait_s is None or FLOOR_S <= wait_s <= CAP_S

    @given(wait_s=st.integers(1, int(CAP_S)))
    def test_reads_back_every_wait_in_either_form(self, wait_s: int) -> None:
        sent = datetime(2026, 11, 22, 10, tzinfo=UTC)
        until = format_datetime(sent + timedelta(seconds=wait_s), usegmt=True)
        assert parse_retry_after(str(wait_s)) == wait_s
        assert parse_retry_after(until, date=SENT) == wait_s
