"""The home page: empty, full, for whom, and in how many queries."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.tests.factories import make_account
from library.models import Track
from library.tests.factories import make_album
from metrics.tests.factories import beat_engine, make_fleet
from playlists.tests.factories import make_playlist, make_snapshot
from vibe_engine.testing.clock import MovableClock

pytestmark = pytest.mark.portable
Assert = Callable[[int], Any]
AT_MOST = 10


def text(client: Client, path: str, **headers: str) -> str:
    """Return a page; htmx asks for the fragment of `target`."""
    sent = {"HX-Request": "true", "HX-Target": headers["target"]} if headers else None
    response = client.get(path, headers=sent)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


class TestWelcome:
    def test_begins_with_connecting_an_account(self, operator: Client) -> None:
        page = text(operator, "/")
        assert "Three steps to a first fresh playlist" in page
        assert '<a class="key" href="/accounts/connect/">' in page
        assert page.count('class="key"') == 1

    def test_goes_on_with_albums_once_an_account_is_there(
        self, operator: Client
    ) -> None:
        make_account()
        page = text(operator, "/")
        assert "1 account is connected" in page
        assert '<a class="key" href="/library/add/">' in page
        assert page.count('class="key"') == 1

    def test_ends_with_creating_playlists(self, operator: Client) -> None:
        make_account()
        make_album(tracks=3)
        page = text(operator, "/")
        assert "1 album with 3 tracks is in the library" in page
        assert '<a class="key" href="/playlists/create/">' in page

    def test_offers_the_demo_only_to_an_untouched_demo(
        self, operator: Client, settings: Any
    ) -> None:
        assert "seed_demo" in text(operator, "/")
        settings.DEMO = False
        assert "seed_demo" not in text(operator, "/")
        settings.DEMO = True
        make_account()
        assert "seed_demo" not in text(operator, "/")

    def test_asks_nothing_of_a_viewer(self, viewer: Client) -> None:
        page = text(viewer, "/")
        assert "An operator takes these steps" in page
        assert 'class="key"' not in page


class TestHome:
    def test_says_how_the_fleet_stands(self, operator: Client, noon: datetime) -> None:
        make_fleet(accounts=2, playlists=3, now=noon)
        page = text(operator, "/")
        assert "6 playlists on 2 accounts, 2 due now, the next" in page
        assert ">in 5 hours</time>" in page
        assert "Three steps" not in page

    def test_counts_what_is_fresh_done_and_to_come(
        self, operator: Client, noon: datetime
    ) -> None:
        make_fleet(accounts=2, playlists=3, now=noon)
        page = text(operator, "/")
        assert "<dd>4<small> of 6</small></dd>" in page
        assert "<dd>6<small> of 12</small></dd>" in page
        assert "4 to come, 2 due" in page
        assert "10 never used yet" not in page
        assert "20 never used yet" in page

    def test_reshuffles_what_is_due(self, operator: Client, noon: datetime) -> None:
        make_fleet(accounts=2, playlists=1, now=noon)
        page = text(operator, "/")
        assert "Reshuffle the 2 due" in page
        assert 'href="/playlists/reshuffle/?scope=due"' in page

    def test_creates_playlists_while_nothing_is_due(
        self, operator: Client, noon: datetime
    ) -> None:
        make_playlist(next_reshuffle_at=noon + timedelta(hours=1))
        page = text(operator, "/")
        assert "1 playlist on 1 account, none due now" in page
        assert '<a class="key" href="/playlists/create/">' in page

    def test_leaves_out_accounts_that_cannot_work(
        self, operator: Client, noon: datetime
    ) -> None:
        account = make_account(status="needs_reauth")
        make_playlist(account=account, next_reshuffle_at=noon - timedelta(hours=1))
        page = text(operator, "/")
        assert "none due now." in page
        assert "No playlist is waiting for its turn" in page

    def test_offers_a_viewer_nothing_to_do(
        self, viewer: Client, noon: datetime
    ) -> None:
        make_fleet(accounts=1, playlists=2, now=noon)
        assert 'class="key"' not in text(viewer, "/")

    def test_sends_strangers_to_sign_in(self, anonymous: Client) -> None:
        response = anonymous.get("/")
        assert response.status_code == 302
        assert response["Location"].startswith("/sign-in/")

    def test_shows_odd_names_as_text(self, operator: Client, noon: datetime) -> None:
        hostile = "<script>alert(1)</script>"
        account = make_account(display_name=hostile)
        make_playlist(account=account, name=hostile)
        for page in (
            text(operator, "/"),
            text(operator, "/home/charts/", target="charts"),
        ):
            assert hostile not in page
            assert "&lt;script&gt;" in page

    @pytest.mark.parametrize("playlists", [1, 40])
    def test_asks_few_questions_however_large_the_fleet(
        self,
        operator: Client,
        noon: datetime,
        playlists: int,
        django_assert_max_num_queries: Assert,
    ) -> None:
        beat_engine(noon)
        make_fleet(accounts=3, playlists=playlists, now=noon)
        with django_assert_max_num_queries(AT_MOST):
            text(operator, "/")

    def test_warns_before_a_consent_ends(
        self, operator: Client, noon: datetime
    ) -> None:
        make_account(
            display_name="Kiosk",
            authorized_at=noon - timedelta(days=170),
            consent_ends_at=noon + timedelta(days=9),
            playlists_count=1,
        )
        page = text(operator, "/")
        assert "The consent of Kiosk ends" in page
        assert "Its 1 playlist stands still from then on" in page


class TestNow:
    def test_asks_again_only_while_something_runs(self, operator: Client) -> None:
        assert 'hx-trigger="every 3s"' not in text(operator, "/home/now/", target="now")

    def test_is_a_page_too(self, operator: Client) -> None:
        assert "<h1>Now</h1>" in text(operator, "/home/now/")


class TestCharts:
    def test_answers_htmx_with_the_pictures_alone(
        self, operator: Client, noon: datetime
    ) -> None:
        make_fleet(accounts=2, playlists=3, now=noon)
        page = text(operator, "/home/charts/", target="charts")
        assert page.startswith('<div id="charts">')
        assert "12 reshuffles are done" in page
        assert "In four weeks 12 lists were renewed and none failed" in page
        assert "places of 30" in text(operator, "/home/rotation/", target="rotation")
        rests = text(operator, "/home/rests/", target="rests")
        assert "There is room for 394 more." in rests

    def test_says_something_about_nothing(self, operator: Client) -> None:
        assert "Nothing falls due today." in text(operator, "/home/charts/")
        rotation = text(operator, "/home/rotation/")
        assert "No list stands yet." in rotation
        assert "No playlist has been created yet." in rotation

    def test_covers_the_library_by_use(self, operator: Client, noon: datetime) -> None:
        (playlist,) = make_fleet(accounts=1, playlists=1, now=noon)
        used = playlist.snapshots.get(replaced_at=None).track_ids()
        earlier = playlist.snapshots.exclude(replaced_at=None).get().track_ids()
        Track.objects.filter(pk__in=used + earlier).update(use_count=1)
        page = text(operator, "/home/rotation/", target="rotation")
        assert "<b>5</b> in a list now" in page
        assert "<b>5</b> resting" in page
        assert "<b>10</b> never used yet" in page
        assert "50.0%" in page

    def test_counts_days_in_the_persons_zone(
        self, operator: Client, clock: MovableClock
    ) -> None:
        early = clock.now().replace(hour=0, minute=30, second=0, microsecond=0)
        clock.set(early)
        make_fleet(accounts=1, playlists=1, now=early)
        in_utc = text(operator, "/home/charts/", target="charts")
        operator.cookies["timezone"] = "Asia/Tokyo"
        in_tokyo = text(operator, "/home/charts/", target="charts")
        assert "Nothing falls due today." in in_utc
        assert "2 reshuffles is done" in in_tokyo

    @pytest.mark.parametrize("playlists", [1, 40])
    def test_asks_few_questions_however_large_the_fleet(
        self,
        operator: Client,
        noon: datetime,
        playlists: int,
        django_assert_max_num_queries: Assert,
    ) -> None:
        make_fleet(accounts=3, playlists=playlists, now=noon)
        beat_engine(noon)
        for part in ("charts", "rotation", "rests"):
            with django_assert_max_num_queries(AT_MOST):
                text(operator, f"/home/{part}/")

    def test_counts_a_hurried_playlist_once_a_day(
        self, operator: Client, noon: datetime
    ) -> None:
        playlist = make_playlist()
        for minutes in (30, 20, 10):
            at = noon - timedelta(minutes=minutes)
            make_snapshot(playlist, confirmed_at=at, replaced_at=noon)
        page = text(operator, "/home/charts/", target="charts")
        assert "In four weeks 1 list was renewed" in page
