"""Descriptions are true, short, and the same for the same list."""

from typing import Any

import pytest

from automation.runtime import DESCRIPTION_TEMPLATES, RuntimeSettings
from playlists.effective import Effective
from playlists.services.describing import (
    ListFacts,
    facts_of,
    name_collections,
    write_description,
)

VALUES = Effective(
    size=50, interval_days=5, cooldown_days=5, artist_cap=2, artist_separation=8
)


def write(*templates: str, **changes: Any) -> str:
    arguments: dict[str, Any] = {
        "playlist_id": 1,
        "batch_tag": "2026-11-22",
        "values": VALUES,
        "facts": ListFacts(size=50),
        "collections": ["Late Night"],
        "settings": RuntimeSettings(
            description_templates=templates or DESCRIPTION_TEMPLATES
        ),
    }
    return write_description(**(arguments | changes))


class TestWriteDescription:
    def test_fills_in_what_is_true(self) -> None:
        sentence = write("Refreshed every {interval_days} days from {collection}.")
        assert sentence == "Refreshed every 5 days from the Late Night collection."

    def test_counts_the_tracks_that_are_really_there(self) -> None:
        assert write("{size} tracks.", facts=ListFacts(size=41)) == "41 tracks."

    def test_speaks_of_one_day_and_one_track(self) -> None:
        values = Effective(1, 1, 1, 1, 8)
        sentence = write(
            "{size} tracks, every {interval_days} days, rested {cooldown_days} days.",
            values=values,
            facts=ListFacts(size=1),
        )
        assert sentence == "1 track, every day, rested 1 day."

    def test_leaves_larger_numbers_alone(self) -> None:
        values = Effective(50, 21, 5, 2, 8)
        assert write("Every {interval_days} days.", values=values) == "Every 21 days."

    def test_gives_the_same_sentence_for_the_same_batch(self) -> None:
        assert write() == write()

    def test_varies_over_playlists_and_batches(self) -> None:
        over_playlists = {write(playlist_id=number) for number in range(40)}
        over_batches = {write(batch_tag=f"2026-11-{day}") for day in range(10, 30)}
        whole = [one for one in DESCRIPTION_TEMPLATES if "{changes}" not in one]
        assert len(over_playlists) == len(whole)
        assert len(over_batches) > 2

    @pytest.mark.parametrize(
        ("facts", "broken"),
        [
            (ListFacts(size=50, keeps_rest=False), "rests"),
            (ListFacts(size=50, keeps_cap=False), "by one artist"),
        ],
    )
    def test_promises_nothing_that_this_list_breaks(
        self, facts: ListFacts, broken: str
    ) -> None:
        sentences = {write(playlist_id=pk, facts=facts) for pk in range(40)}
        assert not any(broken in sentence for sentence in sentences)

    def test_promises_no_rest_where_it_is_switched_off(self) -> None:
        values = Effective(50, 5, 0, 2, 8)
        sentences = {write(playlist_id=pk, values=values) for pk in range(40)}
        assert not any("rests" in sentence for sentence in sentences)

    def test_falls_back_to_what_is_always_true(self) -> None:
        facts = ListFacts(size=50, keeps_rest=False)
        sentence = write("Rests {cooldown_days} days.", facts=facts)
        assert sentence == "A new selection every 5 days."

    @pytest.mark.parametrize(
        ("facts", "changes"),
        [
            (ListFacts(size=50, refresh_share=30), 15),
            (ListFacts(size=41, refresh_share=1), 1),
            (ListFacts(size=50, refresh_share=30, staying=40), 10),
            (ListFacts(size=50, staying=3), 47),
        ],
    )
    def test_says_how_many_change_where_a_part_stays(
        self, facts: ListFacts, changes: int
    ) -> None:
        sentences = {write(playlist_id=pk, facts=facts) for pk in range(40)}
        words = (f"{changes} of {facts.size}", f"{changes} of its {facts.size}")
        assert len(sentences) == 2
        assert all(any(w in one for w in words) for one in sentences)
        assert write("Drawn anew.", facts=facts) == (
            f"Changes {changes} of {facts.size} tracks every 5 days."
        )

    def test_promises_no_change_where_all_stay(self) -> None:
        sentence = write("{changes} change.", facts=ListFacts(size=5, staying=5))
        assert sentence == "5 tracks from the Late Night collection."

    def test_never_passes_300_characters(self) -> None:
        sentence = write("{collection} " * 40, collections=["x" * 80])
        assert len(sentence) == 300
        assert sentence.endswith("…")

    @pytest.mark.parametrize(
        "name", ["<script>", "two\nlines", "{size}", "a{collection}b", "\u202eevil"]
    )
    def test_stays_one_plain_line_whatever_a_collection_is_called(
        self, name: str
    ) -> None:
        sentence = write("From {collection}.", collections=[name])
        assert "\n" not in sentence
        assert "<" not in sentence
        assert "50" not in sentence


class TestNameCollections:
    @pytest.mark.parametrize(
        ("names", "words"),
        [
            ([], "the whole library"),
            (["Late Night"], "the Late Night collection"),
            (["Night Collection"], "the Night Collection"),
            (["A", "B"], "the A and B collections"),
            (["A", "B", "C"], "3 collections"),
        ],
    )
    def test_reads_as_the_object_of_from(self, names: list[str], words: str) -> None:
        assert name_collections(names) == words


class TestFactsOf:
    def test_counts_only_rungs_that_gave_tracks(self) -> None:
        report = {
            "rungs": [
                {"name": "cooldown", "gained": 0},
                {"name": "primary_credits", "gained": 3},
            ]
        }
        facts = facts_of(track_count=9, report=report)
        assert facts == ListFacts(size=9, keeps_rest=True, keeps_cap=False)

    def test_knows_nothing_bad_without_a_report(self) -> None:
        assert facts_of(track_count=5, report={}) == ListFacts(size=5)


class TestFacts:
    def test_promise_no_rest_where_a_track_is_pinned(self) -> None:
        notes = {"7": [None, "pinned"], "8": [20_000, "rested"]}
        facts = facts_of(track_count=2, report={"per_track": notes})
        assert (facts.keeps_rest, facts.changes) == (False, 1)
        del notes["7"]
        assert facts_of(track_count=1, report={"per_track": notes}).keeps_rest
