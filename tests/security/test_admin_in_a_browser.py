"""Every page of the admin in a real browser, under the strict policy."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User

from automation.models import Schedule
from tests.security.fleet import Fleet, make_fleet, make_machinery
from tests.security.test_admin import addresses
from vibe_engine.testing.fixtures import sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LISTEN = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.effectiveDirective} ${event.blockedURI} `
    + `${event.sourceFile}:${event.lineNumber} ${event.sample}`);
});
"""
REFUSED_ON_PURPOSE = {403}
"""Adding, changing or deleting what is read-only."""


@pytest.fixture
def fleet(transactional_db: None) -> Fleet:
    fleet = make_fleet()
    make_machinery(fleet)
    return fleet


class Visitor:
    """Staff in a browser, with everything that goes wrong on a page."""

    def __init__(self, page: "Page", server: str) -> None:
        self.page = page
        self.server = server
        self.said: list[str] = []
        page.add_init_script(LISTEN)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("console", self._hear)
        page.on("dialog", lambda dialog: self.said.append(dialog.message))

    def _hear(self, message: Any) -> None:
        if (
            message.type in {"error", "warning"}
            and "403 (Forbidden)" not in message.text
        ):
            self.said.append(message.text)

    def visit(self, address: str) -> "Response":
        """Open a page and wait until its scripts have run."""
        self.said.clear()
        answer = self.page.goto(self.server + address, wait_until="load")
        assert answer is not None
        return answer

    def troubles(self) -> list[str]:
        """Return what the console said and what the policy blocked."""
        return [*self.said, *self.page.evaluate("window.violations")]


@pytest.fixture
def visitor(
    staff_user: User, live_server: "LiveServer", chromium: "Browser"
) -> Iterator[Visitor]:
    server = live_server.url.replace("localhost", "127.0.0.1")
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    cookie = sign_in(staff_user).cookies["dashboard_session"]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": server}])
    yield Visitor(context.new_page(), server)
    context.close()


class TestAdmin:
    def test_opens_every_page_without_a_violation(
        self, visitor: Visitor, fleet: Fleet
    ) -> None:
        troubles = {}
        for address in addresses():
            answer = visitor.visit(address)
            assert answer.ok or answer.status in REFUSED_ON_PURPOSE, address
            if found := visitor.troubles():
                troubles[address] = found
        assert troubles == {}

    def test_would_notice_a_violation(self, visitor: Visitor, fleet: Fleet) -> None:
        visitor.visit("/admin/")
        visitor.page.evaluate("document.body.setAttribute('style', 'color: red')")
        visitor.page.wait_for_function("window.violations.length > 0")
        assert visitor.troubles() != []

    def test_adds_a_schedule_with_what_it_offers(
        self, visitor: Visitor, fleet: Fleet
    ) -> None:
        page = visitor.page
        visitor.visit("/admin/django_celery_beat/periodictask/add/")
        page.fill("[name=name]", "Mine")
        page.select_option("[name=interval]", index=1)
        page.select_option("[name=meaning-0-kind]", "playlists.reshuffle_due")
        page.click("[name=_save]")
        page.wait_for_selector(".messagelist .success")
        assert visitor.troubles() == []

    def test_shows_what_the_chosen_work_is_told_and_takes_it(
        self, visitor: Visitor, fleet: Fleet
    ) -> None:
        page, scope = visitor.page, "meaning-0-playlists-reshuffle_some"
        visitor.visit("/admin/django_celery_beat/periodictask/add/")
        page.fill("[name=name]", "Mine")
        page.select_option("[name=interval]", index=1)
        assert page.locator("fieldset.arguments:visible").count() == 0
        page.select_option("[name=meaning-0-kind]", "playlists.reshuffle_some")
        assert page.locator("fieldset.arguments:visible").count() == 1
        page.check(f"[name={scope}-scope][value=account]")
        page.select_option(f"[name={scope}-account]", str(fleet.account.pk))
        page.click("[name=_save]")
        page.wait_for_selector(".messagelist .success")
        arguments = Schedule.objects.latest("pk").arguments
        assert arguments == {"account": fleet.account.pk}
        assert visitor.troubles() == []

    def test_has_a_friendlier_page_that_shows_the_next_runs(
        self, visitor: Visitor, fleet: Fleet
    ) -> None:
        page = visitor.page
        visitor.visit("/automation/schedules/add/")
        assert not page.is_visible("[name=crontab]")
        page.check("[name=how][value=crontab]")
        page.fill("[name=crontab]", "30 2 * * 1")
        page.select_option("[name=zone]", "Europe/Berlin")
        preview = page.locator("#schedule-preview")
        preview.get_by_text("Runs every Monday at 02:30 Europe/Berlin.").wait_for()
        assert preview.locator("li").count() == 5
        assert visitor.troubles() == []

    def test_picks_playlists_by_searching_for_them(
        self, visitor: Visitor, fleet: Fleet
    ) -> None:
        page, playlist = visitor.page, fleet.playlist
        visitor.visit("/automation/schedules/add/")
        page.check("[name=scope][value=playlists]")
        page.get_by_label("Playlists", exact=True).press_sequentially(str(playlist.pk))
        page.locator(".picked [name=playlists]").first.check()
        page.get_by_label("Playlists", exact=True).fill("")
        page.get_by_text("1 chosen. Untick what is to go.").wait_for()
        page.fill("[name=name]", "Picked")
        assert visitor.troubles() == []
        page.click("text=Save")
        page.wait_for_url("**/automation/")
        assert Schedule.objects.latest("pk").arguments == {"playlists": [playlist.pk]}

    def test_sends_out_to_the_dashboard_and_back(
        self, visitor: Visitor, fleet: Fleet
    ) -> None:
        page = visitor.page
        visitor.visit("/admin/")
        page.click("text=View site")
        page.wait_for_url(f"{visitor.server}/")
        page.click(".rail-foot >> text=Admin")
        page.wait_for_url("**/admin/")
        assert visitor.troubles() == []
