"""Which tracks count as the same recording."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.recordings import normalised_title, recording_key, recording_number


def key_of(**changes: object) -> str:
    known = {
        "isrc": "",
        "title": "Late Light",
        "artist_id": "artist",
        "duration_ms": 200_000,
        "track_id": "track",
    }
    return recording_key(**(known | changes))  # type: ignore[arg-type]


class TestRecordingKey:
    def test_is_the_isrc_where_it_is_known(self) -> None:
        original = key_of(isrc="GBAYE6800011")
        assert original == key_of(isrc="gbaye6800011 ", title="Another", track_id="b")
        assert original != key_of(isrc="GBAYE6800012")

    def test_joins_releases_that_differ_in_case_marks_guests_and_milliseconds(
        self,
    ) -> None:
        original = key_of()
        again = key_of(
            title="LATE  light (feat. Someone)", duration_ms=200_900, track_id="b"
        )
        assert again == original

    @pytest.mark.parametrize(
        "change",
        [{"title": "Late Night"}, {"artist_id": "other"}, {"duration_ms": 260_000}],
    )
    def test_tells_other_titles_artists_and_lengths_apart(
        self, change: dict[str, object]
    ) -> None:
        assert key_of(**change) != key_of()

    def test_keeps_tracks_without_title_apart(self) -> None:
        assert key_of(title="", track_id="a") != key_of(title=" ", track_id="b")

    def test_tells_titles_of_marks_alone_apart(self) -> None:
        assert key_of(title="???") != key_of(title="!!!")

    @given(st.text(max_size=600), st.text(max_size=30), st.integers(0, 2**31))
    def test_fits_its_column_whatever_spotify_says(
        self, title: str, isrc: str, duration_ms: int
    ) -> None:
        key = key_of(title=title, isrc=isrc, duration_ms=duration_ms)
        assert 0 < len(key) <= 64


class TestNormalisedTitle:
    @given(st.text(max_size=200))
    def test_is_the_same_when_applied_twice_to_plain_words(self, title: str) -> None:
        once = normalised_title(title)
        if once.replace(" ", "").isalnum():
            assert normalised_title(once) == once

    def test_keeps_other_scripts(self) -> None:
        assert normalised_title("夜に駆ける") != normalised_title("群青")


class TestRecordingNumber:
    @given(st.text(min_size=1, max_size=64))
    def test_fits_a_signed_64_bit_column(self, key: str) -> None:
        assert 0 <= recording_number(key) < 2**63

    def test_is_the_same_in_every_process(self) -> None:
        assert recording_number("isrc:GBAYE6800011") == 2_811_412_243_479_539_600
