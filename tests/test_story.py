"""The whole job in a real browser, against the very processes of `make run`."""

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browsing import PHONE, watched_page
from tests.operators import Operator
from tests.staff import Staff, read_message
from vibe_engine.testing.product import RunningProduct
from vibe_engine.testing.receivers import web_receiver

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

COUNT, SIZE = 5, 6


@pytest.fixture(scope="module")
def empty_product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProduct]:
    """The product with nothing in it, which may tell receivers on this machine."""
    folder = tmp_path_factory.mktemp("story")
    running = RunningProduct(folder, "--no-demo", NOTIFY_ALLOWED_HOSTS="127.0.0.1/32")
    yield running.wait_ready()
    running.stop()


def take_albums_in(operator: Operator) -> None:
    """Three albums from the browse page, one with hostile names, one invented."""
    odd, invented = operator.odd_link(), operator.invent_link()
    operator.ingest([*operator.copy_links(), odd, f"{invented}?si=abc"])


def do_the_whole_job(operator: Operator) -> None:
    operator.connect(operator.name)
    operator.connect(f"{operator.name} at night")
    take_albums_in(operator)
    operator.create(COUNT, size=SIZE)
    there = operator.lists_there()
    assert len(there) == COUNT
    assert {len(items) for items in there.values()} == {SIZE}

    path = operator.open_playlist()
    operator.compare_as_listener()
    first = operator.list_there(path)
    operator.reshuffle(path)
    second = operator.list_there(path)
    assert not set(first) & set(second)
    operator.restore(path)
    assert operator.list_there(path) == first
    operator.page.locator("ul.snapshots li").nth(2).wait_for()
    assert operator.page.locator("ul.snapshots li").count() == 3
    others = operator.lists_there().items()
    assert all(items == there[one] for one, items in others)

    operator.change_a_setting()
    operator.pause_and_resume(f"{operator.name} at night")


class TestTheStory:
    def test_is_told_from_an_empty_installation_on(
        self, watched: "Page", empty_product: RunningProduct
    ) -> None:
        operator = Operator(watched, empty_product)
        operator.sign_in()
        do_the_whole_job(operator)
        operator.open("/")
        assert f"{COUNT} playlists" in watched.locator("main").inner_text()

    def test_is_told_amid_a_demo_fleet(
        self, watched: "Page", demo_product: RunningProduct
    ) -> None:
        operator = Operator(watched, demo_product)
        before = operator.sandbox.playlists()
        operator.sign_in()
        do_the_whole_job(operator)
        after = {one["id"] for one in operator.sandbox.playlists()}
        assert after > {one["id"] for one in before}


class TestTheFleetOnItsOwn:
    def test_is_told_from_the_schedule_to_the_notification(
        self, watched: "Page", empty_product: RunningProduct
    ) -> None:
        staff = Staff(watched, empty_product)
        staff.sign_in()
        staff.connect(staff.name)
        staff.ingest(staff.copy_links())
        staff.create(1, size=SIZE)
        path = staff.open_playlist()
        before = staff.list_there(path)
        name = f"Every minute {secrets.token_hex(3)}"
        with web_receiver() as receiver:
            secret = staff.add_webhook(receiver)
            staff.add_schedule(name, playlist=path.strip("/").rpartition("/")[2])
            staff.pass_a_minute()
            run = staff.watch_slot(name, word="Done")
            assert not set(before) & set(staff.list_there(path))

            staff.stop_managing(path)
            for word in ("Failed", "Failed", "Paused"):
                staff.pass_a_minute()
                run = staff.watch_slot(name, word=word, after=run)
            row = staff.schedule_row(name).inner_text()
            assert "Failed three times running" in row

            staff.pass_a_minute()
            message = read_message(receiver, secret=secret)
        (notice,) = message["notices"]
        assert notice["topic"] == "schedule"
        assert notice["title"] == f"The schedule “{name}” has paused itself"
        staff.open("/automation/notices/")
        watched.get_by_text("HTTP 204").first.wait_for()
        staff.switch_off(name)


class TestWithoutJavaScript:
    def test_the_job_is_done_with_forms_and_links_alone(
        self, chromium: "Browser", empty_product: RunningProduct
    ) -> None:
        with watched_page(chromium, java_script_enabled=False) as page:
            operator = Operator(page, empty_product, scripts=False)
            operator.sign_in()
            operator.connect(operator.name)
            take_albums_in(operator)
            operator.create(2, size=SIZE)
            path = operator.open_playlist()
            before = operator.list_there(path)
            operator.reshuffle(path)
            assert not set(before) & set(operator.list_there(path))


class TestOnAPhone:
    def test_the_job_is_done_and_nothing_is_wider_than_the_screen(
        self, chromium: "Browser", empty_product: RunningProduct
    ) -> None:
        with watched_page(chromium, viewport=PHONE, has_touch=True) as page:
            operator = Operator(page, empty_product)
            operator.sign_in()
            operator.connect(operator.name)
            take_albums_in(operator)
            operator.create(1, size=SIZE)
            path = operator.open_playlist()
            operator.reshuffle(path)
            for address in (path, "/", "/accounts/", "/library/", "/automation/"):
                operator.open(address)
                width = page.evaluate("document.documentElement.scrollWidth")
                assert width <= PHONE["width"], address
