"""An operator at the browser: what a person does on the pages, one deed a method."""

import re
import secrets
import string
from typing import TYPE_CHECKING, Any

from library.texts import clean_name
from tests.browsing import settle, sign_in, visit
from tests.markup import markup_name
from vibe_engine.testing.live import wait_until
from vibe_engine.testing.product import RunningProduct
from vibe_engine.testing.sandbox import SandboxControl

if TYPE_CHECKING:
    from playwright.sync_api import Page

ALBUM = "https://open.spotify.com/album/"
ENOUGH_TRACKS = 8


class Operator:
    """A person with a browser, who works with an account and a collection of their own.

    `scripts` False: the browser runs none, so there are no dialogs and no page that
    counts up by itself. What came of it is read from the sandbox, over HTTP.
    """

    def __init__(
        self, page: "Page", product: RunningProduct, *, scripts: bool = True
    ) -> None:
        self.page, self.product, self.scripts = page, product, scripts
        self.sandbox = SandboxControl(product.sandbox_url)
        self.name = f"Radio {secrets.token_hex(3)}"
        self.collection = f"{markup_name('collection')} {secrets.token_hex(3)}"

    def open(self, path: str) -> None:
        """Open a page of the product."""
        address = f"{self.product.url}{path}"
        if self.scripts:
            visit(self.page, address)
        else:
            self.page.goto(address)

    def sign_in(self) -> None:
        """Sign in with the words of the terminal."""
        sign_in(self.page, self.product)

    def connect(self, name: str) -> None:
        """Give consent on the sandbox's own page, for an account made there."""
        self.open("/accounts/connect/")
        self.page.get_by_role("checkbox", name=re.compile("I own this account")).check()
        self.page.locator("main button.key").click()
        assert self.page.url.startswith(self.product.sandbox_url)
        self.page.get_by_label("Or create an account").fill(name)
        self.page.get_by_role("button", name="Agree").click()
        self.page.wait_for_url(f"{self.product.url}/accounts/*/")
        assert self.page.locator("h1").inner_text() == name

    def copy_links(self) -> list[str]:
        """Copy three links of long albums from the browse page of the sandbox."""
        self.page.goto(f"{self.product.sandbox_url}/browse")
        links = self.page.locator("textarea#links").input_value().split()
        rows = self.sandbox.catalogue(limit=len(links))
        long = {row["id"] for row in rows if row["total_tracks"] >= ENOUGH_TRACKS}
        return [link for link in links if link.rpartition("/")[2] in long][:3]

    def odd_link(self) -> str:
        """Return the link of an album with hostile names."""
        rows = self.sandbox.catalogue(limit=500)
        return f"{ALBUM}{next(row['id'] for row in rows if row['is_odd'])}"

    def invent_link(self) -> str:
        """Return the link of an album that nobody gave out."""
        letters = string.ascii_letters + string.digits
        return ALBUM + "".join(secrets.choice(letters) for _ in range(22))

    def ingest(self, links: list[str]) -> None:
        """Paste links amid other text, look at the verdicts, read and watch."""
        self.open("/library/add/")
        lines = ["Songs for the night:", *links, "not a link at all"]
        self.page.get_by_label("Album links, amid any text").fill("\n".join(lines))
        if not self.scripts:
            self.page.get_by_role("button", name="Check each line").click()
        self.page.locator("ol.verdicts li").nth(len(lines) - 1).wait_for()
        verdicts = self.page.locator("#verdicts").inner_text()
        assert verdicts.count("will be read") == len(links)
        assert "not a link at all" in verdicts
        self.page.get_by_label("Or a new one").fill(self.collection)
        self.page.get_by_role("button", name=f"Read {len(links)} albums").click()
        self.watch_run()

    def create(self, count: int, *, size: int) -> None:
        """Create playlists from the collection, with the forecast in view."""
        self.open("/playlists/create/")
        self.page.get_by_label("Account", exact=True).select_option(label=self.name)
        self.page.get_by_label("How many").fill(str(count))
        self.page.get_by_label("Tracks in each").fill(str(size))
        self.page.get_by_role("checkbox", name=self.collection).check()
        if self.scripts:
            self.page.locator("#forecast dl").wait_for()
        self.page.get_by_role("button", name="Create", exact=True).click()
        self.watch_run()

    def watch_run(self) -> None:
        """Look at a run's card until it has ended; it must have ended well."""
        self.page.wait_for_url("**/automation/runs/*/")
        card = self.page.locator("article.run-card").first
        if self.scripts:
            card.get_by_text("ended").wait_for(timeout=60_000)
        else:
            wait_until(self._has_ended, what="the end of the run")
        assert "Done" in card.inner_text(), card.inner_text()

    def _has_ended(self) -> bool:
        self.page.reload()
        return "ended" in self.page.locator("article.run-card").first.inner_text()

    def open_playlist(self) -> str:
        """Open the account's first playlist from the list; return its path."""
        self.open("/playlists/")
        self.page.locator("select#filter-account").select_option(label=self.name)
        if not self.scripts:
            self.page.get_by_role("button", name="Filter").click()
        self.page.locator("tbody tr", has_text=self.name).first.wait_for()
        self.page.locator("tbody tr", has_text=self.name).locator("th a").first.click()
        self.page.wait_for_url("**/playlists/*/")
        return self.page.url.removeprefix(self.product.url)

    def compare_as_listener(self) -> None:
        """Open the present playlist as a listener; the same tracks in order."""
        ours = self._texts("#tracks tbody th a")
        self.page.get_by_role("link", name="As a listener", exact=True).click()
        self.page.wait_for_url(f"{self.product.sandbox_url}/playlist/*")
        theirs = self._texts("table.tracks strong")
        assert [clean_name(title) or "Untitled" for title in theirs] == ours
        assert ours

    def _texts(self, selector: str) -> list[str]:
        found = self.page.locator(selector).all_text_contents()
        return [" ".join(text.split()) for text in found]

    def reshuffle(self, path: str) -> None:
        """Ask for a new list, and agree."""
        self.open(path)
        self.page.get_by_role("link", name="Reshuffle now").click()
        self.agree()

    def restore(self, path: str) -> None:
        """Bring the list before the present one back."""
        self.open(path)
        self.page.get_by_role("link", name="Restore the previous list").click()
        self.agree()

    def agree(self) -> None:
        """Say yes, in the dialog or on the page that asks, and watch the run."""
        place = "dialog[open]" if self.scripts else "main"
        self.page.locator(f"{place} button.key").click()
        self.watch_run()

    def change_a_setting(self) -> None:
        """Type nonsense and read why it is none, then type sense."""
        self.open("/settings/")
        self.page.get_by_label("Cooldown").fill("four")
        self.page.get_by_role("button", name="Save changes").click()
        self.page.get_by_text("A whole number is wanted").wait_for()
        assert self.page.get_by_label("Cooldown").input_value() == "four"
        self.page.get_by_label("Cooldown").fill("4")
        self.page.get_by_role("button", name="Save changes").click()
        self.page.get_by_text("Saved: Cooldown.").wait_for()

    def pause_and_resume(self, name: str) -> None:
        """Pause an account and let it work again."""
        self.open("/accounts/")
        main = self.page.locator("main")
        main.get_by_role("link", name=name).first.click()
        main.get_by_role("button", name="Pause").click()
        main.get_by_text("Paused").first.wait_for()
        main.get_by_role("button", name="Resume").click()
        main.get_by_text("Connected").first.wait_for()

    def lists_there(self) -> dict[str, list[str]]:
        """Return the account's playlists as the sandbox holds them, by id."""
        people = self.sandbox.users()
        mine = next(
            one["user_id"] for one in people if one["display_name"] == self.name
        )
        rows: list[dict[str, Any]] = self.sandbox.playlists(mine)
        return {row["id"]: row["items"] for row in rows}

    def list_there(self, path: str) -> list[str]:
        """Return what the sandbox holds of the playlist on one of our pages."""
        self.open(path)
        link = self.page.get_by_role("link", name="As a listener", exact=True)
        address = str(link.get_attribute("href"))
        return self.lists_there()[address.rpartition("/")[2]]

    def settle(self) -> None:
        """Let what the page still loads arrive."""
        settle(self.page)
