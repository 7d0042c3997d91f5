"""The whole job in a real browser, against the very processes of `make run`.

The result is read from the sandbox over HTTP. Errors in the browser's console, and
so every violation of the content security policy, fail the story.
"""

import re
import secrets
import string
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import requests

from vibe_engine.testing.live import wait_until
from vibe_engine.testing.product import RunningProduct

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

COUNT = 5
SIZE = 6
PHONE_WIDTH = 390


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProduct]:
    """The product with nothing in it."""
    running = RunningProduct(tmp_path_factory.mktemp("story"), "--no-demo")
    yield running.wait_ready()
    running.stop()


@pytest.fixture
def page(chromium: "Browser") -> Iterator["Page"]:
    """A page whose console may hold one error: the browser's word for wrong input."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda said: errors.append(said.text) if said.type == "error" else None,
    )
    yield page
    context.close()
    assert [error for error in errors if "status of 422" not in error] == []


def visit(page: "Page", address: str) -> None:
    """Open a page and let its lazy parts arrive, so that leaving cuts none of them."""
    page.goto(address, wait_until="networkidle")


def sign_in(page: "Page", product: RunningProduct) -> None:
    visit(page, product.url)
    page.get_by_label("User name").fill(product.username)
    page.get_by_label("Password").fill(product.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state("networkidle")


def connect_account(page: "Page", product: RunningProduct, name: str) -> None:
    """Give consent for an account on the sandbox's own page."""
    visit(page, f"{product.url}/accounts/connect/")
    page.get_by_role("checkbox", name=re.compile("I own this account")).check()
    page.locator("main button.key").click()
    assert page.url.startswith(product.sandbox_url)
    page.get_by_role("radio", name=name).check()
    page.get_by_role("button", name="Agree").click()
    page.wait_for_url(f"{product.url}/accounts/*/")
    assert page.locator("h1").inner_text() == name


def sandbox_says(product: RunningProduct, path: str) -> Any:
    answer = requests.get(f"{product.sandbox_url}/_sandbox/{path}", timeout=20)
    answer.raise_for_status()
    return answer.json()


def links_to_paste(page: "Page", product: RunningProduct) -> list[str]:
    """Copy three links of long albums from the browse page; invent a fourth."""
    visit(page, f"{product.sandbox_url}/browse")
    links = page.locator("textarea#links").input_value().split()
    catalogue = sandbox_says(product, f"catalogue?limit={len(links)}")["albums"]
    long = {a["id"] for a in catalogue if a["total_tracks"] >= 8 and not a["is_odd"]}
    chosen = [link for link in links if link.rsplit("/", 1)[-1] in long][:3]
    letters = string.ascii_letters + string.digits
    invented = "".join(secrets.choice(letters) for _ in range(22))
    return [*chosen, f"https://open.spotify.com/album/{invented}?si=abc"]


def wait_for_run(page: "Page") -> None:
    """Watch a run's card until it says by itself that it is done."""
    card = page.locator("article.run-card").first
    card.get_by_text("ended").wait_for(timeout=60_000)
    assert "Done" in card.inner_text(), card.inner_text()
    page.wait_for_load_state("networkidle")


def ingest(page: "Page", product: RunningProduct) -> None:
    links = links_to_paste(page, product)
    visit(page, f"{product.url}/library/add/")
    text = "\n".join(["Songs for the night:", *links, "not a link at all"])
    page.get_by_label("Album links, amid any text").fill(text)
    page.locator("ol.verdicts li").nth(5).wait_for()
    verdicts = page.locator("#verdicts").inner_text()
    assert "not a link at all" in verdicts
    page.get_by_label("Or a new one").fill("Late Night")
    page.get_by_role("button", name="Read 4 albums").click()
    wait_for_run(page)
    visit(page, f"{product.url}/library/")
    assert page.locator("li.album").count() == 4


def create_playlists(page: "Page", product: RunningProduct) -> None:
    visit(page, f"{product.url}/playlists/create/")
    page.get_by_label("How many").fill(str(COUNT))
    page.get_by_label("Tracks in each").fill(str(SIZE))
    page.get_by_role("checkbox", name="Late Night").check()
    page.locator("#forecast dl").wait_for()
    page.get_by_role("button", name="Create", exact=True).click()
    wait_for_run(page)


def playlists_there(product: RunningProduct) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = sandbox_says(product, "playlists")["playlists"]
    return rows


def titles_of(page: "Page", table: str) -> list[str]:
    return [title.strip() for title in page.locator(table).all_inner_texts()]


