"""The draw as its callers meet it: ordinary days and odd ones."""

import numpy as np
import pytest

from playlists.sampler import (
    Draw,
    Library,
    Range,
    Resting,
    Rules,
    build_pool,
    draw,
)
from playlists.tests.sampler.libraries import TODAY, generate_library, make_library

SEED = (1, 2, 3)


def draw_today(library: Library, rules: Rules) -> Draw:
    return draw(library, rules, Resting(TODAY), SEED)


class TestDraw:
    def test_fills_the_list_under_all_rules_where_the_library_allows(self) -> None:
        library = generate_library(5_000)
        drawn = draw_today(library, Rules())
        assert len(set(drawn.rows)) == 50
        assert drawn.track_ids == tuple(library.track_ids[list(drawn.rows)])
        assert drawn.report.rungs == ()
        assert drawn.report.binding_rule is None

    def test_is_the_same_for_the_same_seed_and_another_for_another(self) -> None:
        library = generate_library(1_000)
        lists = [
            draw(library, Rules(), Resting(TODAY), seed).track_ids
            for seed in [(1, 2, 3), (1, 2, 3), (2, 2, 3), (1, 3, 3), (1, 2, 4)]
        ]
        assert lists[0] == lists[1]
        assert len(set(lists)) == 4

    def test_stays_the_same_list_over_releases(self) -> None:
        library = make_library([[artist] for artist in range(30)])
        drawn = draw_today(library, Rules(size=8))
        assert drawn.track_ids == (12, 22, 24, 19, 2, 14, 25, 17)

    def test_takes_a_pool_built_before(self) -> None:
        library, rules = generate_library(1_000), Rules(size=5)
        pool = build_pool(library, rules)
        with_pool = draw(library, rules, Resting(TODAY), SEED, pool=pool)
        assert with_pool == draw_today(library, rules)

    def test_refuses_a_pool_of_other_rules(self) -> None:
        library = make_library([[1]])
        pool = build_pool(library, Rules(size=5))
        with pytest.raises(ValueError, match="other rules"):
            draw(library, Rules(size=6), Resting(TODAY), SEED, pool=pool)

    def test_counts_featured_artists_against_the_cap(self) -> None:
        library = make_library([[1, 9], [2, 9], [3, 9], [4, 9]])
        drawn = draw_today(library, Rules(size=4, artist_cap=2, ladder=()))
        assert len(drawn.rows) == 2

    def test_counts_primary_artists_alone_where_asked(self) -> None:
        library = make_library([[1, 9], [2, 9], [3, 9], [4, 9]])
        drawn = draw_today(library, Rules(size=4, primary_only=True, ladder=()))
        assert len(drawn.rows) == 4

    def test_never_holds_a_recording_twice(self) -> None:
        library = make_library([[1], [2], [3]], recording_ids=[5, 5, 6])
        assert len(draw_today(library, Rules(size=3)).rows) == 2

    def test_may_hold_two_releases_where_title_separation_is_off(self) -> None:
        library = make_library([[1], [2], [3]], recording_ids=[5, 5, 6])
        drawn = draw_today(library, Rules(size=3, title_separation=False))
        assert sorted(drawn.rows) == [0, 1, 2]

    @pytest.mark.parametrize(
        ("rule", "rows"),
        [("allow", {0, 1, 2}), ("only", {1}), ("exclude", {0})],
    )
    def test_keeps_the_explicit_rule(self, rule: str, rows: set[int]) -> None:
        library = make_library([[1], [2], [3]], explicit=[0, 1, -1])
        rules = Rules.from_dict({"size": 3, "explicit": rule})
        assert set(draw_today(library, rules).rows) == rows

    def test_prefers_what_was_used_least_and_rested_longest(self) -> None:
        library = make_library(
            [[artist] for artist in range(40)],
            use_count=[0] * 20 + [9] * 20,
            last_used_day=[TODAY - 60] * 20 + [TODAY - 1] * 20,
        )
        drawn = [
            draw(library, Rules(size=10), Resting(TODAY), (1, 1, batch)).rows
            for batch in range(20)
        ]
        fresh = sum(row < 20 for rows in drawn for row in rows)
        assert fresh > 180


