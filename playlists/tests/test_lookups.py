"""Finding playlists, and the names they may have."""

import pytest

from playlists.lookups import find_playlist
from playlists.naming import (
    clean_description,
    clean_name,
    clean_prefix,
    new_marker,
    playlist_name,
)
from playlists.tests.factories import make_playlist
from vibe_engine.errors import InputError

SPOTIFY_ID = "37i9dQZF1DXcBWIGoYBM5M"


@pytest.mark.django_db
@pytest.mark.portable
class TestFindPlaylist:
    @pytest.mark.parametrize(
        "text",
        [
            SPOTIFY_ID,
            f" https://open.spotify.com/playlist/{SPOTIFY_ID}?si=1a2b ",
            f"https://open.spotify.com/intl-de/playlist/{SPOTIFY_ID}",
            f"spotify:playlist:{SPOTIFY_ID}",
            f"http://127.0.0.1:8001/playlist/{SPOTIFY_ID}",
        ],
    )
    def test_takes_ids_links_and_uris(self, text: str) -> None:
        playlist = make_playlist(spotify_id=SPOTIFY_ID)
        assert find_playlist(text) == playlist

    def test_takes_the_primary_key(self) -> None:
        playlist = make_playlist()
        assert find_playlist(str(playlist.pk)) == playlist

    @pytest.mark.parametrize(
        "text", ["", "nothing", "9" * 40, "²", "1; DROP", SPOTIFY_ID, "\x00", "-1"]
    )
    def test_says_that_there_is_none(self, text: str) -> None:
        with pytest.raises(InputError, match="There is no playlist"):
            find_playlist(text)


class TestNames:
    def test_have_three_digits_and_four_from_a_thousand_on(self) -> None:
        assert playlist_name("A", 1) == "A • 001"
        assert playlist_name("A", 1000) == "A • 1000"
        assert len(playlist_name("x" * 64, 99_999)) <= 100

    def test_are_tidied_up(self) -> None:
        assert clean_name("  Sunday \t Kitchen\n") == "Sunday Kitchen"
        assert clean_prefix("🎧 Nächte") == "🎧 Nächte"

    @pytest.mark.parametrize("text", ["", " ", "x" * 101, "a\x00", "\ud800"])
    def test_are_refused_where_nobody_could_read_them(self, text: str) -> None:
        with pytest.raises(InputError):
            clean_name(text)


class TestDescriptions:
    def test_become_one_line(self) -> None:
        assert clean_description(" two\r\nlines ") == "two lines"
        assert clean_description(" \n") == ""

    @pytest.mark.parametrize("text", ["<b>", "a > b", "x" * 301])
    def test_are_refused_where_spotify_would_refuse_them(self, text: str) -> None:
        with pytest.raises(InputError):
            clean_description(text)


def test_markers_are_twelve_plain_characters() -> None:
    markers = {new_marker() for _ in range(1000)}
    assert len(markers) == 1000
    assert all(len(one) == 12 and one.isascii() and one.isalnum() for one in markers)
