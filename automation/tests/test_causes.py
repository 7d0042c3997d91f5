"""The table of causes, and how it reaches those who read it."""

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from automation import causes
from automation.models import Run

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WITHOUT_WORDS = {"permanent", ""}
"""Reasons whose own text says all there is to say."""


def make(state: str, reason: str, **fields: object) -> Run:
    fields = {"due_at": NOW + timedelta(hours=2), "lane": "account:7"} | fields
    return Run(title="T", state=state, reason=reason, error="So it was told.", **fields)


def reasons_in(source: str) -> set[str]:
    """Return the reasons that are written out where waits and blocks are raised."""
    calls = [one for one in ast.walk(ast.parse(source)) if isinstance(one, ast.Call)]
    found = set()
    for call in calls:
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        place = {"WaitError": 1, "BlockedError": 0}.get(name)
        if place is not None and len(call.args) > place:
            found.add(getattr(call.args[place], "value", None))
        found |= {
            getattr(keyword.value, "value", None)
            for keyword in call.keywords
            if keyword.arg == "reason" and name in ("fail", "update_owned")
        }
    return {reason for reason in found if isinstance(reason, str)}


class TestTable:
    def test_explains_every_reason_that_the_product_gives(self) -> None:
        given = set()
        for app in ("accounts", "automation", "library", "playlists", "metrics"):
            for file in Path(settings.BASE_DIR, app).rglob("*.py"):
                if "tests" not in file.parts:
                    given |= reasons_in(file.read_text(encoding="utf-8"))
        assert len(given) > 10
        assert given - WITHOUT_WORDS <= causes.CAUSES.keys()

    @pytest.mark.parametrize("reason", causes.CAUSES)
    def test_says_what_it_stops_and_what_to_do_and_where(self, reason: str) -> None:
        cause = causes.CAUSES[reason]
        assert cause.stops.endswith(".")
        assert cause.todo.endswith(".")
        run = make(Run.State.BLOCKED, reason, url="/playlists/3/")
        found = causes.explain(run)
        assert found is not None
        assert bool(found.url) == bool(found.label)
        if cause.wants_a_person and cause.reach != causes.Reach.RUN:
            assert found.url

    def test_leads_to_the_account_of_the_run(self) -> None:
        found = causes.explain(make(Run.State.BLOCKED, "needs_reauth"))
        assert found is not None
        assert found.url == reverse("accounts:renew", args=[7])

    def test_leads_to_all_accounts_where_the_run_names_none(self) -> None:
        found = causes.explain(make(Run.State.BLOCKED, "seat", lane=""))
        assert found is not None
        assert found.url == reverse("accounts:list")


class TestInOneLine:
    def line(self, run: Run) -> str:
        return causes.in_one_line(run, say_time=lambda moment: f"{moment:%H:%M}")

    @pytest.mark.parametrize(
        ("reason", "expected"),
        [
            ("circuit", "Waits until 14:00: Spotify asked for a pause."),
            ("budget:catalogue", "Waits until 14:00: the day's budget is used up."),
            ("premium", "Waits until 14:00: Premium of the app's owner has lapsed."),
        ],
    )
    def test_says_until_when_and_why(self, reason: str, expected: str) -> None:
        assert self.line(make(Run.State.PLANNED, reason)) == expected

    def test_says_what_a_person_is_to_do(self) -> None:
        line = self.line(make(Run.State.BLOCKED, "account_paused"))
        assert line == "The account is paused. Resume it."

    def test_leaves_a_failure_its_own_words(self) -> None:
        assert self.line(make(Run.State.FAILED, "exhausted")) == "So it was told."

    def test_leaves_a_reason_it_does_not_know_its_own_words(self) -> None:
        assert self.line(make(Run.State.PLANNED, "moon")) == "So it was told."


class TestWaitsInWords:
    def test_counts_by_cause_and_names_the_first_to_go_on(self) -> None:
        late = NOW + timedelta(hours=5)
        runs = [
            make(Run.State.PLANNED, "quota", due_at=late),
            make(Run.State.PLANNED, "quota"),
            make(Run.State.PLANNED, "token", due_at=NOW),
            make(Run.State.BLOCKED, "seat"),
        ]
        assert causes.waits_in_words(runs, say_time=causes.in_utc) == [
            "1 waits until 2026-11-22 12:00 UTC: the token is being refreshed.",
            "2 wait until 2026-11-22 14:00 UTC or later: Spotify's quota is used up.",
        ]
