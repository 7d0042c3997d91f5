"""Pages by key."""

import base64
import json
from datetime import date

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from library import paging
from library.models import Album, Track
from library.paging import KeyPage, Order, paginate
from library.tests.factories import make_album, make_track

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
BY_POPULARITY = Order("popularity", descending=True, nullable=True)


def make_list(*popularities: int | None) -> None:
    album = make_album()
    for popularity in popularities:
        make_track(album=album, popularity=popularity)


def page_at(at: str = "", *, order: Order = BY_POPULARITY) -> KeyPage[Track]:
    return paginate(Track.objects.all(), order=order, at=at, size=3)


def walk(order: Order) -> list[KeyPage[Track]]:
    """Return every page from the first to the last."""
    pages = [page_at(order=order)]
    while pages[-1].following:
        pages.append(page_at(pages[-1].following, order=order))
    return pages


class TestPaginate:
    def test_shows_every_row_once_in_order_the_unknown_ones_last(self) -> None:
        make_list(5, None, 7, 7, None, 7, 1, 9, None)
        pages = walk(BY_POPULARITY)
        assert [[t.popularity for t in page] for page in pages] == [
            [9, 7, 7],
            [7, 5, 1],
            [None, None, None],
        ]
        assert len({t.pk for page in pages for t in page}) == 9
        assert [(page.first, page.last) for page in pages] == [(1, 3), (4, 6), (7, 9)]

    def test_keeps_the_unknown_ones_last_when_ascending(self) -> None:
        make_list(None, 2, 1, None)
        pages = walk(Order("popularity", nullable=True))
        assert [[t.popularity for t in page] for page in pages] == [
            [1, 2, None],
            [None],
        ]

    @pytest.mark.parametrize(
        "order",
        [
            Order("pk", descending=True),
            Order("name"),
            Order("use_count", descending=True),
            Order("last_used_on", nullable=True),
            Order("last_used_on", descending=True, nullable=True),
            BY_POPULARITY,
        ],
    )
    def test_goes_back_the_way_it_came(self, order: Order) -> None:
        for number in range(11):
            make_track(
                popularity=number % 3 or None,
                last_used_on=date(2026, 1, 1 + number % 2) if number % 4 else None,
            )
        pages = walk(order)
        back = [pages[-1]]
        while back[-1].preceding:
            back.append(page_at(back[-1].preceding, order=order))
        assert [list(page) for page in back] == [list(page) for page in pages[::-1]]
        assert [page.first for page in back] == [10, 7, 4, 1]
        assert back[-1].following

    def test_does_not_skip_or_repeat_when_rows_come_in_between(self) -> None:
        make_list(9, 8, 7, 6, 5)
        first = page_at()
        make_list(8, 10, 6)
        second = page_at(first.following)
        assert [t.popularity for t in second] == [6, 6, 5]

    def test_has_no_neighbours_when_everything_fits(self) -> None:
        make_list(1, 2, 3)
        page = page_at()
        assert len(page) == 3
        assert page.following == page.preceding == ""

    def test_is_empty_without_rows(self) -> None:
        assert len(page_at()) == 0

    @pytest.mark.parametrize("found", [None, 3, paging.MANY + 1])
    def test_is_the_same_read_in_two_steps(self, found: int | None) -> None:
        make_list(5, None, 7, 7, None, 7, 1, 9, None)
        held = Track.objects.exclude(popularity=1)
        for first in walk(BY_POPULARITY)[:2]:
            plain, stepped = (
                paginate(
                    held,
                    order=BY_POPULARITY,
                    at=first.following,
                    size=3,
                    found=found,
                    by_key=True,
                    shown=shown,
                )
                for shown in (None, Track.objects.select_related("album"))
            )
            assert stepped == plain
            assert "album" in stepped.rows[0]._state.fields_cache
            assert "album" not in plain.rows[0]._state.fields_cache

    @pytest.mark.parametrize(
        "at", ["", "rubbish", "äöü", "W10", "W251bGwsMSwxLDFd" * 9, "bnVsbA=="]
    )
    def test_shows_the_first_page_for_a_mark_that_is_not_ours(self, at: str) -> None:
        make_list(1, 2, 3, 4)
        assert [t.popularity for t in page_at(at)] == [4, 3, 2]

    @hypothesis_settings(
        suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
    )
    @given(st.tuples(VALUES, st.integers() | VALUES, st.integers(), VALUES))
    def test_never_fails_on_a_forged_mark(self, fields: tuple[object, ...]) -> None:
        at = base64.urlsafe_b64encode(json.dumps(fields).encode()).decode()
        for field in ("pk", "name", "popularity", "last_used_on"):
            order = Order(field, nullable=field in ("popularity", "last_used_on"))
            assert page_at(at, order=order).first >= 0

    def test_takes_names_in_any_script(self) -> None:
        for name in ("", "群青", "Ω", "a", "b' --", "😀"):
            make_album(name=name)
        order = Order("name")
        rows: list[Album] = []
        at = ""
        while True:
            page = paginate(Album.objects.all(), order=order, at=at, size=2)
            rows += page.rows
            if not page.following:
                break
            at = page.following
        assert len({album.pk for album in rows}) == 6
