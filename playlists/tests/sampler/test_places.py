"""Lists of which some places are set: pins, partial refresh, shares, and their order."""

from itertools import permutations

import numpy as np
import pytest

from playlists.sampler import (
    Pin,
    Report,
    Resting,
    Rules,
    RulesError,
    Share,
    Standing,
    describe,
    draw,
    sequence_around,
)
from playlists.sampler.pins import days_to_look_at
from playlists.sampler.separation import smallest_gap
from playlists.tests.sampler.libraries import TODAY, make_library

SEED = (5, 6, 7)
LADDERLESS: tuple[()] = ()


def standing(*lists: int) -> tuple[Standing, ...]:
    """Return a list of tracks 1, 2, 3, …, each with its number of lists in a row."""
    return tuple(Standing(n, n, age) for n, age in enumerate(lists, start=1))


def resting(*lists: int) -> Resting:
    here = standing(*lists)
    return Resting(TODAY, current={place.track for place in here}, standing=here)


def kept_of(report: Report) -> set[int]:
    return {t for t, note in report.per_track.items() if note.reason == "kept"}


class TestPartialRefresh:
    library = make_library([[artist] for artist in range(20)])

    def test_lets_those_go_that_stood_longest(self) -> None:
        rules = Rules(size=4, refresh_share=50)
        found = draw(self.library, rules, resting(9, 1, 8, 2), SEED)
        assert kept_of(found.report) == {2, 4}
        assert found.places == {1: 2, 3: 4}
        assert not {1, 3} & set(found.track_ids)

    def test_changes_one_place_at_least(self) -> None:
        rules = Rules(size=4, refresh_share=1)
        found = draw(self.library, rules, resting(1, 1, 1, 1), SEED)
        assert len(kept_of(found.report)) == 3

    def test_draws_a_first_list_whole(self) -> None:
        found = draw(self.library, Rules(size=4, refresh_share=25), resting(), SEED)
        assert (found.report.drawn, kept_of(found.report)) == (4, set())

    def test_lets_nothing_stay_that_the_library_lost(self) -> None:
        gone = (Standing(99, 1), *standing(1, 1, 1)[1:])
        rest = Resting(TODAY, current={2, 3}, standing=gone)
        found = draw(self.library, Rules(size=4, refresh_share=25), rest, SEED)
        assert kept_of(found.report) == {2, 3}

    def test_fills_places_that_were_empty_before_any_changes(self) -> None:
        rules = Rules(size=6, refresh_share=50)
        found = draw(self.library, rules, resting(1, 1, 1), SEED)
        assert kept_of(found.report) == {1, 2, 3}

    def test_changes_as_much_where_rest_is_switched_off(self) -> None:
        rules = Rules(size=4, refresh_share=50, cooldown_days=0)
        found = draw(self.library, rules, resting(1, 1, 9, 9), SEED)
        assert not {3, 4} & set(found.track_ids)

    def test_lets_more_stay_before_the_list_comes_out_short(self) -> None:
        library = make_library([[1], [2], [3], [4], [5]])
        rules = Rules(size=4, refresh_share=75)
        report = draw(library, rules, resting(1, 2, 2, 2), SEED).report
        (rung,) = report.rungs
        assert (rung.name, rung.detail) == ("refresh_share", {"from": 3, "to": 1})
        assert any(s.startswith("Only 1 instead of 3 places") for s in describe(report))

    def test_comes_out_short_where_that_is_hard(self) -> None:
        library = make_library([[1], [2], [3], [4], [5]])
        rules = Rules(size=4, refresh_share=75, ladder=("cooldown",))
        report = draw(library, rules, resting(1, 2, 2, 2), SEED).report
        assert (report.drawn, report.rungs) == (2, ())
        assert report.binding_rule is not None
        assert report.binding_rule.gains["refresh_share"] == 2


