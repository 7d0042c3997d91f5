"""Choices by name, album caps, songs and the rungs that give them up."""

import json
from typing import Any

import pytest

from playlists.sampler import (
    Choice,
    Draw,
    Library,
    Pin,
    Range,
    Resting,
    Rules,
    RulesError,
    Share,
    draw,
)
from playlists.sampler.songs import version_bits
from playlists.sampler.stored import migrated
from playlists.tests.sampler.libraries import TODAY, make_library

SEED = (3, 1, 4)


def drawn(library: Library, resting: Resting | None = None, **values: Any) -> Draw:
    return draw(library, Rules(**values), resting or Resting(TODAY), SEED)


class TestChoice:
    library = make_library([[1], [2], [3, 1], [4]], album_ids=[7, 7, 8, 9])

    @pytest.mark.parametrize(
        ("choice", "tracks"),
        [
            (Choice("artist", (1,)), {1, 3}),
            (Choice("artist", (1,), out=True), {2, 4}),
            (Choice("album", (7, 9)), {1, 2, 4}),
            (Choice("album", (7, 9), out=True), {3}),
            (Choice("track", (2,), out=True), {1, 3, 4}),
            (Choice("recording", (2, 3), out=True), {1, 4}),
            (Choice("artist", (99,)), set()),
        ],
    )
    def test_keeps_what_it_names_or_all_but_that(
        self, choice: Choice, tracks: set[int]
    ) -> None:
        assert set(drawn(self.library, choices=(choice,)).track_ids) == tracks

    def test_of_a_track_keeps_its_other_releases_out_too(self) -> None:
        library = make_library([[1], [2], [3]], recording_ids=[5, 5, 6])
        never = Choice("track", (1,), out=True)
        assert drawn(library, choices=(never,)).track_ids == (3,)

    def test_is_never_passed_over_when_hard(self) -> None:
        short = drawn(self.library, size=3, choices=(Choice("artist", (1,)),))
        assert set(short.track_ids) == {1, 3}
        assert short.report.binding_rule is not None
        assert short.report.binding_rule.gains == {"choices": 1}

    def test_is_passed_over_by_its_rung_when_soft(self) -> None:
        soft = Choice("artist", (1,), soft=True)
        full = drawn(self.library, size=3, choices=(soft,))
        assert {1, 3} < set(full.track_ids)
        assert [rung.name for rung in full.report.rungs] == ["soft_ranges"]

    @pytest.mark.parametrize(
        ("values", "words"),
        [(("genre", (1,)), "no choice of"), (("artist", ()), "names 1 to 5,000")],
    )
    def test_refuses_what_cannot_be(self, values: Any, words: str) -> None:
        with pytest.raises(RulesError, match=words):
            Choice(*values)

    def test_counts_in_the_funnel(self) -> None:
        report = drawn(self.library, choices=(Choice("artist", (4,), out=True),)).report
        assert [(s.label, s.taken) for s in report.funnel][1] == ("Artist kept out", 1)


class TestAlbumCap:
    library = make_library([[n] for n in range(8)], album_ids=[1, 1, 1, 1, 2, 2, 3, 4])

    def test_keeps_the_share_of_each_album(self) -> None:
        report = drawn(self.library, size=6, album_cap=2, ladder=())
        assert set(report.track_ids) >= {5, 6, 7, 8}
        assert report.report.drawn == 6

    def test_binds_and_says_so(self) -> None:
        report = drawn(self.library, size=8, album_cap=1, ladder=()).report
        assert (report.drawn, report.shortfall) == (4, 4)
        assert report.binding_rule is not None
        assert report.binding_rule.rule == "album_cap"
        assert ("album_cap", 4) in {(s.key, s.taken) for s in report.funnel}

    def test_gives_way_no_further_than_needed(self) -> None:
        (rung,) = drawn(self.library, size=7, album_cap=1).report.rungs
        assert (rung.name, rung.gained, rung.detail) == (
            "album_cap",
            3,
            {"from": 1, "to": 3},
        )

    def test_is_kept_beside_an_artist_cap_by_repair(self) -> None:
        library = make_library(
            [[1, 2, 3], [1], [2], [3]],
            album_ids=[1, 1, 2, 2],
            recording_ids=[1, 2, 3, 4],
        )
        report = drawn(library, size=3, artist_cap=1, album_cap=2, ladder=())
        assert set(report.track_ids) == {2, 3, 4}


