"""Rules that give way, one by one, and say so."""

from playlists.sampler import Range, Resting, Rules, RungUse, draw
from playlists.tests.sampler.libraries import TODAY, make_library

SEED = (4, 5, 6)


def rung(rules: Rules, credits: list[list[int]], **columns: object) -> RungUse:
    """Draw and return the only rung that was used."""
    drawn = draw(make_library(credits, **columns), rules, Resting(TODAY), SEED)
    (used,) = drawn.report.rungs
    return used


class TestShorterCooldown:
    library = make_library([[artist] for artist in range(10)])
    left = {recording: TODAY - recording for recording in range(1, 9)}

    def test_admits_the_longest_rested_first_and_no_more_than_needed(self) -> None:
        rules = Rules(size=5, cooldown_days=7)
        drawn = draw(self.library, rules, Resting(TODAY, left=self.left), SEED)
        assert set(drawn.track_ids) == {7, 8, 9, 10, 6}
        assert drawn.report.rungs == (
            RungUse("cooldown", 4, 5, 1, {"from": 7, "to": 6}),
        )

    def test_says_so_of_each_track(self) -> None:
        rules = Rules(size=5, cooldown_days=7)
        notes = draw(
            self.library, rules, Resting(TODAY, left=self.left), SEED
        ).report.per_track
        assert (notes[6].last_day, notes[6].reason) == (TODAY - 6, "cooldown_shortened")
        assert (notes[7].last_day, notes[7].reason) == (TODAY - 7, "rested")
        assert (notes[9].last_day, notes[9].reason) == (None, "never_used")

    def test_never_goes_below_one_day_nor_into_the_current_list(self) -> None:
        left = dict.fromkeys(range(1, 5), TODAY) | {5: TODAY - 1}
        resting = Resting(TODAY, current=range(6, 11), left=left)
        drawn = draw(self.library, Rules(size=10), resting, SEED)
        assert drawn.track_ids == (5,)
        assert drawn.report.rungs[0].detail == {"from": 5, "to": 1}

    def test_is_not_taken_where_nobody_could_be_admitted(self) -> None:
        resting = Resting(TODAY, left=dict.fromkeys(range(1, 11), TODAY))
        assert draw(self.library, Rules(), resting, SEED).report.rungs == ()

    def test_is_not_taken_where_the_ladder_leaves_it_out(self) -> None:
        rules = Rules(cooldown_days=7, ladder=("primary_credits",))
        report = draw(self.library, rules, Resting(TODAY, left=self.left), SEED).report
        assert (report.drawn, report.rungs) == (4, ())


class TestPrimaryCredits:
    def test_let_featured_artists_go_over_the_cap(self) -> None:
        used = rung(Rules(size=4, artist_cap=1), [[1, 9], [2, 9], [3, 9], [4, 9]])
        assert used == RungUse("primary_credits", 1, 4, 3, {"from": 0, "to": 1})

    def test_still_keep_the_cap_of_the_first_artist(self) -> None:
        library = make_library([[1, 9], [1, 8], [1, 7], [2, 9]])
        rules = Rules(size=4, artist_cap=1)
        assert len(draw(library, rules, Resting(TODAY), SEED).rows) == 2


class TestWiderRanges:
    columns = {"features": {"energy": [0.5, 0.46, 0.42, 0.33, 0.1]}}
    credits = [[artist] for artist in range(5)]

    def test_widen_step_by_step_as_far_as_needed(self) -> None:
        rules = Rules(size=3, ranges=(Range("energy", 0.5, soft=True),))
        used = rung(rules, self.credits, **self.columns)
        assert used == RungUse("soft_ranges", 1, 3, 2, {"from": 0, "to": 0.1})

    def test_say_so_of_each_track(self) -> None:
        rules = Rules(size=2, ranges=(Range("energy", 0.5, soft=True),))
        library = make_library(self.credits, **self.columns)
        notes = draw(library, rules, Resting(TODAY), SEED).report.per_track
        assert {track: note.reason for track, note in notes.items()} == {
            1: "never_used",
            2: "range_widened",
        }

    def test_end_at_a_fifth_of_the_scale(self) -> None:
        rules = Rules(size=5, ranges=(Range("energy", 0.5, soft=True),))
        report = draw(
            make_library(self.credits, **self.columns), rules, Resting(TODAY), SEED
        ).report
        assert (report.drawn, report.shortfall) == (4, 1)
        assert report.binding_rule is not None
        assert report.binding_rule.gains == {"ranges": 1}

    def test_never_touch_a_hard_range(self) -> None:
        rules = Rules(size=3, ranges=(Range("energy", 0.5),))
        library = make_library(self.credits, **self.columns)
        report = draw(library, rules, Resting(TODAY), SEED).report
        assert (report.drawn, report.rungs) == (1, ())

    def test_admit_nothing_that_rests(self) -> None:
        rules = Rules(
            size=3, ranges=(Range("energy", 0.5, soft=True),), ladder=("soft_ranges",)
        )
        resting = Resting(TODAY, current={2}, left={3: TODAY - 1})
        library = make_library(self.credits, **self.columns)
        assert set(draw(library, rules, resting, SEED).track_ids) == {1, 4}


class TestHigherCap:
    credits = [[1]] * 6

    def test_is_never_taken_on_its_own_account(self) -> None:
        library = make_library(self.credits)
        report = draw(library, Rules(size=4), Resting(TODAY), SEED).report
        assert (report.drawn, report.rungs) == (2, ())

    def test_rises_as_far_as_needed_where_the_operator_allows(self) -> None:
        rules = Rules(size=4, allow_cap_relaxation=True)
        used = rung(rules, self.credits)
        assert used == RungUse("artist_cap", 2, 4, 2, {"from": 2, "to": 4})

    def test_rises_no_further_because_of_tracks_that_credit_nobody(self) -> None:
        rules = Rules(size=40, allow_cap_relaxation=True)
        used = rung(rules, [*([[]] * 30), *([[1]] * 50)])
        assert used == RungUse("artist_cap", 32, 40, 8, {"from": 2, "to": 10})

    def test_reports_no_more_than_the_list_needed(self) -> None:
        credits = [[1, 2], [1, 3], [1, 4], [5]]
        rules = Rules(size=4, artist_cap=2, ladder=(), allow_cap_relaxation=True)
        assert rung(rules, credits).detail == {"from": 2, "to": 3}


class TestLadder:
    def test_takes_its_rungs_in_order_and_only_until_the_list_is_full(self) -> None:
        library = make_library(
            [[1, 9], [2, 9], [3, 9], [4], [5]],
            features={"energy": [0.9, 0.9, 0.9, 0.9, 0.1]},
        )
        rules = Rules(size=4, artist_cap=1, ranges=(Range("energy", 0.5, soft=True),))
        resting = Resting(TODAY, left={4: TODAY - 2})
        report = draw(library, rules, resting, SEED).report
        assert [used.name for used in report.rungs] == ["cooldown", "primary_credits"]
        assert report.shortfall == 0
