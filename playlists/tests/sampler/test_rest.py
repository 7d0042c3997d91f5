"""When a recording may come back."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from playlists.sampler import Resting, Rules, day_of, draw, first_day_back
from playlists.tests.sampler.libraries import TODAY, make_library

STRICT = Rules(size=10, artist_cap=100, ladder=())


class TestDayOf:
    def test_counts_days_since_1970_in_utc(self) -> None:
        assert day_of(datetime(1970, 1, 1, 0, 0, tzinfo=UTC)) == 0
        assert day_of(datetime(2024, 10, 4, 23, 59, 59, tzinfo=UTC)) == TODAY

    def test_asks_utc_and_not_the_local_date(self) -> None:
        east = timezone(timedelta(hours=9))
        assert day_of(datetime(2024, 10, 5, 8, 0, tzinfo=east)) == TODAY


class TestRest:
    @pytest.mark.parametrize("cooldown", [1, 5, 365])
    def test_ends_on_the_day_of_leaving_plus_the_cooldown(self, cooldown: int) -> None:
        library = make_library([[1], [2]])
        rules = Rules(size=2, cooldown_days=cooldown, ladder=())
        left = {1: TODAY - cooldown, 2: TODAY - cooldown + 1}
        assert first_day_back(left[1], cooldown) == TODAY
        assert draw(library, rules, Resting(TODAY, left=left), (1, 1, 1)).rows == (0,)

    def test_holds_for_the_current_list_however_long_ago_it_left_before(self) -> None:
        resting = Resting(TODAY, current={1}, left={1: TODAY - 300})
        assert draw(make_library([[1], [2]]), STRICT, resting, (1, 1, 1)).rows == (1,)

    def test_holds_for_every_release_of_a_recording(self) -> None:
        library = make_library([[1], [2], [3]], recording_ids=[8, 8, 9])
        resting = Resting(TODAY, left={8: TODAY - 1})
        assert draw(library, STRICT, resting, (1, 1, 1)).rows == (2,)

    def test_is_off_at_a_cooldown_of_0_for_the_current_list_too(self) -> None:
        library = make_library([[1], [2]])
        resting = Resting(TODAY, current={1}, left={2: TODAY})
        report = draw(
            library, Rules(size=2, cooldown_days=0), resting, (1, 1, 1)
        ).report
        assert report.shortfall == 0
        assert {note.reason for note in report.per_track.values()} == {"rest_off"}

    def test_does_not_end_early_when_a_clock_ran_ahead(self) -> None:
        resting = Resting(TODAY, left={1: TODAY + 3})
        assert draw(make_library([[1]]), STRICT, resting, (1, 1, 1)).rows == ()

    def test_reports_no_early_return_when_it_is_off_and_a_clock_ran_ahead(self) -> None:
        resting = Resting(TODAY, left={1: TODAY + 3})
        rules = Rules(size=2, cooldown_days=0)
        assert draw(make_library([[1]]), rules, resting, (1, 1, 1)).report.rungs == ()

    def test_asks_nothing_of_recordings_that_the_library_lost(self) -> None:
        resting = Resting(TODAY, current={77}, left={78: TODAY})
        assert draw(make_library([[1]]), STRICT, resting, (1, 1, 1)).rows == (0,)

    def test_lets_one_list_alternate_between_two_halves_of_a_library(self) -> None:
        library = make_library([[artist] for artist in range(100)])
        current: set[int] = set()
        left: dict[int, int] = {}
        for day in range(TODAY, TODAY + 50, 5):
            drawn = draw(library, Rules(), Resting(day, current, left), (1, 1, day))
            assert drawn.report.shortfall == 0
            assert drawn.report.rungs == ()
            left |= dict.fromkeys(current, day)
            current = set(library.recording_ids[list(drawn.rows)].tolist())
