"""Rules said in words."""

import pytest

from playlists.rulewords import in_one_sentence, say_rules
from playlists.sampler import Choice, Range, Rules


def said(**values: object) -> str:
    names = {("artist", 1): "Nova", ("track", 2): "Lost Hour"}
    return in_one_sentence(say_rules(Rules.from_dict(values), names))


class TestWords:
    @pytest.mark.parametrize(
        ("limit", "words"),
        [
            (Range("energy", 0.6, 0.9), "Energy 0.6 to 0.9"),
            (Range("year", 2010), "From 2010 on"),
            (Range("year", None, 1999), "Up to 1999"),
            (Range("tempo", 90, None, soft=True), "Tempo 90 BPM or more, or near it"),
            (Range("duration_ms", None, 270_000), "Length 4.5 min or less"),
        ],
    )
    def test_say_a_range(self, limit: Range, words: str) -> None:
        (first, *_) = say_rules(Rules(ranges=(limit,)))
        assert first.lower() == words.lower()

    def test_say_who_is_in_and_out(self) -> None:
        choices = (
            Choice("artist", (1, 7), out=True),
            Choice("track", (2,), out=True),
        )
        phrases = say_rules(
            Rules(choices=choices),
            {("artist", 1): "Nova", ("track", 2): "Lost Hour"},
        )
        assert phrases[:2] == ["nothing by Nova and 1 more", "never Lost Hour"]

    def test_join_to_one_sentence(self) -> None:
        text = said(
            album_cap=1, same_song=["live"], rest_scope="account", cooldown_days=5
        )
        assert text == (
            "At most 2 per artist, at most 1 per album, no song twice, counting live, "
            "nothing that stood in another list of the account within 5 days."
        )
