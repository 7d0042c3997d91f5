"""Lists that a text or an artist narrows: the rows and sizes of plain queries."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.db.models import Count, F, Max, QuerySet
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from automation.models import EngineLease
from library import paging, reads
from library.models import Artist, Track
from library.tests.factories import make_album, make_artist, make_track, make_tracks
from library.views import lists

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

ROWS_A_PAGE = 3
MOST_QUERIES = 10
SORTS = {
    "-added": F("pk").desc(),
    "name": F("name").asc(),
    "-uses": F("use_count").desc(),
    "used": F("last_used_on").asc(nulls_last=True),
    "-popularity": F("popularity").desc(nulls_last=True),
}


@dataclass(frozen=True)
class Limits:
    """How many rows are few, how many of these are many, and where to look for them."""

    most: int
    many: int = paging.MANY
    first_of_all: int = paging.FIRST_OF_ALL


@pytest.fixture(
    params=[
        Limits(2),
        Limits(10_000),
        Limits(10_000, many=1, first_of_all=5),
        Limits(10_000, many=1, first_of_all=100),
    ],
    ids=["too many", "few", "many and not near", "many and near"],
)
def most(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many rows are few: two, so that lists are walked, or plenty."""
    limits: Limits = request.param
    limit = limits.most
    monkeypatch.setattr(paging, "MANY", limits.many)
    monkeypatch.setattr(paging, "FIRST_OF_ALL", limits.first_of_all)
    monkeypatch.setattr(reads, "EXACT_UP_TO", limit)
    monkeypatch.setattr(reads, "SORTED_UP_TO", limit)
    monkeypatch.setattr(lists, "ROWS_A_PAGE", ROWS_A_PAGE)
    return limit


def make_library() -> Artist:
    """Save twelve tracks in no order, eight of one artist, half of them even."""
    artist, other, album = make_artist(name="One"), make_artist(), make_album()
    for number in range(12):
        make_track(
            album=album,
            name=f"{'Even' if number % 2 == 0 else 'Odd'} {number * 7 % 12}",
            artist=other if number % 3 == 0 else artist,
            guests=[artist] if number % 6 == 0 else [],
            use_count=number * 5 % 4,
            last_used_on=date(2026, 1, 1 + number % 3) if number % 4 else None,
            popularity=number * 31 % 5 or None,
        )
    return artist


def walk(client: Client, address: str) -> tuple[list[Any], set[str]]:
    """Return the rows of all pages of a list, and what they say of its size."""
    rows: list[Any] = []
    totals: set[str] = set()
    mark = ""
    while True:
        context = client.get(f"{address}&page={mark}", follow=True).context
        rows += context["page"]
        totals.add(str(context["total"]))
        mark = context["page"].following
        if not mark:
            return rows, totals


def in_words(count: int, most: int) -> str:
    return str(count) if count <= most else f"more than {most}"


def sorted_rows(rows: QuerySet[Track], sort: str) -> list[Track]:
    return list(rows.order_by(SORTS[sort], "-pk" if sort[0] == "-" else "pk"))


@pytest.mark.parametrize("sort", SORTS)
class TestTracks:
    def test_are_those_with_the_text(
        self, viewer: Client, most: int, sort: str
    ) -> None:
        make_library()
        wanted = Track.objects.filter(name__icontains="even")
        rows, totals = walk(viewer, f"/library/tracks/?q=EVEN&sort={sort}")
        assert rows == sorted_rows(wanted, sort)
        assert totals == {in_words(6, most)}

    def test_are_those_of_the_artist(
        self, viewer: Client, most: int, sort: str
    ) -> None:
        artist = make_library()
        wanted = Track.objects.filter(credits__artist=artist)
        address = f"/library/tracks/?artist={artist.pk}&sort={sort}"
        rows, totals = walk(viewer, address)
        assert rows == sorted_rows(wanted, sort)
        assert totals == {in_words(10, most)}

    def test_are_those_that_all_filters_leave(
        self, viewer: Client, most: int, sort: str
    ) -> None:
        artist = make_library()
        wanted = Track.objects.filter(
            credits__artist=artist, name__icontains="even", popularity__gte=1
        )
        address = f"/library/tracks/?artist={artist.pk}&q=even&popularity_min=1"
        rows, totals = walk(viewer, f"{address}&sort={sort}")
        assert rows == sorted_rows(wanted, sort)
        assert totals == {in_words(len(rows), most)}


class TestArtists:
    @pytest.mark.parametrize("sort", ["name", "-name"])
    def test_are_those_with_the_text(
        self, viewer: Client, most: int, sort: str
    ) -> None:
        for name in ("Lake", "Slow Lake", "Harbour", "Lakes", "a lake", "Lake"):
            make_artist(name=name)
        wanted = Artist.objects.filter(name__icontains="lake")
        rows, totals = walk(viewer, f"/library/artists/?q=LAKE&sort={sort}")
        assert rows == list(wanted.order_by(sort, "-pk" if sort[0] == "-" else "pk"))
        assert totals == {in_words(5, most)}

    def test_tell_tracks_and_days_as_own_and_as_guest(self, viewer: Client) -> None:
        make_library()
        guest = make_artist(name="Guest alone")
        make_track(guests=[guest], last_used_on=date(2026, 3, 1), use_count=1)
        make_track(artist=make_artist(name="Never used"))
        make_artist(name="Without tracks")
        told = {
            artist.pk: (artist.track_count, artist.last_used_on)
            for artist in viewer.get("/library/artists/").context["page"]
        }
        counted = Artist.objects.values_list(
            "pk", Count("credits"), Max("credits__track__last_used_on")
        )
        assert told == {pk: (tracks, last) for pk, tracks, last in counted}
        assert told[guest.pk] == (1, date(2026, 3, 1))


class TestQueries:
    @pytest.mark.parametrize("query", ["q=track", "artist={0}", "q=t&artist={0}"])
    def test_stay_few_for_many_rows_as_for_few(
        self,
        viewer: Client,
        engine: EngineLease,
        most: int,
        query: str,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        artist = make_tracks(60)[0].primary_artist
        assert artist is not None
        first_looks = int(paging.MANY < 60)
        with django_assert_max_num_queries(MOST_QUERIES + first_looks):
            viewer.get(f"/library/tracks/?{query.format(artist.pk)}&sort=-popularity")
