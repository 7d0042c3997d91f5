"""What the frame around every page is told."""

import pytest
from django.test import Client, RequestFactory
from django.urls import resolve

from accounts import access
from accounts.tests.factories import make_account
from metrics.context import Frame
from metrics.tests.factories import beat_engine
from vibe_engine import clock

pytestmark = [pytest.mark.django_db, pytest.mark.portable]


def frame_at(path: str) -> Frame:
    """Return the frame of a page."""
    request = RequestFactory().get(path)
    request.resolver_match = resolve(path)
    request.session = {}  # type: ignore[assignment]
    return Frame(request)


class TestFrame:
    @pytest.mark.parametrize(
        ("path", "section"),
        [
            ("/", "dashboard"),
            ("/search/", "dashboard"),
            ("/accounts/", "accounts"),
            ("/library/", "library"),
            ("/playlists/", "playlists"),
            ("/automation/", "automation"),
            ("/settings/", "settings"),
            ("/profile/", ""),
        ],
    )
    def test_lights_the_section_of_the_page(self, path: str, section: str) -> None:
        assert frame_at(path).section == section

    def test_bears_pages_without_a_route(self) -> None:
        assert Frame(RequestFactory().get("/nowhere/")).section == ""

    def test_knows_the_active_account(self) -> None:
        account = make_account()
        frame = frame_at("/")
        assert frame.active_account is None
        chosen = frame_at("/")
        access.set_active(chosen._request, account)
        assert chosen.active_account == account

    def test_forgets_an_active_account_that_is_gone(self) -> None:
        frame = frame_at("/")
        account = make_account()
        access.set_active(frame._request, account)
        account.delete()
        assert frame.active_account is None

    def test_asks_two_questions_for_everything(
        self, django_assert_num_queries: object
    ) -> None:
        make_account(playlists_count=3)
        beat_engine(clock.now())
        frame = frame_at("/")
        with django_assert_num_queries(2):  # type: ignore[operator]
            assert frame.counts == {"accounts": 1, "playlists": 3}
            assert frame.runs.failed == 0
            assert [strip.title for strip in frame.strips] == ["Sandbox."]


class TestEveryPage:
    def test_shows_strips_and_counts(self, viewer: Client) -> None:
        page = viewer.get("/settings/").content.decode()
        assert "The engine does not answer." in page
        assert "Sandbox." in page
