"""The report in plain sentences."""

from dataclasses import replace

from playlists.sampler import (
    BindingRule,
    Report,
    Resting,
    Rules,
    RungUse,
    SequenceReport,
    describe,
    draw,
)
from playlists.tests.sampler.libraries import TODAY, make_library
from playlists.tests.sampler.test_report import full_report


def report_of(credits: list[list[int]], rules: Rules) -> Report:
    return draw(make_library(credits), rules, Resting(TODAY), (1, 2, 3)).report


class TestDescribe:
    def test_is_brief_when_nothing_is_missing(self) -> None:
        report = report_of([[1], [2]], Rules(size=2))
        assert describe(report) == ["All 2 tracks were drawn."]

    def test_says_on_the_first_day_why_the_list_is_short(self) -> None:
        report = report_of([[1 + row // 10] for row in range(100)], Rules(size=50))
        names = {artist: f"Band {artist}" for artist in range(1, 11)}
        assert describe(report, names) == [
            "Only 20 of 50 tracks could be drawn; 30 places stay empty.",
            "The artist cap binds: 10 artists already have their 2 tracks "
            "(Band 1, Band 2, Band 3 and 7 more).",
            "A higher artist cap would fill 30 places.",
            "Taking in albums by other artists would help.",
        ]

    def test_speaks_of_one_artist_and_one_place_in_the_singular(self) -> None:
        report = report_of([[1], [1], [2]], Rules(size=3, artist_cap=1))
        assert describe(report, {1: "Solo"}) == [
            "Only 2 of 3 tracks could be drawn; 1 place stays empty.",
            "The artist cap binds: one artist already has 1 track (Solo).",
            "A higher artist cap would fill 1 place.",
            "Taking in albums by other artists would help.",
        ]

    def test_says_of_an_empty_library_that_it_holds_no_more(self) -> None:
        assert describe(report_of([], Rules())) == [
            "None of 50 tracks could be drawn.",
            "The library holds no more tracks for this playlist.",
            "Taking in more albums would help.",
        ]

    def test_tells_of_a_shorter_rest_and_of_what_would_help_most(self) -> None:
        sentences = describe(full_report())
        assert sentences[1] == (
            "Rest was shortened from 5 days to 2 days, longest rested first; "
            "that filled 1 place."
        )
        assert sentences[2] == "What is left stands in the list now or rests."
        assert sentences[3] == "Without rest 2 places could be filled."

    def test_tells_of_every_rung(self) -> None:
        rungs = (
            RungUse("primary_credits", 1, 2, 1, {"from": 0, "to": 1}),
            RungUse("soft_ranges", 1, 2, 2, {"from": 0, "to": 0.05}),
            RungUse("artist_cap", 1, 2, 3, {"from": 2, "to": 4}),
        )
        report = replace(report_of([[1]], Rules(size=1)), rungs=rungs)
        assert describe(report)[1:] == [
            "The artist cap was counted on the first artist of each track alone; "
            "that filled 1 place.",
            "Soft ranges were widened by 5% of their scale; that filled 2 places.",
            "The artist cap was raised from 2 to 4; that filled 3 places.",
        ]

    def test_names_the_cap_that_is_in_force(self) -> None:
        report = replace(
            report_of([[1], [1]], Rules(size=2, artist_cap=1)),
            rungs=(RungUse("artist_cap", 1, 2, 3, {"from": 1, "to": 5}),),
            binding_rule=BindingRule("artist_cap", (1,), 1, {"artist_cap": 1}),
        )
        assert "already has 5 tracks." in " ".join(describe(report))

    def test_tells_when_artists_stand_closer_than_asked(self) -> None:
        order = SequenceReport(8, 3, 3, reduced=True, has_flow=False, arc="wave")
        report = report_of([[1]], Rules(size=1)).with_order(order)
        assert describe(report)[1:] == [
            "Tracks that share an artist stand at least 3 positions apart; 8 were "
            "asked, but these tracks do not allow it."
        ]
