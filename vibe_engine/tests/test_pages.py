"""Sign-in, profile, theme, and the pages that say what went wrong."""

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views import defaults

pytestmark = pytest.mark.django_db


class TestSignIn:
    def test_greets_whoever_is_not_signed_in(self, anonymous: Client) -> None:
        page = anonymous.get("/sign-in/").content.decode()
        assert "<h1" in page
        assert page.count("<h1") == 1
        assert 'class="rail"' not in page

    def test_goes_back_to_the_page_that_was_wanted(
        self, anonymous: Client, operator_user: User
    ) -> None:
        answer = anonymous.post(
            "/sign-in/?next=/profile/",
            {
                "username": "operator",
                "password": "operator-password",
                "next": "/profile/",
            },
        )
        assert answer.status_code == 302
        assert answer["Location"] == "/profile/"

    def test_never_leads_to_another_site(
        self, anonymous: Client, operator_user: User
    ) -> None:
        form = {"username": "operator", "password": "operator-password"}
        answer = anonymous.post("/sign-in/", form | {"next": "https://evil.example/"})
        assert answer["Location"] == reverse("metrics:home")

    def test_says_what_is_wrong_and_keeps_the_name(
        self, anonymous: Client, operator_user: User
    ) -> None:
        form = {"username": "operator", "password": "wrong"}
        answer = anonymous.post("/sign-in/", form)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert 'role="alert"' in page
        assert 'value="operator"' in page
        assert "wrong" not in page.split("</form>", 1)[0].split("<form", 1)[1]

    @pytest.mark.parametrize(("stay", "seconds"), [("on", 43_200), ("", 0)])
    def test_lasts_as_long_as_asked(
        self, anonymous: Client, operator_user: User, stay: str, seconds: int
    ) -> None:
        form = {"username": "operator", "password": "operator-password", "stay": stay}
        anonymous.post("/sign-in/", form)
        cookie = anonymous.cookies["dashboard_session"]
        assert int(cookie["max-age"] or 0) == seconds

    def test_tells_the_demo_where_the_password_is_but_not_which(
        self, anonymous: Client, settings: object
    ) -> None:
        settings.DEMO = True  # type: ignore[attr-defined]
        settings.DASHBOARD_USERNAME = "operator"  # type: ignore[attr-defined]
        settings.DASHBOARD_PASSWORD = "seen-nowhere"  # type: ignore[attr-defined]
        page = anonymous.get("/sign-in/").content.decode()
        assert "make run" in page
        assert "seen-nowhere" not in page

    def test_says_nothing_of_it_in_live_mode(
        self, anonymous: Client, settings: object
    ) -> None:
        settings.DEMO = False  # type: ignore[attr-defined]
        assert "make run" not in anonymous.get("/sign-in/").content.decode()


class TestSignOut:
    def test_takes_a_post(self, viewer: Client) -> None:
        assert viewer.get("/sign-out/").status_code == 405
        assert viewer.post("/sign-out/")["Location"] == "/sign-in/"
        assert "_auth_user_id" not in viewer.session


