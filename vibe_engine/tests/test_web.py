"""What every view shares: two shapes of a page, roles, messages."""

from typing import Any, cast

import pytest
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser, Group, User
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.test import RequestFactory
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from vibe_engine import web

HTMX = {"HX-Request": "true", "HX-Target": "rows"}


def asked(user: object = None, **headers: str) -> web.OperatorRequest:
    """Return a request as the middleware leaves it."""
    request = RequestFactory().get("/playlists/?page=2", headers=headers)
    request.user = user or AnonymousUser()  # type: ignore[assignment]
    cast("Any", request).htmx = HtmxDetails(request)
    cast("Any", request)._messages = CookieStorage(request)
    return cast("web.OperatorRequest", request)


def htmx(user: object = None, **more: str) -> web.OperatorRequest:
    """Return a request from an element that wants `rows`."""
    return asked(user, **(HTMX | more))


def page(request: web.OperatorRequest) -> HttpResponse:
    """Answer with the question page or its fragment."""
    return web.render_page(
        request,
        "confirm.html",
        {"title": "Sure?", "page": None},
        fragments={"dialog-body": "_confirm.html"},
    )


class TestRenderPage:
    pytestmark = pytest.mark.django_db

    def test_gives_the_page_without_htmx(self) -> None:
        assert b"<!doctype" in page(asked()).content

    def test_gives_the_fragment_to_the_element_that_asks(self) -> None:
        answer = page(asked(**{"HX-Request": "true", "HX-Target": "dialog-body"}))
        assert b"<!doctype" not in answer.content
        assert b"Sure?" in answer.content

    @pytest.mark.parametrize(
        "headers",
        [
            {"HX-Target": "elsewhere"},
            {"HX-Target": "dialog-body", "HX-Boosted": "true"},
            {"HX-Target": "dialog-body", "HX-History-Restore-Request": "true"},
        ],
    )
    def test_gives_the_page_to_everything_else(self, headers: dict[str, str]) -> None:
        answer = page(asked(**{"HX-Request": "true"} | headers))
        assert b"<!doctype" in answer.content

    def test_tells_caches_apart(self) -> None:
        for request in (asked(), htmx()):
            vary = page(request)["Vary"]
            assert "HX-Request" in vary
            assert "HX-Target" in vary


class TestMayOperate:
    pytestmark = pytest.mark.django_db

    def test_is_for_the_group_of_operators(self) -> None:
        user = User.objects.create_user("one")
        assert not web.may_operate(user)
        user = User.objects.get(pk=user.pk)
        user.groups.add(Group.objects.get_or_create(name="operators")[0])
        assert web.may_operate(user)

    def test_is_for_staff_and_not_for_those_who_left(self) -> None:
        assert web.may_operate(User(username="s", is_staff=True))
        assert not web.may_operate(User(username="s", is_staff=True, is_active=False))


class TestGuards:
    pytestmark = pytest.mark.django_db

    @staticmethod
    def view(request: web.OperatorRequest) -> HttpResponse:
        return HttpResponse("done")

    def test_send_the_anonymous_to_the_sign_in_page_and_back(self) -> None:
        answer = web.viewer_required(self.view)(asked())
        assert isinstance(answer, HttpResponseRedirect)
        assert answer.url == "/sign-in/?next=/playlists/%3Fpage%3D2"

    @pytest.mark.parametrize(
        ("page", "back"),
        [
            ("http://testserver/playlists/?page=2", "/playlists/%3Fpage%3D2"),
            ("https://evil.example/playlists/", "/"),
            ("", "/"),
        ],
    )
    def test_lead_back_to_the_page_that_held_a_form(self, page: str, back: str) -> None:
        request = asked(referer=page)
        request.method = "POST"
        answer = web.viewer_required(self.view)(request)
        assert answer["Location"] == f"/sign-in/?next={back}"

    def test_leave_the_page_when_a_session_ends_under_htmx(self) -> None:
        current = "http://testserver/playlists/?q=a"
        answer = web.viewer_required(self.view)(htmx(**{"HX-Current-URL": current}))
        assert answer.status_code == 200
        assert answer["HX-Redirect"] == "/sign-in/?next=/playlists/%3Fq%3Da"

    def test_take_an_address_that_no_browser_has_for_none(self) -> None:
        answer = web.viewer_required(self.view)(htmx(**{"HX-Current-URL": "//[::1"}))
        assert answer["HX-Redirect"] == "/sign-in/?next=/"

    def test_let_viewers_look_but_not_act(self) -> None:
        viewer = User.objects.create_user("viewer")
        assert web.viewer_required(self.view)(asked(viewer)).content == b"done"
        with pytest.raises(PermissionDenied, match="role of an operator"):
            web.operator_required(self.view)(asked(viewer))

    def test_keep_staff_pages_for_staff(self) -> None:
        staff = User(username="s", is_staff=True)
        assert web.staff_required(self.view)(asked(staff)).content == b"done"
        with pytest.raises(PermissionDenied, match="for staff"):
            web.staff_required(self.view)(asked(User.objects.create_user("o")))


class TestHxOrRedirect:
    def test_redirects_a_plain_form(self) -> None:
        answer = web.hx_or_redirect(asked(), "profile")
        assert answer.status_code == 302
        assert answer["Location"] == "/profile/"

    def test_makes_htmx_load_the_page(self) -> None:
        answer = web.hx_or_redirect(htmx(), "/playlists/3/")
        assert answer.status_code == 200
        assert answer["HX-Redirect"] == "/playlists/3/"


class TestHtmxMessages:
    @staticmethod
    def answer(request: web.OperatorRequest, response: HttpResponse) -> bytes:
        def view(request: HttpRequest) -> HttpResponse:
            messages.success(request, "Saved & <kept>.")
            return response

        return web.htmx_messages(view)(request).content

    def test_travel_out_of_band_with_a_fragment(self) -> None:
        content = self.answer(htmx(), HttpResponse("<p>rows</p>"))
        assert content.startswith(b"<p>rows</p>")
        assert b'hx-swap-oob="beforeend:#toasts"' in content
        assert b"Saved &amp; &lt;kept&gt;." in content

    @pytest.mark.parametrize(
        "response",
        [
            HttpResponse("<!doctype html><html>"),
            HttpResponse("{}", content_type="application/json"),
            HttpResponse(status=204),
            HttpResponseRedirect("/"),
            HttpResponseClientRedirect("/"),
        ],
    )
    def test_wait_for_the_page_that_follows(self, response: HttpResponse) -> None:
        request = htmx()
        assert b"Saved" not in self.answer(request, response)
        assert len(messages.get_messages(request)) == 1

    def test_stay_out_of_answers_to_plain_requests(self) -> None:
        assert b"Saved" not in self.answer(asked(), HttpResponse("<p>rows</p>"))

    def test_add_nothing_when_there_is_nothing_to_say(self) -> None:
        quiet = web.htmx_messages(lambda request: HttpResponse("<p>rows</p>"))
        assert quiet(htmx()).content.strip() == b"<p>rows</p>"
