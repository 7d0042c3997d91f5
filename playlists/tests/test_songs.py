"""Titles taken apart into song and version."""

import pytest

from library import pool
from library.tests.factories import make_artist, make_track
from library.titles import VERSION_NAMES, read_songs, song_of
from playlists.sampler.songs import VERSIONS, version_bits


class TestSong:
    @pytest.mark.parametrize(
        ("title", "song", "versions"),
        [
            ("Song", "song", ()),
            ("Song - Remastered 2011", "song", ("remaster",)),
            ("Song (Live)", "song", ("live",)),
            ("Song - Live / Remastered 2011", "song", ("live", "remaster")),
            ("Song (2011 Remaster) [Live at Wembley]", "song", ("live", "remaster")),
            ("Song - Radio Edit", "song", ("edit",)),
            ("Song (DJ Someone Remix)", "song", ("remix",)),
            ("Song (feat. Somebody)", "song", ()),
            ("(I Can't Get No) Sleep", "i can t get no sleep", ()),
            ("Live and Let Go", "live and let go", ()),
            ("(Live)", "live", ()),
            ("", "", ()),
        ],
    )
    def test_is_told_from_its_version(
        self, title: str, song: str, versions: tuple[str, ...]
    ) -> None:
        assert song_of(title) == (song, version_bits(versions))


class TestVersions:
    def test_are_those_that_rules_name(self) -> None:
        assert VERSION_NAMES == VERSIONS


@pytest.mark.django_db
class TestReadSongs:
    def test_gives_versions_of_a_song_by_one_artist_the_same_number(self) -> None:
        artist, other = make_artist(), make_artist()
        make_track(name="Song", artist=artist)
        make_track(name="Song (Live)", artist=artist)
        make_track(name="Song", artist=other)
        songs, bits = read_songs(pool.load_library())
        assert songs[0] == songs[1] != songs[2]
        assert bits.tolist() == [0, version_bits(["live"]), 0]