class TestProfile:
    def test_sends_the_anonymous_to_sign_in(self, anonymous: Client) -> None:
        assert anonymous.get("/profile/")["Location"] == "/sign-in/?next=/profile/"

    def test_stands_in_the_frame(self, viewer: Client) -> None:
        page = viewer.get("/profile/").content.decode()
        assert page.count("<h1") == 1
        assert 'class="rail"' in page
        assert "acting takes the role of an operator" in page

    def test_tells_operators_that_they_may_act(self, operator: Client) -> None:
        assert "You may act." in operator.get("/profile/").content.decode()

    def test_changes_the_password_and_stays_signed_in(
        self, viewer: Client, viewer_user: User
    ) -> None:
        fresh = "a-much-better-one"
        form = {
            "old_password": "viewer-password",
            "new_password1": fresh,
            "new_password2": fresh,
        }
        assert viewer.post("/profile/", form).status_code == 302
        viewer_user.refresh_from_db()
        assert viewer_user.check_password(fresh)
        assert viewer.get("/profile/").status_code == 200

    def test_refuses_a_weak_password_beside_the_field(
        self, viewer: Client, viewer_user: User
    ) -> None:
        form = {
            "old_password": "viewer-password",
            "new_password1": "123",
            "new_password2": "123",
        }
        answer = viewer.post("/profile/", form)
        assert answer.status_code == 422
        assert 'id="id_new_password2_error"' in answer.content.decode()
        viewer_user.refresh_from_db()
        assert viewer_user.check_password("viewer-password")

    def test_keeps_the_time_zone(self, viewer: Client) -> None:
        answer = viewer.post("/profile/", {"timezone": "Asia/Tokyo"})
        assert answer.status_code == 302
        assert viewer.session["timezone"] == "Asia/Tokyo"
        assert answer.cookies["timezone"].value == "Asia/Tokyo"

    def test_refuses_a_zone_that_does_not_exist(self, viewer: Client) -> None:
        answer = viewer.post("/profile/", {"timezone": "Mars/Olympus"})
        assert answer.status_code == 422
        assert "timezone" not in viewer.session


class TestTheme:
    def test_is_kept_for_a_year_and_leads_back(self, viewer: Client) -> None:
        answer = viewer.post("/theme/", {"theme": "light", "next": "/profile/?a=1"})
        assert answer["Location"] == "/profile/?a=1"
        assert answer.cookies["theme"].value == "light"
        assert 'data-theme="light"' in viewer.get("/profile/").content.decode()

    def test_never_leads_to_another_site(self, viewer: Client) -> None:
        answer = viewer.post("/theme/", {"theme": "auto", "next": "//evil.example"})
        assert answer["Location"] == reverse("metrics:home")

    def test_knows_three(self, viewer: Client) -> None:
        answer = viewer.post("/theme/", {"theme": '"><script>'})
        assert answer.cookies["theme"].value == "dark"

    def test_does_not_change_by_a_link(self, viewer: Client) -> None:
        assert viewer.get("/theme/?theme=light").status_code == 405


class TestErrorPages:
    def test_stand_in_the_frame_for_whoever_is_signed_in(self, viewer: Client) -> None:
        answer = viewer.get("/nowhere/")
        page = answer.content.decode()
        assert answer.status_code == 404
        assert 'class="rail"' in page
        assert "There is nothing here" in page

    def test_stand_alone_for_others(self, anonymous: Client) -> None:
        page = anonymous.get("/nowhere/").content.decode()
        assert 'class="rail"' not in page
        assert "There is nothing here" in page

    def test_name_the_role_that_is_missing(self, rf: RequestFactory) -> None:
        refusal = PermissionDenied("This needs the role of an operator.")
        answer = defaults.permission_denied(rf.get("/"), refusal)
        assert answer.status_code == 403
        assert b"This needs the role of an operator." in answer.content

    def test_name_a_form_that_came_too_late(self, viewer_user: User) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(
            viewer_user, backend="django.contrib.auth.backends.ModelBackend"
        )
        answer = strict.post("/theme/", {"theme": "light"})
        assert answer.status_code == 403
        assert b"This page was out of date" in answer.content

    @pytest.mark.parametrize("name", ["400.html", "500.html"])
    def test_need_neither_context_nor_database(
        self, name: str, django_assert_num_queries: object
    ) -> None:
        with django_assert_num_queries(0):  # type: ignore[operator]
            page = render_to_string(name)
        assert page.count("<h1") == 1

    def test_are_whole_when_the_server_breaks(self, rf: RequestFactory) -> None:
        answer: HttpResponse = defaults.server_error(rf.get("/"))
        assert answer.status_code == 500
        assert b"Something broke here" in answer.content


class TestMessages:
    def test_become_toasts(self, viewer: Client) -> None:
        answer = viewer.post("/profile/", {"timezone": "Asia/Tokyo"})
        request: HttpRequest = answer.wsgi_request
        assert [str(message) for message in get_messages(request)]
        page = viewer.get("/profile/").content.decode()
        assert 'id="toasts" role="status"' in page
        assert "Times are now shown in Asia/Tokyo." in page
