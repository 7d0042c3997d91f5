"""Running products that browsers look at; each worker starts its own."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browsing import watched_page
from vibe_engine.testing.product import RunningProduct

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def demo_product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProduct]:
    """The product with its demo fleet; tests add to it and leave it running."""
    running = RunningProduct(tmp_path_factory.mktemp("demo"))
    yield running.wait_ready()
    running.stop()


@pytest.fixture
def watched(chromium: "Browser") -> Iterator["Page"]:
    """A page on which nothing may go wrong."""
    with watched_page(chromium) as page:
        yield page
