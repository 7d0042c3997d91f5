"""Hosts, headers and methods, as the middleware of the house sees them."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from vibe_engine.middleware import security_headers

pytestmark = pytest.mark.django_db


class TestLoopbackRedirect:
    def test_leads_from_localhost_to_the_address_that_spotify_accepts(
        self, anonymous: Client
    ) -> None:
        answer = anonymous.get("/library/?q=a%20b", headers={"Host": "localhost:8000"})
        assert answer.status_code == 302
        assert answer["Location"] == "http://127.0.0.1:8000/library/?q=a%20b"

    def test_leaves_forms_alone(self, anonymous: Client) -> None:
        answer = anonymous.post(
            "/theme/", {"theme": "light"}, headers={"Host": "localhost:8000"}
        )
        assert answer["Location"] == "/"

    def test_stays_out_of_live_mode(self, anonymous: Client, settings: Any) -> None:
        settings.DEMO = False
        answer = anonymous.get("/healthz", headers={"Host": "localhost:8000"})
        assert answer.status_code == 200


class TestSecurityHeaders:
    def test_keep_pages_of_a_session_out_of_every_cache(self, viewer: Client) -> None:
        assert viewer.get("/profile/")["Cache-Control"] == "no-store"

    def test_need_no_database_to_know_a_session(
        self, rf: RequestFactory, django_assert_num_queries: Any
    ) -> None:
        rf.cookies["dashboard_session"] = "whatever"
        request = rf.get("/")
        with django_assert_num_queries(0):
            answer = security_headers(lambda request: HttpResponse())(request)
        assert answer["Cache-Control"] == "no-store"

    def test_leave_what_everybody_may_see_to_caches(self, anonymous: Client) -> None:
        assert "Cache-Control" not in anonymous.get("/healthz")


class TestPageForWrongMethod:
    def test_stands_in_the_frame(self, viewer: Client) -> None:
        answer = viewer.get("/sign-out/")
        assert answer.status_code == 405
        assert answer["Allow"] == "POST, OPTIONS"
        assert b'class="rail"' in answer.content
        assert b"Nothing happens here by itself" in answer.content


class TestPersonalTimeZone:
    @pytest.mark.parametrize(
        "name", ["Mars/Olympus", "../../etc/passwd", "a" * 5_000, "America", "\x00"]
    )
    def test_falls_back_to_utc_for_zones_that_there_are_not(
        self, anonymous: Client, name: str
    ) -> None:
        anonymous.cookies["timezone"] = name
        assert anonymous.get("/sign-in/").status_code == 200
