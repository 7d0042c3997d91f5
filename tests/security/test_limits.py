"""Requests that no browser sends: too large, broken, strange. Never a crash."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.security.fleet import Fleet, all_rows, make_fleet
from tests.security.test_roles import NOBODY, WHO_MAY, addresses, patterns

pytestmark = pytest.mark.django_db

FIVE_MEGABYTES = 5 * 1024 * 1024
NASTY = (
    "\x00",
    "a\x00b",
    "\ufffe\U0010ffff",
    "\u202e\u200f\u2066",
    "%00",
    "-1",
    "1e999",
    "NaN",
    "-inf",
    "9" * 18,
    str(2**63),
    "9" * 30,
    "9" * 5_000,
    "٣",
    "9999-99-99",
    '{"a": 1}',
    "' OR 1=1 --",
    "__class__",
    "<script>alert(1)</script>",
    "x" * 20_000,
    "",
    " ",
    "\r\nSet-Cookie: a=b",
)
GENERIC = {"q", "sort", "page", "at", "next", "scope", "key", "pk", "all", "action"}
PARAMETER = re.compile(r"""\bname="(\w+)"|[?&;](\w+)=""")
NUMBERS = (2**31, 2**63 - 1, 2**63, 10**30, 10**5_000)
PATHS = (
    "/%00",
    "/playlists/%00/",
    "/playlists/1%00/",
    "/library/albums/%ff%fe/",
    "/settings/%F0%9F%8E%B5/restore/",
    "/%E0%A4%A",
    "/..%2f..%2fetc/passwd",
    "/static/..%2f..%2fmanage.py",
    "/static/%00",
    "/admin/%00/",
    "/admin/accounts/app/%00/change/",
    "/admin/accounts/app/99999999999999999999999/change/",
    "/admin/auth/user/?q=%00",
    "/admin/auth/user/?p=99999999999999999999",
    "/admin/accounts/account/?status__exact=%00",
    "/admin/r/1/99999999999999999999999/",
    "/library/?q=%ED%A0%80%FF",
    "/" + "a/" * 3_000,
    "/playlists/" + "9" * 10_000 + "/",
)

Values = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=30),
    st.integers().map(str),
    st.floats().map(str),
    st.dates().map(str),
)


@pytest.fixture
def fleet(db: None) -> Fleet:
    return make_fleet()


def fields_of(client: Client, address: str) -> set[str]:
    """Return the names that a page posts and puts into addresses."""
    answer = client.get(address)
    page = b"" if answer.streaming else answer.content
    found = PARAMETER.findall(page.decode(errors="replace"))
    names = {name for pair in found for name in pair if name}
    return (names | GENERIC) - {"csrfmiddlewaretoken"}


def pages(fleet: Fleet, method: str) -> Iterator[str]:
    """Yield every address that takes a method, but those that end the session."""
    for name, tried in addresses(fleet).items():
        if getattr(WHO_MAY[name], method) != NOBODY and name != "logout":
            yield from tried


def complaint(client: Client, method: str, address: str, values: Any) -> str:
    """Ask, undo, and say what went wrong, "" for nothing."""
    try:
        with transaction.atomic():
            answer = getattr(client, method)(address, values)
            transaction.set_rollback(True)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]
    return f"status {answer.status_code}" if answer.status_code >= 500 else ""


class TestValues:
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_never_break_a_page_whatever_they_are(
        self, fleet: Fleet, staff: Client, method: str
    ) -> None:
        wrong = {}
        for address in pages(fleet, method):
            names = fields_of(staff, address)
            for value in NASTY:
                values = dict.fromkeys(names, value)
                if said := complaint(staff, method, address, values):
                    wrong[f"{method} {address} {value[:20]!r}"] = said
        assert wrong == {}

    @hypothesis_settings(
        max_examples=150,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(data=st.data())
    def test_never_break_a_list_in_any_mixture(
        self, fleet: Fleet, staff: Client, data: st.DataObject
    ) -> None:
        address = data.draw(st.sampled_from(LISTS))
        if address not in NAMES:
            NAMES[address] = sorted(fields_of(staff, address))
        names = st.sampled_from(NAMES[address])
        values = data.draw(st.dictionaries(names, Values, max_size=5))
        assert staff.get(address, values).status_code < 500


LISTS = (
    "/library/",
    "/library/tracks/",
    "/library/artists/",
    "/library/collections/",
    "/playlists/",
    "/playlists/create/forecast/",
    "/automation/",
    "/search/",
    "/accounts/",
    "/settings/",
    "/",
)
NAMES: dict[str, list[str]] = {}


class TestPaths:
    @pytest.mark.parametrize("path", PATHS)
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_that_lead_nowhere_say_so(
        self, staff: Client, path: str, method: str
    ) -> None:
        answer = getattr(staff, method)(path)
        assert answer.status_code in {302, 400, 403, 404, 405, 200}

    def test_may_name_numbers_of_any_size(self, fleet: Fleet, staff: Client) -> None:
        wrong = {}
        for name, pattern in patterns():
            converters = pattern.pattern.converters
            numbers = [key for key in converters if "pk" in key]
            if name not in WHO_MAY or not numbers:
                continue
            known = {k: v for k, v in fleet.arguments(name).items() if k in converters}
            for number in NUMBERS:
                given = known | dict.fromkeys(numbers, "7777")
                address = reverse(name, kwargs=given).replace("7777", str_of(number))
                for method in ("get", "post"):
                    if said := complaint(staff, method, address, {}):
                        wrong[f"{method} {address[:60]}"] = said
        assert wrong == {}

    @pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
    def test_take_no_other_methods(
        self, fleet: Fleet, staff: Client, method: str
    ) -> None:
        before = all_rows()
        for address in (*pages(fleet, "get"), *pages(fleet, "post")):
            answer = getattr(staff, method)(address)
            assert answer.status_code in {404, 405} or "sign-in" in address, address
        assert all_rows() == before


class TestHeaders:
    @pytest.mark.parametrize("value", ["http://[::1", "\x00", "//evil", "x" * 9_000])
    @pytest.mark.parametrize(
        "name", ["Referer", "HX-Current-URL", "HX-Target", "HX-Prompt", "Cookie"]
    )
    def test_may_hold_anything(self, fleet: Fleet, name: str, value: str) -> None:
        headers = {"HX-Request": "true", name: value}
        for address in ("/", "/playlists/", "/sign-in/", "/nowhere/"):
            assert Client().get(address, headers=headers).status_code < 500
            assert Client().post(address, headers=headers).status_code < 500

    @pytest.mark.parametrize(
        "host",
        [
            "evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1:80@evil.example",
            "evil.example:8000",
            "127.0.0.1:8000/evil",
            "a b",
            "\x00",
            "",
            "[::1",
        ],
    )
    def test_with_an_odd_host_get_a_page_of_the_house(
        self, staff: Client, host: str
    ) -> None:
        for address in ("/", "/sign-in/", "/admin/", "/static/css/base.css"):
            answer = staff.get(address, headers={"Host": host})
            assert answer.status_code == 400
            assert b"That request made no sense" in answer.content
            assert b"evil" not in answer.content

    def test_of_proxies_change_no_address(self, anonymous: Client) -> None:
        headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
        answer = anonymous.get("/playlists/", headers=headers)
        assert answer["Location"] == "/sign-in/?next=/playlists/"


class TestSize:
    def test_is_limited_to_five_megabytes_in_words(self, operator: Client) -> None:
        assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE == FIVE_MEGABYTES
        answer = operator.post(
            "/library/add/",
            "text=" + "x" * FIVE_MEGABYTES,
            content_type="application/x-www-form-urlencoded",
        )
        assert answer.status_code == 413
        assert b"larger than 5 MB" in answer.content
        assert answer.content.count(b"<h1") == 1

    def test_is_limited_for_forms_in_parts_too(self, operator: Client) -> None:
        answer = operator.post("/library/add/", {"text": "x" * FIVE_MEGABYTES})
        assert answer.status_code == 413
        assert b"larger than 5 MB" in answer.content

    def test_leaves_room_for_a_whole_catalogue(self, operator: Client) -> None:
        line = "https://open.spotify.com/album/4aawyAB9vmqN3uQ7FjRGTy?si=0123456789\n"
        text = line * (FIVE_MEGABYTES // 2 // len(line))
        answer = operator.post("/library/add/preview/", {"text": text})
        assert answer.status_code in {200, 422}

    def test_of_forms_is_limited_in_fields(self, operator: Client) -> None:
        answer = operator.post("/playlists/bulk/pause/", {"pk": ["1"] * 5_001})
        assert answer.status_code == 413
        assert b"more than 5,000 fields" in answer.content

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
            (b"--x\r\n", "multipart/form-data; boundary=x"),
            (b"--x\r\n", "multipart/form-data"),
            (b"--x\r\n", "multipart/form-data; boundary=\xc3\xa4"),
            (b'{"text": 1}', "application/json"),
            (b"a=b", "application/x-www-form-urlencoded; charset=utf-99"),
            (b"", "x" * 500),
        ],
    )
    def test_says_nothing_of_its_kind(
        self, operator: Client, body: bytes, kind: str
    ) -> None:
        answer = operator.generic("POST", "/library/add/", body, content_type=kind)
        assert answer.status_code in {400, 415, 422}
        assert answer.content.count(b"<h1") == 1

    def test_of_files_is_not_taken_at_all(self, operator: Client) -> None:
        file = SimpleUploadedFile("a.txt", b"x" * 100)
        answer = operator.post("/library/add/", {"text": file})
        assert answer.status_code == 422


def str_of(number: int) -> str:
    """Write a number of any length; Python itself stops at 4,300 digits."""
    return str(number) if number < 10**4_000 else "1" + "0" * 5_000
