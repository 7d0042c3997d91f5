"""Health from facts, and what machines are told of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django_celery_beat.models import PeriodicTask

from accounts.tests.factories import make_developer
from automation import holds
from automation.schedules import ensure_defaults
from automation.tests.factories import make_run
from metrics import health
from metrics.health import Fact
from metrics.tests.factories import beat_engine

pytestmark = pytest.mark.portable
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def fact(part: str, now: datetime = NOW) -> Fact:
    """Return what is said of one part."""
    return next(one for one in health.facts(now=now) if one.part == part)


@pytest.mark.django_db
class TestFacts:
    def test_misses_an_engine_that_never_ran(self) -> None:
        assert fact("Engine").mark == "bad"
        assert "manage.py engine" in fact("Engine").todo

    def test_believes_an_engine_that_was_heard_a_minute_ago(self) -> None:
        beat_engine(NOW - timedelta(seconds=59))
        assert fact("Engine") == Fact(
            "Engine", "ok", "leads", "59 s since its last round"
        )

    def test_misses_an_engine_that_fell_silent(self) -> None:
        beat_engine(NOW - timedelta(minutes=2))
        assert (fact("Engine").mark, fact("Engine").state) == ("bad", "silent")

    def test_says_how_long_the_oldest_due_run_waits(self) -> None:
        assert fact("Work").measure == "no run is due"
        make_run(now=NOW - timedelta(minutes=4))
        assert fact("Work").mark == "ok"
        make_run(now=NOW - timedelta(minutes=6))
        assert fact("Work").mark == "warn"
        assert fact("Work").measure == "oldest due run waits 6 min"

    def test_says_how_pushes_go_and_who_holds_them_back(self) -> None:
        assert fact("Pushes").measure == "0 of 0 failed within 1 h"
        holds.enter_shadow(now=NOW - timedelta(hours=3))
        assert (fact("Pushes").mark, fact("Pushes").state) == ("warn", "shadow mode")
        reason = "11 of 20 pushes failed within 1 h."
        holds.stop_writing(now=NOW - timedelta(hours=2), reason=reason)
        assert fact("Pushes").measure == "for 2 h, by Vibe Engine"
        assert fact("Pushes").todo == (
            "11 of 20 pushes failed within 1 h. Resume pushes when that is settled."
        )

    def test_pings_the_broker(self, settings: Any) -> None:
        if settings.REDIS_URL:
            assert fact("Broker").state == "answers"
        settings.REDIS_URL = "unix:///nowhere/broker.sock"
        assert fact("Broker").mark == "warn"
        settings.REDIS_URL = ""
        assert fact("Broker") == Fact("Broker", "ok", "none", "the engine works alone")

    def test_expects_beat_only_where_there_is_a_broker(self, settings: Any) -> None:
        settings.REDIS_URL = ""
        assert fact("Beat").state == "not needed"
        settings.REDIS_URL = "unix:///nowhere/broker.sock"
        assert (fact("Beat").mark, fact("Beat").state) == ("warn", "silent")

    def test_gives_beat_time_to_begin(self, settings: Any) -> None:
        settings.REDIS_URL = "unix:///nowhere/broker.sock"
        ensure_defaults(now=NOW)
        PeriodicTask.objects.update(date_changed=NOW)
        soon, later = NOW + timedelta(minutes=1), NOW + timedelta(minutes=4)
        assert fact("Beat", soon).state == "begins"
        assert fact("Beat", later).state == "silent"
        PeriodicTask.objects.update(last_run_at=later)
        assert fact("Beat", later).state == "wakes the engine"

    def test_says_why_and_until_when_calls_rest(self) -> None:
        until = NOW + timedelta(hours=2)
        make_developer(name="Kiosk", circuit_open_until=until, circuit_cause="quota")
        assert fact("Kiosk").measure == "until today 14:00"
        assert "quota" in fact("Kiosk").todo
        assert fact("Kiosk", until).state == "calls pass"


class TestHealthPage:
    def test_says_how_many_parts_need_a_look(self, viewer: Client) -> None:
        page = viewer.get("/health/").content.decode()
        assert "parts need" in page
        assert "Start manage.py engine" in page

    def test_answers_htmx_with_the_table_alone(self, viewer: Client) -> None:
        headers = {"HX-Request": "true", "HX-Target": "health"}
        page = viewer.get("/health/", headers=headers).content.decode()
        assert page.strip().startswith('<div id="health">')

    def test_is_not_for_strangers(self, anonymous: Client) -> None:
        assert anonymous.get("/health/").status_code == 302


class TestHealthz:
    def test_answers_without_asking_the_database(
        self, client: Client, django_assert_num_queries: Any, db: None
    ) -> None:
        with django_assert_num_queries(0):
            response = client.get("/healthz")
        assert response.json() == {"status": "ok"}


class TestReadyz:
    @pytest.mark.django_db
    def test_is_ready_although_other_parts_are_missing(self, client: Client) -> None:
        response = client.get("/readyz")
        assert response.status_code == 200
        parts = response.json()["parts"]
        assert parts["database"] == "ok"
        assert parts["engine"] == "degraded"

    @pytest.mark.django_db
    def test_is_not_ready_before_every_migration(self, client: Client) -> None:
        (newest,) = MigrationLoader(connection).graph.leaf_nodes("metrics")
        MigrationRecorder(connection).record_unapplied(*newest)
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response.json()["parts"] == {"database": "migrations pending"}

    @pytest.mark.django_db(transaction=True)
    def test_is_not_ready_without_the_database(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connection.close()
        with monkeypatch.context() as patched:
            patched.setitem(connection.settings_dict, "NAME", "/nowhere/at.all")
            response = client.get("/readyz")
        connection.close()
        assert response.status_code == 503
        assert response.json()["parts"] == {"database": "away"}
