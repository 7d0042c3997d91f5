"""Names that are kept, and what is taken out of them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.texts import NAME_LENGTH, artist_line, clean_name


class TestCleanName:
    @pytest.mark.parametrize(
        ("told", "kept"),
        [
            ("Late Light", "Late Light"),
            ("line\u2028separator\tand\nmore", "line separator and more"),
            ("\u202eright to left", "right to left"),
            ("\u200b\u200d\ufeff", ""),
            ("   ", ""),
            ("a\x00b\x1b[31mc", "ab[31mc"),
            ("👩‍👩‍👧‍👦 🏳️‍🌈", "👩‍👩‍👧‍👦 🏳️‍🌈"),
            ("<b>&amp;</b>", "<b>&amp;</b>"),
            ("מילים ועוד 123", "מילים ועוד 123"),
        ],
    )
    def test_keeps_what_can_be_read(self, told: str, kept: str) -> None:
        assert clean_name(told) == kept

    def test_cuts_a_novel(self) -> None:
        name = clean_name("long " * 10_000)
        assert len(name) <= NAME_LENGTH
        assert name.endswith("long…")

    @given(st.text(max_size=700))
    def test_is_short_plain_and_settled_whatever_is_told(self, text: str) -> None:
        name = clean_name(text)
        assert len(name) <= NAME_LENGTH
        assert not {"Cc", "Cs"} & {unicodedata.category(c) for c in name}
        assert clean_name(name) == name


class TestArtistLine:
    def test_names_everybody_who_has_a_name(self) -> None:
        assert artist_line(["Ane", "", "Bo"]) == "Ane, Bo"

    def test_is_empty_without_names(self) -> None:
        assert artist_line([]) == artist_line([""]) == ""
