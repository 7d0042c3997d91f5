"""The rules of a list."""

import json
from typing import Any

import pytest

from playlists.sampler import Range, Rules, RulesError


class TestRules:
    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"size": 0}, "size must lie between 1 and 100, not 0"),
            ({"size": 101}, "size"),
            ({"artist_cap": 0}, "artist cap"),
            ({"artist_separation": -1}, "separation"),
            ({"cooldown_days": 366}, "cooldown"),
            ({"explicit": "maybe"}, "no explicit rule 'maybe'"),
            ({"arc": "spiral"}, "no arc 'spiral'"),
            ({"ladder": ("cooldown", "cooldown")}, "named once"),
            ({"ladder": ("artist_cap",)}, "no rung 'artist_cap'"),
        ],
    )
    def test_refuse_what_cannot_be(self, values: dict[str, Any], words: str) -> None:
        with pytest.raises(RulesError, match=words):
            Rules(**values)

    def test_survive_a_journey_through_json(self) -> None:
        rules = Rules(size=7, ranges=(Range("tempo", 90, None, soft=True),), arc="fall")
        again = Rules.from_dict(json.loads(json.dumps(rules.to_dict())))
        assert again == rules
        assert again.rules_hash() == rules.rules_hash()

    def test_have_a_hash_that_every_value_changes(self) -> None:
        hashes = {
            Rules().rules_hash(),
            Rules(size=49).rules_hash(),
            Rules(primary_only=True).rules_hash(),
            Rules(ranges=(Range("year", 2000),)).rules_hash(),
            Rules(ranges=(Range("year", None, 2000),)).rules_hash(),
            Rules(ladder=()).rules_hash(),
        }
        assert len(hashes) == 6

    def test_have_a_hash_that_stays_the_same(self) -> None:
        assert Rules().rules_hash() == "19999db530e60b17"


class TestRange:
    @pytest.mark.parametrize(
        ("values", "words"),
        [
            (("height", 1, 2), "no column 'height'"),
            (("energy", None, None), "needs a bound"),
            (("energy", 0.7, 0.2), "crossed"),
            (("energy", float("nan"), 1), "crossed"),
        ],
    )
    def test_refuses_what_cannot_be(self, values: Any, words: str) -> None:
        with pytest.raises(RulesError, match=words):
            Range(*values)
