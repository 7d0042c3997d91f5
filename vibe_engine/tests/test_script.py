"""What app.js adds, and that nothing depends on it, in a real browser."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def sign_in(page: "Page", server: "LiveServer") -> None:
    """Come in by the door."""
    page.goto(f"{server}/sign-in/?next=/profile/")
    page.fill("[name=username]", "operator")
    page.fill("[name=password]", "operator-password")
    page.click("main button")
    page.wait_for_url("**/profile/")


@pytest.fixture
def inside(operator_user: User, live_server: "LiveServer", page: "Page") -> "Page":
    """The profile page of somebody who is signed in."""
    sign_in(page, live_server)
    return page


@pytest.fixture
def plain(
    operator_user: User, live_server: "LiveServer", chromium: "Browser"
) -> Iterator["Page"]:
    """The same without any script."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, live_server)
    yield page
    context.close()


class TestTheme:
    def test_turns_at_once_and_stays(self, inside: "Page") -> None:
        inside.click(".topbar [data-toggle]")
        assert inside.get_attribute("html", "data-theme") == "light"
        inside.reload()
        assert inside.get_attribute("html", "data-theme") == "light"

    def test_turns_without_a_script(self, plain: "Page") -> None:
        plain.click(".topbar [data-toggle]")
        assert plain.get_attribute("html", "data-theme") == "light"
        assert plain.url.endswith("/profile/")


class TestKeys:
    def test_slash_leads_to_the_search(self, inside: "Page") -> None:
        inside.keyboard.press("/")
        assert inside.evaluate("document.activeElement.id") == "q"

    def test_question_mark_lists_the_keys(self, inside: "Page") -> None:
        inside.keyboard.press("?")
        inside.wait_for_selector("#shortcuts[open]")
        inside.keyboard.press("Escape")
        assert inside.locator("dialog[open]").count() == 0

    def test_do_nothing_while_one_types(self, inside: "Page") -> None:
        inside.focus("#id_old_password")
        inside.keyboard.type("g?/")
        assert inside.input_value("#id_old_password") == "g?/"
        assert inside.locator("dialog[open]").count() == 0

    def test_g_and_a_letter_go_somewhere(self, inside: "Page") -> None:
        inside.keyboard.press("g")
        inside.keyboard.press("s")
        inside.wait_for_url("**/settings/")


class TestMenus:
    def test_close_when_one_clicks_elsewhere(self, inside: "Page") -> None:
        inside.click(".menu.at-end summary")
        assert inside.locator(".menu[open]").count() == 1
        inside.click("h1")
        assert inside.locator(".menu[open]").count() == 0


class TestToasts:
    def test_go_when_told(self, inside: "Page") -> None:
        inside.select_option("#id_timezone", "Asia/Tokyo")
        inside.click("text=Show times in this zone")
        inside.click(".toast [data-dismiss]")
        assert inside.locator(".toast").count() == 0

    def test_push_the_page_down_without_a_script(self, plain: "Page") -> None:
        plain.select_option("#id_timezone", "Asia/Tokyo")
        plain.click("text=Show times in this zone")
        toast = plain.locator(".toast").bounding_box()
        title = plain.locator("h1").bounding_box()
        assert toast is not None
        assert title is not None
        assert toast["y"] + toast["height"] <= title["y"]


class TestFrame:
    def test_has_no_findings_of_axe(self, inside: "Page") -> None:
        from axe_core_python.sync_playwright import Axe

        # A colour half way through its transition is nobody's choice.
        inside.emulate_media(reduced_motion="reduce")
        for theme in ("dark", "light"):
            inside.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
            assert Axe().run(inside)["violations"] == []

    @pytest.mark.parametrize("width", [390, 900, 1440, 1800])
    def test_never_scrolls_sideways(self, inside: "Page", width: int) -> None:
        inside.set_viewport_size({"width": width, "height": 844})
        assert inside.evaluate("document.documentElement.scrollWidth") <= width

    def test_ends_above_the_dock_of_a_phone(self, inside: "Page") -> None:
        inside.set_viewport_size({"width": 390, "height": 500})
        inside.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        last = inside.locator("main .hint").last.bounding_box()
        dock = inside.locator(".rail").bounding_box()
        assert last is not None
        assert dock is not None
        assert last["y"] + last["height"] <= dock["y"]
