"""Texts anywhere in names: the same rows with an index and without one."""

import pytest
from django.db import connection

from library.models import Album, Artist, Track
from library.searching import LOOKED_UP, RAREST, holding, seen_to_hold
from library.tests.factories import make_album, make_artist, make_track

pytestmark = [pytest.mark.django_db]

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


@pytest.mark.portable
@pytest.mark.parametrize("text", TEXTS)
class TestHolding:
    def test_finds_what_reading_every_row_finds(self, text: str) -> None:
        for name in NAMES:
            make_artist(name=name)
        expected = {name for name in NAMES if text.casefold() in name.casefold()}
        for has_text in (holding, seen_to_hold):
            found = Artist.objects.filter(has_text(text, "name"))
            assert {artist.name for artist in found} == expected

    def test_does_not_find_a_text_across_two_columns(self, text: str) -> None:
        make_track(name=f"x{text[:1]}", artist_line=f"{text[1:]}x")
        for has_text in (holding, seen_to_hold):
            held = Track.objects.filter(has_text(text, "name", "artist_line"))
            assert held.count() == (len(text) == 1)


class TestRarest:
    """The letters by which PostgreSQL looks a text up."""

    def test_are_those_that_fewest_names_hold(self) -> None:
        make_artists("Common", 30)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE artists")
            cursor.execute(f"SELECT {RAREST}", ["common 17", "artists_text"])
            (letters,) = cursor.fetchone()
        assert sorted(letters) == [" 17", "N 1"]

    def test_are_any_before_the_names_were_ever_counted(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {RAREST}", ["common", "no_such_index"])
            (letters,) = cursor.fetchone()
        assert len(letters) == LOOKED_UP
        assert set(letters) <= {"COM", "OMM", "MMO", "MON"}

    def test_leave_no_name_out(self) -> None:
        make_artists("Common", 30)
        make_artist(name="Mon Com 17")
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE artists")
        for text, count in (("common", 30), ("ON 1", 11), ("mon c", 1), ("nom", 0)):
            assert Artist.objects.matching(text).count() == count


def make_artists(word: str, count: int) -> None:
    for number in range(count):
        make_artist(name=f"{word} {number}")


@pytest.mark.portable
class TestAlbums:
    def test_are_found_by_their_tracks_too(self) -> None:
        album = make_album(name="Quiet Hours")
        make_track(album=album, name="Loud Minutes")
        for text in ("quiet", "MINUTES"):
            assert list(Album.objects.matching(text)) == [album]
        assert not Album.objects.matching("no such name").exists()
