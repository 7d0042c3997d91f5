"""Signing in and out: redirects, sessions, throttling, cookies, the admin's door."""

import re
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings as django_settings
from django.contrib.auth.hashers import get_hasher
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

pytestmark = pytest.mark.django_db

LIMIT = 10
COOKIE = "dashboard_session"
HOME = "/"
FOREIGN = [
    "https://evil.example/",
    "http://evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example/a",
    "\\\\evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "http:evil.example",
    "http:/evil.example",
    "http:///evil.example",
    "https:///evil.example/a",
    "https:evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "ftp://evil.example",
    "http://testserver@evil.example/",
    "http://testserver:80@evil.example/",
    "http://evil.example\\@testserver/",
    "http://testserver.evil.example/",
    "http://evil.example#testserver",
    "http://evil.example?testserver",
    "https://[::1",
    "http://[evil.example]/",
    "//evil.example\t",
    "/\t/evil.example",
    "/\n/evil.example",
    "\x00//evil.example",
    "\x1f//evil.example",
    " //evil.example",
    "\u3000//evil.example",
    "//evil。example",
    "//①②⑦.0.0.1/",
    "%2F%2Fevil.example",
    "http%3A%2F%2Fevil.example",
    "x" * 10_000 + "://evil.example",
]
LANDS_HERE = re.compile(r"(?!//)[^\\\x00-\x20:]*")
"""What a browser resolves to an address of this site: no scheme, no second slash."""


def form(password: str, **more: str) -> dict[str, str]:
    return {"username": "operator", "password": password} | more


RIGHT = form("operator-password")


def fail(client: Client, times: int, **more: str) -> list[int]:
    """Try wrong passwords; return the status of every answer."""
    tries = (form(f"wrong-{number}") | more for number in range(times))
    return [client.post("/sign-in/", typed).status_code for typed in tries]


@pytest.fixture
def person(operator_user: User) -> User:
    return operator_user


@pytest.mark.usefixtures("person")
class TestWayBack:
    @pytest.mark.parametrize("carrier", ["form", "address"])
    def test_never_leads_to_another_site(self, carrier: str) -> None:
        for target in FOREIGN:
            way = {"next": target}
            typed, query = (RIGHT | way, {}) if carrier == "form" else (RIGHT, way)
            assert_stays(Client().post("/sign-in/", typed, query_params=query))

    def test_never_leads_whoever_is_signed_in_to_another_site(
        self, operator: Client
    ) -> None:
        for target in FOREIGN:
            assert_stays(operator.get("/sign-in/", {"next": target}))

    @pytest.mark.parametrize("path", ["/theme/", "/accounts/switch/"])
    def test_stays_here_from_every_form_that_names_a_page(
        self, operator: Client, path: str
    ) -> None:
        for target in FOREIGN:
            assert_stays(operator.post(path, {"next": target}))

    def test_stays_here_from_the_admins_door(self, anonymous: Client) -> None:
        for target in FOREIGN:
            assert_stays(anonymous.get("/admin/login/", {"next": target}))

    def test_leads_to_the_page_that_was_wanted(self, anonymous: Client) -> None:
        answer = anonymous.get("/playlists/?q=a&page=2")
        wanted = answer["Location"]
        assert wanted == "/sign-in/?next=/playlists/%3Fq%3Da%26page%3D2"
        assert anonymous.post(wanted, RIGHT)["Location"] == "/playlists/?q=a&page=2"


@pytest.mark.usefixtures("person")
class TestSession:
    def test_gets_a_new_key_with_the_sign_in(self, anonymous: Client) -> None:
        session = anonymous.session
        session["theme"] = "light"
        session.save()
        before = str(session.session_key)
        anonymous.cookies[COOKIE] = before
        anonymous.post("/sign-in/", RIGHT)
        after = anonymous.cookies[COOKIE].value
        assert after != before
        assert not Session.objects.filter(session_key=before).exists()

    def test_takes_no_key_from_outside(self, anonymous: Client) -> None:
        anonymous.cookies[COOKIE] = "a" * 32
        anonymous.post("/sign-in/", RIGHT)
        assert anonymous.cookies[COOKIE].value != "a" * 32
        assert not Session.objects.filter(session_key="a" * 32).exists()

    def test_dies_with_the_sign_out(self, operator: Client) -> None:
        key = operator.cookies[COOKIE].value
        operator.post("/sign-out/")
        assert not Session.objects.exists()
        assert is_sign_in(with_key(key).get("/profile/"))

    def test_dies_elsewhere_when_the_password_is_changed(
        self, operator: Client
    ) -> None:
        elsewhere = Client()
        elsewhere.post("/sign-in/", RIGHT)
        old = operator.cookies[COOKIE].value
        fresh = "a-much-better-one"
        answer = operator.post(
            "/profile/",
            {
                "old_password": "operator-password",
                "new_password1": fresh,
                "new_password2": fresh,
            },
        )
        assert answer.status_code == 302
        assert operator.get("/profile/").status_code == 200
        assert is_sign_in(elsewhere.get("/profile/"))
        assert is_sign_in(with_key(old).get("/profile/"))

    def test_dies_with_the_account_of_the_person(
        self, operator: Client, person: User
    ) -> None:
        person.is_active = False
        person.save()
        assert is_sign_in(operator.get("/profile/"))

    @pytest.mark.parametrize("stay", ["on", ""])
    def test_ends_after_twelve_hours_on_the_server(
        self, anonymous: Client, stay: str
    ) -> None:
        anonymous.post("/sign-in/", RIGHT | {"stay": stay})
        row = Session.objects.get()
        left = row.expire_date - timezone.localtime()
        assert timedelta(hours=11, minutes=55) < left <= timedelta(hours=12)
        row.expire_date -= timedelta(hours=12)
        row.save()
        assert is_sign_in(anonymous.get("/profile/"))

    def test_is_not_made_longer_by_looking_at_pages(self, anonymous: Client) -> None:
        anonymous.post("/sign-in/", RIGHT)
        before = Session.objects.get().expire_date
        anonymous.get("/profile/")
        anonymous.get("/library/")
        assert Session.objects.get().expire_date == before


