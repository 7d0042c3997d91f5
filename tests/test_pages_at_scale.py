"""Every page over a hundred thousand tracks and names that try to break it."""

import re
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from library.pool import load_library
from tests.big_fleet import BigFleet, make_big_fleet
from tests.markup import Markup, shows_escaped
from tests.modulewide import database_of_a_module, many_rows, settle
from tests.pages import (
    APART,
    OPERATOR,
    PAGES,
    POST_ONLY,
    STAFF,
    VIEWER,
    Page,
    admin_addresses,
    named_addresses,
)
from tests.security.test_headers import assert_guarded
from vibe_engine import clock

READS = re.compile(r"[\s(]*(SELECT|WITH|DECLARE|SAVEPOINT|RELEASE)\b")

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def fleet(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[BigFleet]:
    """The fleet, of a library that this process has read, as web processes have."""
    with database_of_a_module(django_db_blocker):
        with many_rows():
            made = make_big_fleet(now=clock.now())
        settle()
        load_library(on=clock.now().date())
        yield made


@pytest.fixture(params=["viewer", "operator", "staff"])
def person(request: pytest.FixtureRequest) -> tuple[str, Client]:
    """A role and a client that has it."""
    return request.param, request.getfixturevalue(request.param)


class Look:
    """One visit: the answer, and what the database was asked for it."""

    def __init__(self, client: Client, address: str, **headers: str) -> None:
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address, headers=headers)
        self.answer: HttpResponse = answer  # type: ignore[assignment]
        self.asked = [query["sql"] for query in queries.captured_queries]
        self.text = answer.content.decode()

    def assert_light(self, most: int) -> None:
        """Few queries, and none that changes anything."""
        assert len(self.asked) <= most, "\n".join(self.asked)
        assert [sql for sql in self.asked if not READS.match(sql)] == []

    def assert_harmless(self) -> None:
        """Guarded by headers, with names as text."""
        assert_guarded(self.answer.headers)
        assert list(Markup(self.text).intruders()) == []


class TestEveryAddress:
    def test_is_known_here(self) -> None:
        named = {page.name for page in PAGES}
        found = {name.replace("None", "favicon") for name in named_addresses()}
        assert found == named | POST_ONLY | APART

    @pytest.mark.parametrize("page", PAGES, ids=str)
    def test_sends_strangers_to_the_sign_in(
        self, page: Page, fleet: BigFleet, anonymous: Client
    ) -> None:
        answer = anonymous.get(page.address(fleet))
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(reverse("login"))


class TestEveryPage:
    @pytest.mark.parametrize("page", PAGES, ids=str)
    def test_answers_with_few_queries_and_changes_nothing(
        self, page: Page, fleet: BigFleet, person: tuple[str, Client]
    ) -> None:
        role, client = person
        look = Look(client, page.address(fleet))
        roles = [VIEWER, OPERATOR, STAFF]
        refused = roles.index(role) < roles.index(page.who)
        assert look.answer.status_code == (403 if refused else 200)
        look.assert_light(page.most)
        look.assert_harmless()
        if not refused:
            missing = [k for k in page.shows.split() if not shows_escaped(look.text, k)]
            assert missing == []

    @pytest.mark.parametrize("page", [p for p in PAGES if not p.query], ids=str)
    def test_leads_on_with_few_queries(
        self, page: Page, fleet: BigFleet, operator: Client
    ) -> None:
        here = page.address(fleet)
        for _, attributes in Markup(Look(operator, here).text).elements:
            if attributes.get("rel") == "next":
                look = Look(operator, here + str(attributes["href"]))
                assert look.answer.status_code == 200
                look.assert_light(page.most)
                look.assert_harmless()


class TestAdmin:
    def test_shows_every_list_and_row_and_changes_nothing(
        self, fleet: BigFleet, staff: Client
    ) -> None:
        for address in admin_addresses():
            look = Look(staff, address)
            assert look.answer.status_code == 200, address
            assert [sql for sql in look.asked if not READS.match(sql)] == [], address
            look.assert_harmless()

    @pytest.mark.parametrize("role", ["viewer", "operator"])
    def test_is_for_staff(
        self, role: str, fleet: BigFleet, request: pytest.FixtureRequest
    ) -> None:
        client: Client = request.getfixturevalue(role)
        for address in admin_addresses():
            answer = client.get(address)
            assert answer.headers["Location"].startswith("/admin/login/"), address

    def test_knows_the_tables_that_people_ask_for(self) -> None:
        tables = {model._meta.db_table for model in admin.site._registry}
        assert tables >= {
            "spotify_accounts",
            "albums",
            "tracks",
            "playlists",
            "playlist_entries_history",
            "settings",
            "metric_snapshots",
        }