class TestRanges:
    @pytest.mark.parametrize(
        ("limit", "rows"),
        [
            (Range("year", 2000, 2010), {0, 1, 3}),
            (Range("year", 2001), {1, 2, 3}),
            (Range("year", None, 2000), {0, 3}),
            (Range("year", 2000, 2010, missing_fails=True), {0, 1}),
            (Range("popularity", None, 50, missing_fails=True), {1}),
            (Range("energy", 0.8, missing_fails=True), {2}),
            (Range("energy", 0.8), {2, 3}),
            (Range("tempo", 100), {0, 1, 2, 3}),
            (Range("tempo", 100, missing_fails=True), set()),
            (Range("duration_ms", None, 100_000), {1}),
        ],
    )
    def test_keep_what_lies_inside(self, limit: Range, rows: set[int]) -> None:
        library = make_library(
            [[1], [2], [3], [4]],
            year=[2000, 2010, 2011, 0],
            popularity=[60, 50, 70, -1],
            duration_ms=[300_000, 100_000, 200_000, 200_000],
            features={"energy": [0.1, 0.7, 0.8, np.nan]},
        )
        drawn = draw_today(library, Rules(size=4, ranges=(limit,)))
        assert set(drawn.rows) == rows


class TestFirstDay:
    def test_of_ten_albums_by_ten_artists_ends_short_and_blames_the_cap(self) -> None:
        library = make_library([[1 + row // 10] for row in range(100)])
        report = draw_today(library, Rules(size=50, artist_cap=2)).report
        assert (report.drawn, report.shortfall) == (20, 30)
        assert report.binding_rule is not None
        assert report.binding_rule.rule == "artist_cap"
        assert set(report.binding_rule.artist_ids) == set(range(1, 11))
        assert report.binding_rule.gains == {"artist_cap": 30}


class TestOddLibraries:
    def test_empty(self) -> None:
        report = draw_today(make_library([]), Rules()).report
        assert (report.drawn, report.shortfall) == (0, 50)
        assert report.binding_rule is not None
        assert report.binding_rule.rule == "library"

    def test_all_held(self) -> None:
        library = make_library([], total_tracks=70, held_tracks=70)
        funnel = draw_today(library, Rules()).report.funnel
        assert [(step.key, step.left) for step in funnel[:2]] == [
            ("library", 70),
            ("held", 0),
        ]

    def test_one_track(self) -> None:
        assert draw_today(make_library([[1]]), Rules()).rows == (0,)

    def test_one_artist_only(self) -> None:
        report = draw_today(make_library([[1]] * 5_000), Rules()).report
        assert report.drawn == 2
        assert report.binding_rule is not None
        assert report.binding_rule.artist_ids == (1,)

    def test_one_giant_artist_beside_many_small_ones(self) -> None:
        library = make_library([[0]] * 20_000 + [[artist] for artist in range(1, 51)])
        report = draw_today(library, Rules(size=50, artist_cap=1)).report
        assert report.shortfall == 0

    def test_all_resting(self) -> None:
        library = make_library([[artist] for artist in range(60)])
        resting = Resting(TODAY, current=set(range(1, 61)))
        report = draw(library, Rules(), resting, SEED).report
        assert report.drawn == 0
        assert report.binding_rule is not None
        assert report.binding_rule.rule == "cooldown"

    def test_smaller_than_the_list(self) -> None:
        library = make_library([[artist] for artist in range(7)])
        report = draw_today(library, Rules()).report
        assert report.drawn == 7
        assert report.binding_rule is not None
        assert report.binding_rule.rule == "library"

    def test_with_a_track_of_5000_credits(self) -> None:
        library = make_library(
            [list(range(5_000)), *([artist] for artist in range(99))]
        )
        report = draw_today(library, Rules(size=99, artist_cap=1)).report
        assert report.shortfall == 0

    def test_with_a_cap_of_1_over_50_artists(self) -> None:
        library = make_library([[row % 50] for row in range(3_000)])
        report = draw_today(library, Rules(size=100, artist_cap=1)).report
        assert report.drawn == 50

    def test_without_any_credit(self) -> None:
        assert len(draw_today(make_library([[]] * 80), Rules()).rows) == 50

    def test_where_every_track_is_the_same_recording(self) -> None:
        library = make_library([[n] for n in range(30)], recording_ids=[4] * 30)
        report = draw_today(library, Rules()).report
        assert report.drawn == 1
        assert report.binding_rule is not None
        assert report.binding_rule.rule == "library"
