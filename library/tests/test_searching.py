"""Texts anywhere in names: the same rows with an index and without one."""

import pytest

from library.models import Album, Artist, Track
from library.searching import holding
from library.tests.factories import make_album, make_artist, make_track

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

NAMES = ("Midnight Train", "50 % off_\\", "Δέλτα 夜の電車", "<b onerror=x>", "ab")
TEXTS = (
    "NIGHT t",
    "% OFF_",
    "_\\",
    "夜の電",
    "onerror",
    "ab",
    "b",
    "no such",
    "ight\n",
)


@pytest.mark.parametrize("text", TEXTS)
class TestHolding:
    def test_finds_what_reading_every_row_finds(self, text: str) -> None:
        for name in NAMES:
            make_artist(name=name)
        expected = {name for name in NAMES if text.casefold() in name.casefold()}
        found = Artist.objects.filter(holding(text, "name"))
        assert {artist.name for artist in found} == expected

    def test_does_not_find_a_text_across_two_columns(self, text: str) -> None:
        make_track(name=f"x{text[:1]}", artist_line=f"{text[1:]}x")
        held = Track.objects.filter(holding(text, "name", "artist_line"))
        assert held.count() == (len(text) == 1)


class TestAlbums:
    def test_are_found_by_their_tracks_too(self) -> None:
        album = make_album(name="Quiet Hours")
        make_track(album=album, name="Loud Minutes")
        for text in ("quiet", "MINUTES"):
            assert list(Album.objects.matching(text)) == [album]
        assert not Album.objects.matching("no such name").exists()
