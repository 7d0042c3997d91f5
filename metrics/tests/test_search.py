"""One search over everything: what is found, and what input it bears."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.tests.factories import make_account
from library.tests.factories import make_album, make_artist, make_tracks
from metrics import search
from metrics.tests.factories import beat_engine
from playlists.models import Playlist
from playlists.services import labelling
from playlists.tests.factories import make_playlist
from vibe_engine import clock

pytestmark = pytest.mark.portable
POPUP = {"HX-Request": "true", "HX-Target": "search-results"}
ALBUM_ID = "4aawyAB9vmqN3uQ7FjRGTy"


def names_of(query: str) -> dict[str, list[str]]:
    """Return what is found, by group."""
    found = search.find(search.clean(query))
    return {group.name: [hit.text for hit in group.hits] for group in found}


@pytest.mark.django_db
class TestFind:
    def test_looks_anywhere_in_every_name(self) -> None:
        account = make_account(display_name="Slow Harbour")
        make_playlist(account=account, name="Harbour Lights • 001")
        make_album(name="Old harbour", tracks=1, artist=make_artist(name="Harbourers"))
        assert names_of("HARBOUR") == {
            "Playlists": ["Harbour Lights • 001"],
            "Albums": ["Old harbour"],
            "Artists": ["Harbourers"],
            "Accounts": ["Slow Harbour"],
        }

    def test_takes_wildcards_by_their_letter(self) -> None:
        make_album(name="100% Cotton")
        make_album(name="100 Cotton")
        assert names_of("0%") == {"Albums": ["100% Cotton"]}
        assert names_of("__") == {}

    def test_finds_a_thing_by_its_spotify_link(self) -> None:
        make_album(name="Linked", spotify_id=ALBUM_ID)
        for link in (
            f"https://open.spotify.com/album/{ALBUM_ID}?si=abc",
            f"spotify:album:{ALBUM_ID}",
            ALBUM_ID,
        ):
            assert names_of(link) == {"Albums": ["Linked"]}

    def test_shows_the_first_by_name_out_of_those_compared(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in (3, 1, 8, 2, 9, 5, 7, 4):
            make_artist(name=f"Harbour {number}")
        first = [f"Harbour {number}" for number in (1, 2, 3, 4, 5, 7)]
        assert names_of("harbour") == {"Artists": first}
        monkeypatch.setattr(search, "MOST_COMPARED", 2)
        (some,) = names_of("harbour").values()
        assert len(some) == 2
        assert some == sorted(some)

    def test_leaves_out_removed_playlists(self) -> None:
        make_playlist(name="Removed One", status=Playlist.Status.REMOVED)
        assert names_of("removed one") == {}

    def test_finds_pages(self) -> None:
        assert names_of("settings") == {"Pages": ["Settings"]}

    def test_shows_six_of_a_sort_and_where_the_others_are(self) -> None:
        for number in range(8):
            make_album(name=f"Seven Seas {number}")
        (group,) = search.find("seven seas")
        assert len(group.hits) == search.MOST
        assert group.is_cut
        assert group.more_url == "/library/?q=seven+seas"

    @pytest.mark.parametrize("query", ["", " ", "x", "\x00", "\u202e", "\n\t"])
    def test_finds_nothing_for_next_to_nothing(self, query: str) -> None:
        make_album(name="x")
        assert names_of(query) == {}


class TestClean:
    def test_leaves_one_printable_line(self) -> None:
        assert search.clean("  late\n\x00night\u200b  ") == "late night"

    def test_cuts_what_is_too_long(self) -> None:
        assert len(search.clean("long " * 10_000)) <= search.LONGEST


class TestSearchPage:
    def test_shows_what_was_found(self, viewer: Client) -> None:
        make_playlist(name="Harbour Lights • 001")
        page = viewer.get("/search/", {"q": "harbour"}).content.decode()
        assert "<h1>Search</h1>" in page
        assert "Harbour Lights • 001" in page

    def test_answers_the_top_bar_with_links_alone(self, viewer: Client) -> None:
        make_playlist(name="Harbour Lights • 001")
        response = viewer.get("/search/", {"q": "harbour"}, headers=POPUP)
        page = response.content.decode()
        assert "<h1>" not in page
        assert 'id="found"' not in page
        assert "Harbour Lights • 001" in page
        assert "HX-Target" in response["Vary"]

    def test_gives_the_top_bar_nothing_for_nothing(self, viewer: Client) -> None:
        response = viewer.get("/search/", {"q": " "}, headers=POPUP)
        assert response.content.strip() == b""

    @pytest.mark.parametrize(
        "query",
        [
            "<script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "{{ 7 }}{% now %}",
            "%' OR 1=1 --",
            "مدينة 🎷",
            "%00",
            "a" * 5_000,
        ],
    )
    def test_bears_odd_input(self, viewer: Client, query: str) -> None:
        make_album(name=query[:500].replace("\x00", ""))
        for headers in ({}, POPUP):
            response = viewer.get("/search/", {"q": query}, headers=headers)
            assert response.status_code == 200
            assert b"<script>alert" not in response.content
            assert b"<img src=x" not in response.content

    def test_says_that_nothing_was_found(self, viewer: Client) -> None:
        page = viewer.get("/search/", {"q": "nowhere"}).content.decode()
        assert "Nothing is called" in page

    def test_asks_few_questions_however_much_there_is(
        self,
        operator: Client,
        django_assert_max_num_queries: Callable[[int], Any],
    ) -> None:
        beat_engine(clock.now())
        make_tracks(300)
        for number in range(20):
            make_playlist(name=f"Track list {number}")
        with django_assert_max_num_queries(10):
            operator.get("/search/", {"q": "track"})


class TestLabels:
    def test_are_found(self, viewer: Client) -> None:
        playlist = make_playlist()
        labelling.set_labels(playlist=playlist, names=["Late Night"], now=clock.now())
        page = viewer.get("/search/", {"q": "late n"}).content.decode()
        assert playlist.labels.get().get_absolute_url() in page