class TestCookies:
    @pytest.mark.parametrize("secure", [True, False])
    def test_are_as_safe_as_the_address_allows(
        self,
        anonymous: Client,
        person: User,
        settings: Any,
        secure: bool,  # noqa: FBT001
    ) -> None:
        for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "HTTPS"):
            setattr(settings, name, secure)
        anonymous.get("/sign-in/", secure=secure)
        anonymous.post("/sign-in/", RIGHT, secure=secure)
        anonymous.post("/theme/", {"theme": "light"}, secure=secure)
        cookies = anonymous.cookies
        assert set(cookies) >= {COOKIE, "csrftoken", "theme"}
        for cookie in cookies.values():
            assert bool(cookie["secure"]) is secure, cookie.key
            assert cookie["samesite"] == "Lax", cookie.key
            assert cookie["domain"] == "", cookie.key
        assert cookies[COOKIE]["httponly"]

    def test_follow_the_scheme_of_the_public_address(self) -> None:
        https = django_settings.PUBLIC_BASE_URL.startswith("https://")
        assert https is django_settings.SESSION_COOKIE_SECURE


@pytest.mark.usefixtures("person")
class TestThrottle:
    def test_closes_after_ten_wrong_tries(self, anonymous: Client) -> None:
        assert fail(anonymous, LIMIT) == [422] * (LIMIT - 1) + [429]

    def test_refuses_the_right_password_then(self, anonymous: Client) -> None:
        fail(anonymous, LIMIT)
        answer = anonymous.post("/sign-in/", RIGHT)
        assert answer.status_code == 429
        assert "_auth_user_id" not in anonymous.session

    def test_lets_nine_slips_pass_and_forgets_them(self, anonymous: Client) -> None:
        fail(anonymous, LIMIT - 1)
        assert anonymous.post("/sign-in/", RIGHT).status_code == 302
        assert not AccessAttempt.objects.exists()

    def test_says_in_the_house_until_when(self, anonymous: Client) -> None:
        fail(anonymous, LIMIT - 1)
        answer = anonymous.post("/sign-in/", form("wrong"))
        page = answer.content.decode()
        until = AccessAttempt.objects.get().attempt_time + timedelta(minutes=15)
        assert page.count("<h1") == 1
        assert "plain-page" in page
        assert f"until <b>{until:%H:%M} UTC</b>" in page
        asked = parsedate_to_datetime(answer["Retry-After"])
        assert asked == until.replace(microsecond=0)

    def test_opens_when_the_time_is_over(self, anonymous: Client) -> None:
        fail(anonymous, LIMIT)
        for attempt in AccessAttempt.objects.all():
            attempt.attempt_time -= timedelta(minutes=15, seconds=1)
            attempt.save()
        assert anonymous.post("/sign-in/", RIGHT).status_code == 302

    def test_is_not_prolonged_by_further_tries(self, anonymous: Client) -> None:
        fail(anonymous, LIMIT)
        before = AccessAttempt.objects.get().attempt_time
        fail(anonymous, 3)
        assert AccessAttempt.objects.get().attempt_time == before

    def test_looks_at_no_more_than_ten_passwords(
        self, anonymous: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looked = []
        check = User.check_password

        def count(user: User, password: str) -> bool:
            looked.append(password)
            return check(user, password)

        monkeypatch.setattr(User, "check_password", count)
        fail(anonymous, 3 * LIMIT)
        assert len(looked) == LIMIT

    @pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "User-Agent"])
    def test_is_not_fooled_by_headers(self, anonymous: Client, header: str) -> None:
        statuses = [
            anonymous.post(
                "/sign-in/", form("wrong"), headers={header: f"10.0.0.{number}"}
            ).status_code
            for number in range(LIMIT + 1)
        ]
        assert statuses[LIMIT:] == [429]

    def test_is_not_fooled_by_blanks_around_the_name(self, anonymous: Client) -> None:
        fail(anonymous, LIMIT - 1, username=" operator ")
        assert fail(anonymous, 1) == [429]

    def test_shuts_out_neither_others_nor_the_person_elsewhere(
        self, anonymous: Client, viewer_user: User
    ) -> None:
        fail(anonymous, LIMIT)
        other = {"username": "viewer", "password": "viewer-password"}
        assert Client().post("/sign-in/", other).status_code == 302
        elsewhere = Client(REMOTE_ADDR="10.1.2.3")
        assert elsewhere.post("/sign-in/", RIGHT).status_code == 302

    def test_keeps_no_password_and_no_token(self, anonymous: Client) -> None:
        fail(anonymous, 2, csrfmiddlewaretoken="t" * 64)
        row = AccessAttempt.objects.get()
        kept = " ".join(str(getattr(row, field.name)) for field in row._meta.fields)
        assert "wrong-" not in kept
        assert "t" * 64 not in kept

    def test_survives_odd_requests(self, anonymous: Client) -> None:
        headers = {"User-Agent": "\x00" * 400, "Accept": "a" * 5_000}
        typed = form("\x00", username="o\x00perator", next="\x00" * 5_000)
        answer = anonymous.post("/sign-in/?\x00=\x00", typed, headers=headers)
        assert answer.status_code == 422