class TestSameSong:
    library = make_library(
        [[1], [1], [1], [2]],
        song_ids=[5, 5, 5, 6],
        song_bits=[0, version_bits(["live"]), version_bits(["remaster"]), 0],
    )

    def size_with(self, *same: str) -> int:
        report = drawn(self.library, artist_cap=9, same_song=same, ladder=()).report
        return report.drawn

    def test_counts_the_versions_that_are_named(self) -> None:
        assert self.size_with("title") == 4
        assert self.size_with("live") == 3
        assert self.size_with("live", "remaster") == 2

    def test_joins_recording_and_title(self) -> None:
        library = make_library(
            [[1], [1], [1]],
            recording_ids=[1, 1, 2],
            song_ids=[5, 6, 6],
            song_bits=[0, 0, 0],
        )
        same = drawn(library, artist_cap=9, same_song=("title",), ladder=())
        assert same.report.drawn == 1

    def test_gives_way_to_versions_but_never_to_a_recording(self) -> None:
        library = make_library(
            [[1], [1], [1]],
            recording_ids=[1, 1, 2],
            song_ids=[5, 5, 5],
            song_bits=[0, 0, version_bits(["live"])],
        )
        report = drawn(library, artist_cap=9, size=3, same_song=("live",)).report
        assert report.drawn == 2
        assert [rung.name for rung in report.rungs] == ["same_song"]


class TestRestElsewhere:
    library = make_library([[n] for n in range(6)])

    def test_counts_like_the_rest_here(self) -> None:
        resting = Resting(TODAY, elsewhere={1: TODAY, 2: TODAY - 4, 3: TODAY - 5})
        report = drawn(self.library, resting, cooldown_days=5, ladder=())
        assert set(report.track_ids) == {3, 4, 5, 6}

    def test_is_shortened_first_and_then_left_to_this_list(self) -> None:
        resting = Resting(TODAY, elsewhere={1: TODAY, 2: TODAY - 4})
        five = drawn(self.library, resting, size=5, cooldown_days=5).report
        assert [(r.name, r.detail["to"]) for r in five.rungs] == [("cooldown", 4)]
        six = drawn(self.library, resting, size=6, cooldown_days=5).report
        assert [r.name for r in six.rungs] == ["rest_scope"]
        early = {t for t, n in six.per_track.items() if n.reason == "rests_elsewhere"}
        assert early == {1, 2}

    def test_never_gives_way_below_this_lists_own(self) -> None:
        resting = Resting(TODAY, current=[1], elsewhere={1: TODAY, 2: TODAY})
        assert 1 not in drawn(self.library, resting, size=6).track_ids


class TestLadder:
    library = make_library(
        [[1, 9], [2, 9], [3, 9], [4]], features={"energy": [0.9, 0.9, 0.9, 0.5]}
    )
    soft = Range("energy", minimum=0.6, soft=True)

    @pytest.mark.parametrize(
        ("ladder", "first"),
        [
            (("primary_credits", "soft_ranges"), "primary_credits"),
            (("soft_ranges", "primary_credits"), "soft_ranges"),
        ],
    )
    def test_takes_its_rungs_in_the_order_asked(self, ladder: Any, first: str) -> None:
        report = drawn(
            self.library, size=2, artist_cap=1, ranges=(self.soft,), ladder=ladder
        ).report
        assert [rung.name for rung in report.rungs] == [first]


class TestStoredRules:
    def test_name_the_version_of_their_form(self) -> None:
        assert Rules().to_dict()["version"] == 3

    def test_of_the_first_form_are_read(self) -> None:
        old = {"size": 7, "ranges": [{"column": "year", "minimum": 2010}]}
        assert Rules.from_dict(old) == Rules(size=7, ranges=(Range("year", 2010),))

    def test_of_the_second_form_inherit_what_nobody_had_chosen(self) -> None:
        old = {"version": 2, "explicit": "allow", "album_cap": 3, "same_song": []}
        assert migrated(old | {"ladder": ["cooldown"]}) == {
            "album_cap": 3,
            "ladder": ["refresh_share", "shares", "cooldown"],
        }

    @pytest.mark.parametrize(
        "stored",
        [
            {"version": 4},
            {"version": "2"},
            {"sise": 4},
            {"choices": [{"of": "artist"}]},
        ],
    )
    def test_that_cannot_be_read_are_refused(self, stored: dict[str, Any]) -> None:
        with pytest.raises(RulesError):
            Rules.from_dict(stored)

    def test_survive_json_with_everything_set(self) -> None:
        rules = Rules(
            choices=(Choice("artist", (3, 1, 3), out=True),),
            album_cap=2,
            same_song=("live",),
            rest_scope="fleet",
            refresh_share=30,
            pins=(Pin(7, 1, 20_000, 20_010), Pin(8)),
            shares=(Share(1, 60), Share(2, 40)),
        )
        assert Rules.from_dict(json.loads(json.dumps(rules.to_dict()))) == rules
