"""`make screenshots`: every page of a demo, light and dark, desktop and phone.

The pictures go to var/screenshots/, named after page, width and theme.
"""

import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from vibe_engine.testing.browser import find_chromium
from vibe_engine.testing.product import RunningProduct

TARGET = Path(__file__).resolve().parents[1] / "var" / "screenshots"
THEMES = ("dark", "light")
SIZES = ((1440, 900), (390, 844))
PATHS = (
    "",
    "search/?q=night",
    "health/",
    "home/trends/?span=year",
    "home/capacity/",
    "accounts/",
    "accounts/1/",
    "accounts/connect/",
    "accounts/receipts/",
    "library/",
    "library/add/",
    "library/tracks/",
    "library/artists/",
    "library/collections/",
    "library/features/",
    "library/blocks/",
    "library/albums/1/",
    "library/tracks/1/",
    "playlists/",
    "playlists/1/",
    "playlists/1/snapshots/",
    "playlists/1/preview/?seed=1",
    "playlists/1/edit/",
    "playlists/1/rules/",
    "playlists/1/why/",
    "playlists/1/why-not/",
    "playlists/inventory/",
    "playlists/labels/",
    "playlists/due/",
    "playlists/1/reshuffle/",
    "playlists/create/",
    "automation/",
    "automation/?state=failed&who=schedule",
    "automation/retention/",
    "automation/notices/",
    "automation/schedules/add/",
    "automation/runs/60/",
    "automation/writing/",
    "settings/",
    "profile/",
    "no-such-page/",
)


def main() -> int:
    """Start a demo, take the pictures, stop it; return the exit code."""
    program = find_chromium()
    if program is None:
        sys.stderr.write("No Chromium was found: install the package chromium.\n")
        return 1
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        product = RunningProduct(Path(folder))
        try:
            product.wait_ready()
            browser = playwright.chromium.launch(
                executable_path=program, args=["--no-sandbox"]
            )
            for theme in THEMES:
                for size in SIZES:
                    take_all(browser, product, theme, size)
        finally:
            product.stop()
    sys.stdout.write(f"The pictures are in {TARGET}.\n")
    return 0


def take_all(
    browser: Browser, product: RunningProduct, theme: str, size: tuple[int, int]
) -> None:
    """Take one picture of each page, the sign-in first."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height})
    context.add_cookies([{"name": "theme", "value": theme, "url": product.url}])
    page = context.new_page()
    page.goto(f"{product.url}/sign-in/", wait_until="networkidle")
    take(page, f"sign-in-{width}-{theme}")
    page.get_by_label("User name").fill(product.username)
    page.get_by_label("Password").fill(product.password)
    page.get_by_role("button", name="Sign in").click()
    for path in PATHS:
        page.goto(f"{product.url}/{path}", wait_until="networkidle")
        name = re.sub(r"\W+", "-", path).strip("-") or "home"
        take(page, f"{name}-{width}-{theme}")
    context.close()


def take(page: Page, name: str) -> None:
    """Take a picture of the whole page."""
    page.screenshot(path=TARGET / f"{name}.png", full_page=True)


if __name__ == "__main__":
    sys.exit(main())
