"""Lists of albums, tracks and artists."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from automation.models import EngineLease
from library.models import Album, Track
from library.tests.factories import (
    make_album,
    make_artist,
    make_collection,
    make_track,
    make_tracks,
)
from library.views.lists import COVERS_A_PAGE, ROWS_A_PAGE

pytestmark = [pytest.mark.django_db]

LISTS = ("/library/", "/library/?show=table", "/library/tracks/", "/library/artists/")
HOSTILE = (
    "<script>alert('odd')</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }} {% csrf_token %}",
    "long " * 99,
    "",
    "מילים ועוד <b>words</b>",
    "👩‍👩‍👧‍👦",
    "100% _of_ it",
)
MOST_QUERIES = 10


def fragment(client: Client, address: str, target: str) -> Any:
    return client.get(address, headers={"HX-Request": "true", "HX-Target": target})


def names(response: Any) -> list[str]:
    """Return the names of the tracks that a page shows."""
    return [track.name for track in response.context["page"]]


class TestLists:
    @pytest.mark.parametrize("address", LISTS)
    def test_ask_a_stranger_to_sign_in(self, anonymous: Client, address: str) -> None:
        response = anonymous.get(address)
        assert response.status_code == 302
        assert response["Location"].startswith("/sign-in/")

    @pytest.mark.parametrize("address", LISTS)
    def test_show_themselves_empty(self, viewer: Client, address: str) -> None:
        assert viewer.get(address).status_code == 200

    @pytest.mark.parametrize("address", LISTS)
    def test_offer_a_viewer_nothing_to_do(self, viewer: Client, address: str) -> None:
        make_album(tracks=2)
        response = viewer.get(address)
        assert b"/library/add/" not in response.content
        assert b'class="bulk"' not in response.content

    @pytest.mark.parametrize("address", LISTS)
    def test_survive_hostile_names(self, operator: Client, address: str) -> None:
        for name in HOSTILE:
            artist = make_artist(name=name)
            album = make_album(name=name, artist_line=name)
            make_track(name=name, album=album, artist=artist, artist_line=name)
        page = operator.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert(&#x27;odd&#x27;)" in page
        assert "{{ 7*7 }}" in page

    @pytest.mark.parametrize("address", LISTS)
    def test_take_few_queries_however_many_rows(
        self,
        operator: Client,
        engine: EngineLease,
        address: str,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        make_tracks(700)
        make_collection()
        with django_assert_max_num_queries(MOST_QUERIES):
            operator.get(address)

    @pytest.mark.parametrize("address", LISTS)
    def test_take_few_queries_when_filtered(
        self,
        operator: Client,
        engine: EngineLease,
        address: str,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        collection = make_collection()
        artist = make_tracks(700, collection=collection)[0].primary_artist
        assert artist is not None
        sign = "&" if "?" in address else "?"
        everything = f"q=a&collection={collection.pk}&artist={artist.pk}&state=usable"
        address = f"{address}{sign}{everything}&sort=-popularity&used=never"
        address = operator.get(address, follow=True).request["PATH_INFO"]
        with django_assert_max_num_queries(MOST_QUERIES):
            operator.get(address)

    @pytest.mark.parametrize(
        ("address", "target"),
        [
            ("/library/", "album-list"),
            ("/library/tracks/", "track-list"),
            ("/library/artists/", "artist-list"),
        ],
    )
    def test_answer_htmx_with_the_list_alone(
        self, operator: Client, address: str, target: str
    ) -> None:
        make_album(tracks=1)
        response = fragment(operator, f"{address}?q=&sort=name", target)
        assert b"<!doctype" not in response.content
        assert response.content.count(f'id="{target}"'.encode()) == 1
        assert response["HX-Push-Url"] == f"{address}?sort=name"
        assert "HX-Request" in response["Vary"]

    @pytest.mark.parametrize("address", ["/library/", "/library/tracks/"])
    def test_say_what_matches_beside_the_list(
        self, operator: Client, address: str
    ) -> None:
        make_album(tracks=1)
        target = "album-list" if address == "/library/" else "track-list"
        page = fragment(operator, f"{address}?q=none", target).content.decode()
        assert page.count('id="library-state" hx-swap-oob="true"') == 1
        restored = operator.get(
            address,
            headers={"HX-Request": "true", "HX-History-Restore-Request": "true"},
        ).content.decode()
        assert restored.count('id="library-state"') == 1
        assert "<!doctype" in restored

    def test_shorten_the_address_of_a_plain_form(self, viewer: Client) -> None:
        response = viewer.get("/library/tracks/?q=&collection=&energy_min=0.5&x=1")
        assert response["Location"] == "/library/tracks/?energy_min=0.5"

    @pytest.mark.parametrize(
        "query",
        [
            "q=%00&year_from=abc&page=rubbish&sort=nonsense",
            "collection=999999999999999999999&artist=-1",
            "artist=99999999999999999999999&popularity_min=1e999&tempo_max=nan",
            "year_from=99999&key=77&mode=x&state=none&used=1",
            "energy_min=0.9&energy_max=0.1",
        ],
    )
    @pytest.mark.parametrize("address", ["/library/", "/library/tracks/"])
    def test_take_rubbish_in_the_address(
        self, viewer: Client, address: str, query: str
    ) -> None:
        make_album(tracks=1)
        assert viewer.get(f"{address}?{query}", follow=True).status_code == 200


class TestAlbumList:
    def test_shows_covers_and_links_to_the_table(self, viewer: Client) -> None:
        album = make_album(tracks=2, image_url="https://i.scdn.co/image/ab")
        page = viewer.get("/library/").content.decode()
        assert 'src="https://i.scdn.co/image/ab"' in page
        assert f'href="/library/albums/{album.pk}/"' in page
        assert "?show=table" in page

    def test_says_how_much_there_is(self, viewer: Client) -> None:
        make_album(tracks=3)
        make_track(is_usable=False, held_reason="No")
        make_track(last_used_on=date(2026, 1, 1), use_count=1)
        page = viewer.get("/library/").content.decode()
        assert "3 albums, 5 tracks by 3 artists. 1 is held, 3 wait for their" in page

    def test_pages_by_key_and_back(self, viewer: Client) -> None:
        albums = [make_album() for _ in range(COVERS_A_PAGE + 5)]
        first = viewer.get("/library/").context["page"]
        second = viewer.get(f"/library/?page={first.following}").context["page"]
        assert [a.pk for a in second] == [a.pk for a in albums[4::-1]]
        back = viewer.get(f"/library/?page={second.preceding}").context["page"]
        assert list(back) == list(first)

    @pytest.mark.parametrize("text", ["MALIBU", "paak", "come down"])
    def test_finds_by_album_artist_and_track(self, viewer: Client, text: str) -> None:
        album = make_album(name="Malibu", artist_line="Anderson .Paak")
        make_track(album=album, name="Come Down")
        make_album(tracks=1)
        found = viewer.get("/library/", {"q": text}).context["page"]
        assert list(found) == [album]

    def test_filters_by_collection_years_state_and_use(self, viewer: Client) -> None:
        wanted = make_album(release_year=1999)
        make_track(album=wanted, is_usable=False, held_reason="x")
        collection = make_collection(albums=[wanted, make_album(release_year=1999)])
        used = make_album(release_year=1999)
        make_track(album=used, last_used_on=date(2026, 1, 1), use_count=1)
        for query in (
            f"collection={collection.pk}&state=held",
            "year_from=1999&year_to=1999&state=held",
            f"used=never&collection={collection.pk}&state=held",
        ):
            assert list(viewer.get(f"/library/?{query}").context["page"]) == [wanted]
        unused = viewer.get("/library/?used=never&year_from=1999&year_to=1999")
        assert used not in list(unused.context["page"])

    @pytest.mark.parametrize("sort", ["name", "-name", "artist", "year", "-year"])
    def test_sorts(self, viewer: Client, sort: str) -> None:
        for name, year in (("b", 1990), ("a", 2001), ("c", 1980)):
            make_album(name=name, artist_line=name, release_year=year)
        rows = list(viewer.get(f"/library/?sort={sort}").context["page"])
        column = {"artist": "artist_line", "year": "release_year"}.get(
            sort.strip("-"), "name"
        )
        values = [getattr(album, column) for album in rows]
        assert values == sorted(values, reverse=sort.startswith("-"))

    def test_teaches_when_there_is_nothing(self, operator: Client) -> None:
        page = operator.get("/library/").content.decode()
        assert "No albums yet" in page
        assert 'href="/library/add/"' in page


class TestTrackList:
    def test_filters_by_a_range_of_every_feature(self, viewer: Client) -> None:
        make_track(name="calm", energy=0.2, tempo=80.0, key=0, mode=1, loudness=-20.0)
        make_track(name="wild", energy=0.9, tempo=170.0, key=5, mode=0, loudness=-4.0)
        make_track(name="unknown")
        for query in ("energy_min=0.8", "tempo_min=120", "key=5", "mode=0"):
            assert names(viewer.get(f"/library/tracks/?{query}")) == ["wild"]
        for query in ("energy_max=0.5", "tempo_max=100&key=0", "loudness_max=-10"):
            assert names(viewer.get(f"/library/tracks/?{query}")) == ["calm"]

    def test_filters_by_credited_artist_in_any_place(self, viewer: Client) -> None:
        guest = make_artist(name="Guest")
        make_track(name="with", guests=[guest])
        make_track(name="without")
        response = viewer.get(f"/library/tracks/?artist={guest.pk}")
        assert names(response) == ["with"]
        assert b"Guest" in response.content

    def test_filters_by_last_use(self, viewer: Client) -> None:
        today = datetime.now(UTC).date()
        make_track(name="today", last_used_on=today, use_count=1)
        make_track(name="long ago", last_used_on=date(2020, 1, 1), use_count=1)
        make_track(name="never")
        never = names(viewer.get("/library/tracks/?used=never"))
        rested = names(viewer.get("/library/tracks/?used=30"))
        assert (never, rested) == (["never"], ["never", "long ago"])

    @pytest.mark.parametrize("state", ["usable", "held", "unplayable"])
    def test_filters_by_state(self, viewer: Client, state: str) -> None:
        make_track(name="usable")
        make_track(name="held", is_usable=False, held_reason="x")
        make_track(name="unplayable", is_playable=False)
        assert names(viewer.get(f"/library/tracks/?state={state}")) == [state]

    def test_counts_what_matches(self, viewer: Client) -> None:
        make_tracks(ROWS_A_PAGE + 10, popularity=70)
        make_track(popularity=1)
        response = viewer.get("/library/tracks/?popularity_min=50")
        assert b"1 to 50 of 60 tracks" in response.content

    def test_sorts_unknown_popularity_last(self, viewer: Client) -> None:
        for popularity in (None, 10, 90):
            make_track(name=str(popularity), popularity=popularity)
        for sort, first in (("popularity", "10"), ("-popularity", "90")):
            found = names(viewer.get(f"/library/tracks/?sort={sort}"))
            assert (found[0], found[-1]) == (first, "None")


class TestArtistList:
    def test_shows_how_many_tracks_credit_an_artist(self, viewer: Client) -> None:
        artist = make_artist(name="Ane")
        make_track(artist=artist)
        make_track(guests=[artist], last_used_on=date(2026, 2, 1))
        page = viewer.get("/library/artists/?q=ane")
        (row,) = page.context["page"]
        assert (row.track_count, row.last_used_on) == (2, date(2026, 2, 1))
        assert f"/library/tracks/?artist={artist.pk}" in page.content.decode()


class TestQuerySets:
    def test_list_each_row_once(self) -> None:
        album = make_album(name="x")
        for _ in range(3):
            make_track(album=album, name="x", artist_line="x")
        assert Album.objects.matching("x").count() == 1
        assert Track.objects.matching("x").count() == 3