def open_as_listener(page: "Page", product: RunningProduct) -> str:
    """Compare our page of a playlist with the sandbox's; return our address."""
    visit(page, f"{product.url}/playlists/")
    page.locator("tbody th a").first.click()
    page.wait_for_url(f"{product.url}/playlists/*/", wait_until="networkidle")
    ours = titles_of(page, "#tracks tbody th a")
    address = page.url
    page.get_by_role("link", name="As a listener", exact=True).click()
    page.wait_for_url(f"{product.sandbox_url}/playlist/*")
    assert titles_of(page, "table.tracks strong") == ours
    assert 1 <= len(ours) <= SIZE
    return address


def reshuffle(page: "Page", address: str) -> None:
    visit(page, address)
    page.get_by_role("link", name="Reshuffle now").click()
    page.locator("dialog[open] button.key").click()
    wait_for_run(page)


def restore(page: "Page", address: str) -> None:
    visit(page, address)
    page.get_by_role("link", name="Restore the previous list").click()
    page.locator("dialog[open] button.key").click()
    wait_for_run(page)


def items_of(product: RunningProduct, address: str, page: "Page") -> list[str]:
    visit(page, address)
    link = page.get_by_role("link", name="As a listener", exact=True).get_attribute(
        "href"
    )
    assert link is not None
    wanted = link.rsplit("/", 1)[-1]
    return next(p["items"] for p in playlists_there(product) if p["id"] == wanted)


def change_a_setting(page: "Page", product: RunningProduct) -> None:
    visit(page, f"{product.url}/settings/")
    page.get_by_label("Cooldown").fill("four")
    page.get_by_role("button", name="Save changes").click()
    page.get_by_text("A whole number is wanted").wait_for()
    assert page.get_by_label("Cooldown").input_value() == "four"
    page.get_by_label("Cooldown").fill("4")
    page.get_by_role("button", name="Save changes").click()
    page.get_by_text("Saved: Cooldown.").wait_for()


def pause_and_resume(page: "Page", product: RunningProduct, name: str) -> None:
    visit(page, f"{product.url}/accounts/")
    page.locator("main").get_by_role("link", name=name).first.click()
    page.locator("main").get_by_role("button", name="Pause").click()
    page.locator("main").get_by_text("Paused").first.wait_for()
    page.locator("main").get_by_role("button", name="Resume").click()
    page.locator("main").get_by_text("Connected").first.wait_for()


class TestTheStory:
    def test_an_operator_does_the_whole_job(
        self, page: "Page", product: RunningProduct
    ) -> None:
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        sign_in(page, product)
        assert "Three steps" in page.locator("h1").inner_text()
        connect_account(page, product, "Harbour Radio")
        connect_account(page, product, "Late Shift")
        ingest(page, product)
        create_playlists(page, product)
        assert len(playlists_there(product)) == COUNT
        assert all(1 <= len(row["items"]) <= SIZE for row in playlists_there(product))

        address = open_as_listener(page, product)
        first = items_of(product, address, page)
        reshuffle(page, address)
        second = items_of(product, address, page)
        assert not set(first) & set(second)
        restore(page, address)
        assert items_of(product, address, page) == first

        page.locator("ul.snapshots li").nth(2).wait_for()
        assert page.locator("ul.snapshots li").count() == 3
        change_a_setting(page, product)
        pause_and_resume(page, product, "Late Shift")
        visit(page, product.url)
        assert "5 playlists on 2 accounts" in page.locator("main").inner_text()
        assert dialogs == []


class TestWithoutJavaScript:
    def test_a_playlist_is_reshuffled_with_forms_and_links_alone(
        self, chromium: "Browser", product: RunningProduct
    ) -> None:
        context = chromium.new_context(java_script_enabled=False)
        page = context.new_page()
        sign_in(page, product)
        visit(page, f"{product.url}/playlists/")
        page.locator("tbody th a").last.click()
        address = page.url
        before = items_of(product, address, page)
        page.get_by_role("link", name="Reshuffle now").click()
        page.locator("main button.key").click()
        wait_until(lambda: _has_ended(page), what="the end of the run")
        assert not set(before) & set(items_of(product, address, page))
        context.close()


def _has_ended(page: "Page") -> bool:
    """Load a run's page anew and say whether it has ended."""
    page.reload()
    return "ended" in page.locator("article.run-card").inner_text()


class TestOnAPhone:
    def test_nothing_is_wider_than_the_screen(
        self, chromium: "Browser", product: RunningProduct
    ) -> None:
        context = chromium.new_context(
            viewport={"width": PHONE_WIDTH, "height": 844}, has_touch=True
        )
        page = context.new_page()
        sign_in(page, product)
        for path in ("", "accounts/", "library/", "playlists/", "automation/"):
            visit(page, f"{product.url}/{path}")
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= PHONE_WIDTH, path
        context.close()
