"""axe-core on every page of the demo, in both themes; the admin is Django's own."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import axe_core_python
import pytest

from tests.browsing import every_page, settle, sign_in, visit, watched_page
from vibe_engine.testing.product import RunningProduct

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
THEMES = ("dark", "light")
GRAVE = ("serious", "critical")
FEWEST_PAGES = 40
"""The walk must not end early because a link has gone."""

pytestmark = pytest.mark.browser


def grave_findings(page: "Page") -> list[str]:
    """Return what axe finds serious or critical on the open page, in both themes.

    axe is evaluated into the page: the policy admits no script of another kind.
    """
    page.evaluate(AXE)
    findings = []
    for theme in THEMES:
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        answer: dict[str, Any] = page.evaluate(
            "axe.run(document, {resultTypes: ['violations']})"
        )
        findings += [
            f"{page.url} {theme}: {found['help']}: {found['nodes'][0]['html'][:200]}"
            for found in answer["violations"]
            if found["impact"] in GRAVE
        ]
    return findings


@pytest.fixture
def still(chromium: "Browser") -> Iterator["Page"]:
    """A page without transitions, whose colours are what they are at once."""
    with watched_page(chromium, reduced_motion="reduce") as page:
        yield page


class TestAccessibility:
    def test_of_every_page_has_no_grave_flaw(
        self, still: "Page", demo_product: RunningProduct
    ) -> None:
        visit(still, demo_product.url)
        findings = grave_findings(still)
        sign_in(still, demo_product)
        names = []
        for name, _ in every_page(still, demo_product):
            names.append(name)
            is_ours = "/admin/" not in still.url
            findings += grave_findings(still) if is_ours else []
        assert findings == []
        assert len(names) >= FEWEST_PAGES, names

    def test_of_an_open_dialog_has_no_grave_flaw(
        self, still: "Page", demo_product: RunningProduct
    ) -> None:
        sign_in(still, demo_product)
        visit(still, f"{demo_product.url}/playlists/")
        still.locator("tbody th a").first.click()
        still.get_by_role("link", name="Reshuffle now").click()
        still.locator("dialog[open] button.key").wait_for()
        settle(still)
        assert grave_findings(still) == []
