"""The list of runs: filters, pages by key, and what it asks of the database."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from automation import ledger, runlist
from automation.models import Run
from automation.runlist import Wanted
from automation.tests.factories import make_run, make_spec, make_working_run
from vibe_engine import clock, tracing
from vibe_engine.errors import WaitError

pytestmark = pytest.mark.django_db

FRAGMENT = {"HX-Request": "true", "HX-Target": "runs"}


def titles(wanted: Wanted) -> list[str]:
    return [run.title for run in wanted.runs()]


def make_many(count: int) -> list[int]:
    """Open so many runs; return their keys, newest first."""
    return [make_run().pk for _ in range(count)][::-1]


class TestWanted:
    @pytest.mark.parametrize(
        ("changes", "wanted"),
        [
            ({"kind": "tests.other"}, {"kind": "tests.other"}),
            ({"lane": "account:7"}, {"lane": "account:7"}),
            ({"title": "Odd % one"}, {"q": "odd %"}),
            ({"priority": Run.Priority.SCHEDULED}, {"who": "schedule"}),
        ],
    )
    def test_takes_what_matches_alone(
        self, changes: dict[str, Any], wanted: dict[str, str]
    ) -> None:
        make_run(title="Another")
        found = make_run(**changes)
        assert titles(Wanted(**wanted)) == [found.title]

    def test_tells_a_person_from_the_command_line(self, operator_user: User) -> None:
        ledger.open_run(
            make_spec(title="Mine"), now=clock.now(), requested_by=operator_user
        )
        make_run(title="From a shell")
        assert titles(Wanted(who=str(operator_user.pk))) == ["Mine"]
        assert titles(Wanted(who="shell")) == ["From a shell"]
        assert runlist.people() == [operator_user]

    def test_shows_what_is_inside_a_bulk_only_when_asked_for(self) -> None:
        children = [make_spec(title="Child", lane="account:7")]
        ledger.open_bulk(
            kind="tests.bulk", title="Bulk", children=children, now=clock.now()
        )
        assert titles(Wanted()) == ["Bulk"]
        assert titles(Wanted(state="active")) == ["Bulk"]
        assert titles(Wanted(q="child")) == ["Child"]


class TestPages:
    def test_lead_there_and_back_over_every_run_once(self) -> None:
        keys = make_many(2 * runlist.PAGE + 3)
        page = runlist.page_of(Wanted().runs(), older_than=None, newer_than=None)
        seen = [run.pk for run in page]
        assert page.newer is None
        while page.older is not None:
            page = runlist.page_of(
                Wanted().runs(), older_than=page.older, newer_than=None
            )
            seen += [run.pk for run in page]
        assert seen == keys
        page = runlist.page_of(Wanted().runs(), older_than=None, newer_than=page.newer)
        assert [run.pk for run in page] == keys[runlist.PAGE : 2 * runlist.PAGE]

    def test_ask_with_as_many_queries_however_many_runs(
        self, viewer: Client, django_assert_max_num_queries: Any
    ) -> None:
        make_many(runlist.PAGE + 1)
        with django_assert_max_num_queries(7):
            viewer.get("/automation/?kind=tests.echo", headers=FRAGMENT)

    def test_keep_their_filters_in_links_and_when_they_look_again(
        self, viewer: Client
    ) -> None:
        make_many(runlist.PAGE + 1)
        address = "/automation/?q=Thing&state=active"
        text = viewer.get(address, headers=FRAGMENT).content.decode()
        assert (
            'hx-get="/automation/?q=Thing&amp;state=active" hx-trigger="every' in text
        )
        (older,) = set(re.findall(r'href="(\?[^"]*older=[^"]*)"', text))
        assert "q=Thing" in older
        assert "state=active" in older
        rest = viewer.get(f"/automation/{older.replace('&amp;', '&')}")
        assert rest.context["page"].newer is not None

    @pytest.mark.parametrize(
        "query",
        [
            "older=x",
            "newer=-1",
            "older=99999999999999999999",
            "who=1%00",
            "lane=x' OR 1",
        ],
    )
    def test_take_nonsense_as_nothing(self, viewer: Client, query: str) -> None:
        run = make_run()
        page = viewer.get(f"/automation/?{query}")
        assert [one.pk for one in page.context["page"]] == [run.pk]


class TestStory:
    def test_names_calls_waits_and_tries(self, viewer: Client) -> None:
        run = make_working_run()
        route = "PUT /playlists/{id}/items"
        with tracing.trace(run=run.pk):
            ledger.note_step(run, "<b>Filling it</b>")
            for status in (200, 200, 429, 0):
                tracing.note_call(route, status=status, took_ms=1_234)
            ledger.postpone(run, WaitError(clock.now(), "rate", "Asked to wait."))
        page = viewer.get(run.get_absolute_url()).content.decode()
        assert "200 OK × 2, 429 Too Many Requests, no answer" in page
        assert "&lt;b&gt;Filling it&lt;/b&gt;" in page
        assert "no answer, 1,234 ms" in page
        assert page.count("Asked to wait.") >= 1
