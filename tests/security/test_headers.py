"""The headers of every kind of answer, and error pages that give nothing away."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from tests.security.faulty_urls import SECRET
from vibe_engine.testing.fixtures import sign_in

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.security.faulty_urls"),
]

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
FAULTS = {
    "/faulty/bad/": 400,
    "/faulty/denied/": 403,
    "/faulty/missing/": 404,
    "/nowhere/": 404,
    "/theme/": 405,
    "/faulty/breaks/": 500,
}
STATIC = "/static/css/base.css"
PUBLIC = {
    "/sign-in/": 200,
    "/profile/": 302,
    "/admin/": 302,
    "/oauth/spotify/callback?error=access_denied": 400,
    "/healthz": 200,
}
SIGNED_IN = {
    "/": 200,
    "/library/": 200,
    "/accounts/": 200,
    "/automation/drawer/": 302,
    "/profile/": 200,
    "/admin/": 200,
    "/admin/auth/user/": 200,
}


def policy_of(headers: Mapping[str, str]) -> dict[str, set[str]]:
    """Return the directives of an answer's content security policy."""
    directives = headers["Content-Security-Policy"].split(";")
    parts = [directive.split() for directive in directives if directive.strip()]
    return {name: set(sources) for name, *sources in parts}


def assert_guarded(headers: Mapping[str, str]) -> None:
    for name, value in HEADERS.items():
        assert headers.get(name) == value, name
    assert "camera=()" in headers["Permissions-Policy"]
    policy = policy_of(headers)
    assert policy["default-src"] == {"'none'"}
    assert policy["script-src"] == {"'self'"}
    assert policy["style-src"] == {"'self'"}
    assert policy["base-uri"] == {"'none'"}
    assert policy["frame-ancestors"] == {"'none'"}


@pytest.fixture
def forgiving(staff_user: User) -> Client:
    """Staff whose client shows the page of a failed view instead of raising."""
    client = sign_in(staff_user)
    client.raise_request_exception = False
    return client


class TestEveryAnswer:
    @pytest.mark.parametrize(("path", "status"), (PUBLIC | FAULTS).items())
    def test_to_strangers_is_guarded(
        self, anonymous: Client, path: str, status: int
    ) -> None:
        anonymous.raise_request_exception = False
        answer = anonymous.get(path)
        assert answer.status_code == status
        assert_guarded(answer.headers)

    @pytest.mark.parametrize(("path", "status"), (SIGNED_IN | FAULTS).items())
    def test_to_people_is_guarded_and_never_stored(
        self, forgiving: Client, path: str, status: int
    ) -> None:
        answer = forgiving.get(path)
        assert answer.status_code == status
        assert_guarded(answer.headers)
        assert "no-store" in answer["Cache-Control"]

    def test_that_is_a_fragment_is_guarded(self, operator: Client) -> None:
        answer = operator.get("/automation/drawer/", headers={"HX-Request": "true"})
        assert b"<html" not in answer.content
        assert_guarded(answer.headers)
        assert answer["Cache-Control"] == "no-store"

    def test_to_an_odd_host_is_guarded(self, anonymous: Client) -> None:
        answer = anonymous.get("/", headers={"Host": "evil.example"})
        assert answer.status_code == 400
        assert_guarded(answer.headers)

    def test_to_a_forged_form_is_guarded(self, anonymous: Client) -> None:
        answer = Client(enforce_csrf_checks=True).post("/theme/", {"theme": "light"})
        assert answer.status_code == 403
        assert_guarded(answer.headers)

    def test_to_a_form_in_error_is_guarded(self, anonymous: Client) -> None:
        answer = anonymous.post("/sign-in/", {"username": "x", "password": "y"})
        assert answer.status_code == 422
        assert_guarded(answer.headers)

    def test_may_be_cached_only_where_it_is_the_same_for_all(
        self, staff: Client
    ) -> None:
        answer = staff.get(STATIC)
        answer.close()
        assert_guarded(answer.headers)
        assert "no-store" not in answer["Cache-Control"]


class TestContentSecurityPolicy:
    def test_sends_forms_nowhere_but_here_and_to_the_consent_page(
        self, anonymous: Client
    ) -> None:
        policy = policy_of(anonymous.get("/sign-in/").headers)
        assert policy["form-action"] == {"'self'", settings.SANDBOX_URL}

    def test_shows_pictures_of_here_and_of_spotify(self, anonymous: Client) -> None:
        policy = policy_of(anonymous.get("/sign-in/").headers)
        assert policy["img-src"] == {"'self'", *settings.SPOTIFY_IMAGE_HOSTS}

    def test_allows_nothing_unsafe(self, anonymous: Client) -> None:
        policy = anonymous.get("/sign-in/")["Content-Security-Policy"]
        for word in ("unsafe", "data:", "blob:", " *", "http: ", "https: "):
            assert word not in policy


class TestHttps:
    @pytest.fixture(autouse=True)
    def _served_by_https(self, settings: Any) -> None:
        settings.SECURE_SSL_REDIRECT = True
        settings.SECURE_SSL_HOST = "vibe.example.org"
        settings.SECURE_HSTS_SECONDS = 31_536_000
        settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True

    def test_is_remembered_by_browsers_for_a_year(self, anonymous: Client) -> None:
        for path in ("/sign-in/", "/nowhere/", STATIC):
            answer = anonymous.get(path, secure=True)
            answer.close()
            told = answer["Strict-Transport-Security"]
            assert told == "max-age=31536000; includeSubDomains"

    def test_is_where_plain_requests_are_sent(self, anonymous: Client) -> None:
        answer = anonymous.get("/library/?q=a", headers={"Host": "evil.example"})
        assert answer.status_code == 301
        assert answer["Location"] == "https://vibe.example.org/library/?q=a"

    def test_is_not_asked_of_the_health_probes(self, anonymous: Client) -> None:
        assert anonymous.get("/healthz").status_code == 200

    def test_is_believed_of_a_proxy_only_where_one_is_named(
        self, anonymous: Client, settings: Any
    ) -> None:
        headers = {"X-Forwarded-Proto": "https"}
        assert anonymous.get("/sign-in/", headers=headers).status_code == 301
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        assert anonymous.get("/sign-in/", headers=headers).status_code == 200


class TestErrorPages:
    @pytest.mark.parametrize(("path", "status"), FAULTS.items())
    def test_are_ours_and_give_nothing_away(
        self, forgiving: Client, path: str, status: int
    ) -> None:
        page = forgiving.get(path).content.decode()
        assert page.count("<h1") == 1
        assert f'aria-hidden="true">{status}<' in page
        assert SECRET not in page
        assert "Traceback" not in page
        assert settings.SECRET_KEY not in page

    @pytest.mark.parametrize("path", FAULTS)
    def test_come_without_a_session_too(self, anonymous: Client, path: str) -> None:
        anonymous.raise_request_exception = False
        page = anonymous.get(path).content.decode()
        assert page.count("<h1") == 1
        assert 'class="rail"' not in page

    def test_name_the_setting_when_the_host_is_odd(self, anonymous: Client) -> None:
        answer = anonymous.get("/", headers={"Host": "evil.example"})
        assert b"ALLOWED_HOSTS" in answer.content
        assert b"evil.example" not in answer.content

    def test_keep_telling_which_methods_are_allowed(self, anonymous: Client) -> None:
        answer = anonymous.get("/theme/")
        assert answer["Allow"] == "POST"
        assert b"when its button is pressed" in answer.content
