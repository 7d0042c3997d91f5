"""Real pages in a real browser, with everything that goes wrong on them noted."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from django.urls import Resolver404, resolve

from vibe_engine.testing.product import RunningProduct

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request, Response

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
NO_PAGES = frozenset(
    {"healthz", "readyz", "prometheus", "drawer", "feature_template", "receipt_file"}
)
"""Addresses that answer with something else than a page, such as a download."""
TIMEOUT_MS = 20_000
ANSWERS_TO_INPUT = (409, 422)
"""Statuses of a form that is shown again; the browser's console calls them errors."""
TELL_OF_VIOLATIONS = """
addEventListener("securitypolicyviolation", event =>
  violated(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


@contextmanager
def watched_page(browser: "Browser", **options: Any) -> Iterator["Page"]:
    """Open a page of a session of its own.

    At the end nothing may have gone wrong: no error in the console or in a script,
    no violation of the content security policy, no failed request, no dialog.
    """
    context = browser.new_context(**{"viewport": DESKTOP} | options)
    context.set_default_timeout(TIMEOUT_MS)
    problems: list[str] = []
    if options.get("java_script_enabled", True):
        context.expose_function("violated", lambda text: problems.append(f"CSP {text}"))
        context.add_init_script(TELL_OF_VIOLATIONS)
    page = context.new_page()
    _watch(page, problems)
    yield page
    context.close()
    assert problems == []


def _watch(page: "Page", problems: list[str]) -> None:
    page.on("pageerror", lambda error: problems.append(f"script: {error}"))
    page.on("response", lambda answer: problems.extend(_failure(answer)))
    page.on("requestfailed", lambda request: problems.extend(_breakdown(request)))
    page.on(
        "console",
        lambda said: (
            problems.append(f"console: {said.text}")
            if said.type == "error" and "Failed to load resource" not in said.text
            else None
        ),
    )

    def refuse(dialog: Any) -> None:
        problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", refuse)


def _failure(answer: "Response") -> Iterator[str]:
    if answer.status >= 400 and answer.status not in ANSWERS_TO_INPUT:
        yield f"{answer.status} {answer.request.method} {answer.url}"


def _breakdown(request: "Request") -> Iterator[str]:
    """Yield a request that got no answer; the browser drops some by leaving a page."""
    if request.failure and "ERR_ABORTED" not in request.failure:
        yield f"{request.failure} {request.method} {request.url}"


def visit(page: "Page", address: str) -> None:
    """Open a page and let its lazy parts arrive."""
    page.goto(address)
    settle(page)


def settle(page: "Page") -> None:
    """Wait until htmx asks for nothing more."""
    page.wait_for_load_state("load")
    page.locator(".htmx-request").first.wait_for(state="detached")


def sign_in(page: "Page", product: RunningProduct) -> None:
    """Sign in with the words that the terminal printed."""
    page.goto(product.url)
    page.get_by_label("User name").fill(product.username)
    page.get_by_label("Password").fill(product.password)
    page.get_by_role("button", name="Sign in").click()
    page.locator("nav.rail").wait_for(state="attached")


def every_page(page: "Page", product: RunningProduct) -> Iterator[tuple[str, str]]:
    """Follow every link from the home page; yield one address of each view.

    The page is open when it is yielded, by the name of its view. The admin's pages
    count as one, and fragments that a page loads later count as pages.
    """
    seen: set[str] = set()
    waiting = ["/"]
    while waiting:
        path = waiting.pop(0)
        name = view_name(path)
        if name is None or name in seen:
            continue
        seen.add(name)
        visit(page, product.url + path)
        waiting += _links(page, product)
        yield name, path


def _links(page: "Page", product: RunningProduct) -> list[str]:
    """Return where the page leads, also by what it has loaded already."""
    source = page.request.get(page.url).text()
    later = [html.unescape(link) for link in re.findall(r'hx-get="([^"]+)"', source)]
    shown = page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
    links = [urljoin(page.url, link) for link in (*later, *shown)]
    here = f"{product.url}/"
    return [link[len(here) - 1 :] for link in links if link.startswith(here)]


def view_name(path: str) -> str | None:
    """Return which view an address belongs to; None for what is no page."""
    try:
        match = resolve(re.split(r"[?#]", path)[0])
    except Resolver404:
        return None
    if match.namespace == "admin":
        return "admin"
    if match.url_name in NO_PAGES:
        return None
    action = match.kwargs.get("action", "")
    return re.sub(r"\W+", "-", f"{match.view_name}-{action}").strip("-")