@pytest.mark.usefixtures("person")
class TestUnknownPeople:
    def test_get_the_same_answers_as_known_ones(self) -> None:
        known, unknown = Client(), Client(REMOTE_ADDR="10.9.9.9")
        for number in range(LIMIT + 1):
            here = known.post("/sign-in/", form(f"wrong-{number}"))
            there = unknown.post(
                "/sign-in/", form(f"wrong-{number}", username="nobody-here")
            )
            assert here.status_code == there.status_code
            assert said(here.content) == said(there.content)

    def test_cost_as_much_work(
        self, anonymous: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hashed = []
        hasher = type(get_hasher())
        encode = hasher.encode

        def count(self: Any, *args: Any, **kwargs: Any) -> str:
            hashed.append(args)
            return encode(self, *args, **kwargs)

        monkeypatch.setattr(hasher, "encode", count)
        anonymous.post("/sign-in/", form("wrong"))
        for_known = len(hashed)
        anonymous.post("/sign-in/", form("wrong", username="nobody-here"))
        assert len(hashed) == 2 * for_known > 0


class TestAdminsDoor:
    def test_is_the_sign_in_of_the_house(self, anonymous: Client) -> None:
        answer = anonymous.get("/admin/auth/user/", follow=True)
        assert answer.redirect_chain[-1] == ("/sign-in/?next=/admin/auth/user/", 302)

    def test_takes_no_password_of_its_own(
        self, anonymous: Client, staff_user: User
    ) -> None:
        typed = {"username": "staff", "password": "staff-password"}
        answer = anonymous.post("/admin/login/?next=/admin/", typed)
        assert answer["Location"] == "/sign-in/?next=/admin/"
        assert "_auth_user_id" not in anonymous.session

    def test_lets_staff_through(self, anonymous: Client, staff_user: User) -> None:
        typed = {"username": "staff", "password": "staff-password"}
        answer = anonymous.post("/sign-in/?next=/admin/", typed, follow=True)
        assert answer.redirect_chain[-1] == ("/admin/", 302)
        assert answer.status_code == 200

    def test_says_to_others_that_it_is_for_staff(self, operator: Client) -> None:
        answer = operator.get("/admin/", follow=True)
        assert answer.status_code == 403
        assert b"The admin is for staff." in answer.content

    def test_leads_out_to_the_same_page(self, staff: Client) -> None:
        assert staff.post("/admin/logout/")["Location"] == "/sign-in/"


def assert_stays(answer: Any) -> None:
    """The answer redirects to an address that no browser takes for another site."""
    assert answer.status_code == 302
    assert LANDS_HERE.fullmatch(answer["Location"]), answer["Location"]


def with_key(key: str) -> Client:
    """Return a client that presents a session's key."""
    client = Client()
    client.cookies[COOKIE] = key
    return client


def is_sign_in(answer: Any) -> bool:
    location: str = answer.get("Location", "")
    return bool(answer.status_code == 302 and location.startswith("/sign-in/"))


def said(content: bytes) -> str:
    """Return a page without what differs from request to request."""
    page = content.decode().replace("nobody-here", "operator")
    return re.sub(r"\w{64}", "token", re.sub(r"\d\d:\d\d UTC", "then", page))