class TestPins:
    library = make_library([[1], [1], [1], [2], [3]], explicit=[0, 0, 0, 1, 0])

    def test_come_over_any_rest(self) -> None:
        rest = Resting(TODAY, left={1: TODAY - 1})
        found = draw(self.library, Rules(size=2, pins=(Pin(1, 2),)), rest, SEED)
        assert found.report.per_track[1].reason == "pinned"
        assert found.places == {0: 2}

    def test_hold_from_their_first_day_to_their_last(self) -> None:
        for first, last, holds in ((0, 0, True), (1, 2, False), (-2, -1, False)):
            pin = Pin(5, None, TODAY + first, TODAY + last)
            report = draw(
                self.library, Rules(size=1, pins=(pin,)), Resting(TODAY), SEED
            ).report
            assert (report.per_track.get(5) is not None) or not holds
            reasons = [note.reason for note in report.per_track.values()]
            assert ("pinned" in reasons) == holds

    def test_count_toward_the_cap(self) -> None:
        rules = Rules(size=5, artist_cap=2, pins=(Pin(1), Pin(2)), ladder=LADDERLESS)
        assert 3 not in draw(self.library, rules, Resting(TODAY), SEED).track_ids

    def test_never_come_over_a_hard_rule_and_say_so(self) -> None:
        pins = (Pin(1), Pin(2), Pin(3), Pin(4), Pin(99))
        rules = Rules(size=5, artist_cap=2, explicit="exclude", pins=pins)
        report = draw(self.library, rules, Resting(TODAY), SEED).report
        assert report.pins_left_out == {3: "cap", 4: "filter", 99: "absent"}
        said = " ".join(describe(report))
        assert "2 tracks are pinned." in said
        assert "it is one too many of an artist or album." in said

    def test_keep_their_order_in_a_short_list(self) -> None:
        rules = Rules(size=30, artist_cap=1, pins=(Pin(1, 29), Pin(5, 30)))
        found = draw(self.library, rules, Resting(TODAY), SEED)
        order, _ = sequence_around(self.library, found.rows, rules, SEED, found.places)
        assert order[-2:] == [0, 4]

    @pytest.mark.parametrize(
        ("pins", "words"),
        [
            ((Pin(1), Pin(1)), "pinned twice"),
            ((Pin(1, 3), Pin(2, 3)), "Place 3 is pinned twice"),
        ],
    )
    def test_that_contradict_each_other_are_refused(
        self, pins: tuple[Pin, ...], words: str
    ) -> None:
        with pytest.raises(RulesError, match=words):
            Rules(pins=pins)

    def test_may_follow_each_other_on_a_place(self) -> None:
        Rules(pins=(Pin(1, 3, None, 10), Pin(2, 3, 11)))

    def test_are_looked_at_whenever_one_begins(self) -> None:
        pins = (Pin(1, None, 5), Pin(2, None, 20), Pin(3, None, None, 9))
        assert days_to_look_at(pins, 10) == [10, 20]


class TestShares:
    collections = {1: np.arange(0, 4), 2: np.arange(4, 20)}
    library = make_library([[artist] for artist in range(30)], collections=collections)

    def test_keep_places_for_their_collections(self) -> None:
        rules = Rules(size=10, shares=(Share(1, 40), Share(2, 60)))
        report = draw(self.library, rules, Resting(TODAY), SEED).report
        assert [source.came for source in report.sources] == [4, 6]
        assert report.rungs == ()
        said = describe(report, collection_names={1: "Late Night", 2: "Dawn"})
        assert (
            "By collection: 4 from Late Night (4 wanted), 6 from Dawn (6 wanted)."
            in said
        )

    def test_give_way_with_their_rung(self) -> None:
        rules = Rules(size=10, shares=(Share(1, 100),))
        report = draw(self.library, rules, Resting(TODAY), SEED).report
        (rung,) = report.rungs
        assert (rung.name, rung.detail) == ("shares", {"from": 10, "to": 4})
        assert report.shortfall == 0

    def test_leave_places_empty_where_they_are_hard(self) -> None:
        rules = Rules(size=10, shares=(Share(1, 60),), ladder=("cooldown",))
        report = draw(self.library, rules, Resting(TODAY), SEED).report
        assert (report.drawn, report.shortfall) == (8, 2)
        assert report.binding_rule is not None
        assert report.binding_rule.rule == "shares"

    @pytest.mark.parametrize(
        "shares",
        [
            (Share(1, 60), Share(2, 41)),
            (Share(1, 10), Share(1, 10)),
            tuple(Share(number, 5) for number in range(5)),
        ],
    )
    def test_that_no_list_can_keep_are_refused(self, shares: tuple[Share, ...]) -> None:
        with pytest.raises(RulesError):
            Rules(shares=shares)


def widest_gap(credits: list[list[int]], places: dict[int, int]) -> int:
    """Return the widest gap of all orders that leave the fixed tracks in place."""
    gaps = [
        smallest_gap(order, credits) or 0
        for order in permutations(range(len(credits)))
        if all(order[place - 1] == row for row, place in places.items())
    ]
    return max(gaps)


class TestOrderAroundFixedPlaces:
    def test_is_as_wide_as_the_fixed_places_allow(self) -> None:
        random = np.random.default_rng(4)
        for _ in range(12):
            credits = [[int(artist)] for artist in random.integers(1, 4, 6)]
            rows = random.permutation(6)[:2].tolist()
            places = dict(zip(rows, random.permutation(6)[:2] + 1, strict=True))
            library, rules = make_library(credits), Rules(artist_separation=9)
            order, report = sequence_around(library, range(6), rules, SEED, places)
            assert all(order[place - 1] == row for row, place in places.items())
            assert report.achieved == widest_gap(credits, places)

    def test_is_empty_for_an_empty_list(self) -> None:
        library = make_library([[1]])
        assert sequence_around(library, (), Rules(), SEED, {})[0] == []
