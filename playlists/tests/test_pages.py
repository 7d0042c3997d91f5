"""The pages of playlists: who may, what is shown, wrong input, the deed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.tests.factories import make_account
from automation.models import EngineLease, Run
from library.tests.factories import make_tracks
from playlists.models import Playlist
from playlists.tests.factories import make_playlist, make_snapshot
from vibe_engine import clock

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
HOSTILE = "<img src=x onerror=alert(1)>\"'{{ 7*7 }}‮‭ 🎧"


@pytest.fixture(autouse=True)
def _engine_runs() -> None:
    now = clock.now()
    EngineLease.objects.create(pk=1, lease_until=now, heartbeat_at=now)


class TestList:
    def test_sends_an_anonymous_person_to_the_sign_in_page(
        self, anonymous: Client
    ) -> None:
        response = anonymous.get("/playlists/")
        assert response.status_code == 302
        assert response["Location"].startswith("/sign-in/?next=/playlists/")

    def test_sends_an_ended_session_there_from_a_fragment_too(
        self, anonymous: Client
    ) -> None:
        response = anonymous.get("/playlists/", headers=HTMX)
        assert response["HX-Redirect"].startswith("/sign-in/")

    def test_teaches_when_there_is_nothing(self, viewer: Client) -> None:
        assert b"No playlists yet" in viewer.get("/playlists/").content

    def test_answers_htmx_with_the_table_alone(self, viewer: Client) -> None:
        make_playlist()
        response = viewer.get(
            "/playlists/", headers=HTMX | {"HX-Target": "playlist-table"}
        )
        assert b"<!doctype" not in response.content
        assert "HX-Request" in response["Vary"]

    def test_narrows_by_text_state_and_account(self, viewer: Client) -> None:
        first, second = make_playlist(name="Morning"), make_playlist(name="Evening")
        Playlist.objects.filter(pk=second.pk).update(status="paused")
        page = viewer.get("/playlists/?q=morn").content.decode()
        assert "Morning" in page
        assert "Evening" not in page
        page = viewer.get("/playlists/?state=paused").content.decode()
        assert "Evening" in page
        assert "Morning" not in page
        page = viewer.get(f"/playlists/?account={first.account_id}").content.decode()
        assert "Evening" not in page

    @pytest.mark.parametrize(
        "query",
        [
            "q=%00&state=nonsense&account=abc&sort=drop&page=x",
            "account=99999999999999999999",
            "page=-1",
            "page=999999",
        ],
    )
    def test_takes_nonsense_in_the_address_as_nothing(
        self, viewer: Client, query: str
    ) -> None:
        make_playlist(name="Morning")
        assert viewer.get(f"/playlists/?{query}").status_code == 200

    def test_query_count_does_not_grow_with_rows(
        self, operator: Client, django_assert_max_num_queries: Callable[..., Any]
    ) -> None:
        account = make_account()
        for _ in range(30):
            make_playlist(account=account)
        with django_assert_max_num_queries(10):
            operator.get("/playlists/")

    def test_shows_hostile_names_as_text(self, viewer: Client) -> None:
        make_playlist(name=HOSTILE, description=HOSTILE)
        page = viewer.get("/playlists/").content.decode()
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page


class TestDetail:
    def test_shows_a_playlist_without_a_list(self, viewer: Client) -> None:
        playlist = make_playlist()
        response = viewer.get(playlist.get_absolute_url())
        assert response.status_code == 200
        assert b"There is no list yet" in response.content

    def test_is_404_for_what_is_not_there(self, viewer: Client) -> None:
        assert viewer.get("/playlists/999999/").status_code == 404

    def test_stays_within_its_queries(
        self, operator: Client, django_assert_max_num_queries: Callable[..., Any]
    ) -> None:
        playlist = make_playlist()
        make_snapshot(playlist, make_tracks(50))
        with django_assert_max_num_queries(11):
            operator.get(playlist.get_absolute_url())
        with django_assert_max_num_queries(10):
            operator.get(f"/playlists/{playlist.pk}/why/")


class TestSnapshots:
    def test_shows_every_list_and_offers_to_restore_the_earlier_ones(
        self, viewer: Client
    ) -> None:
        playlist = make_playlist()
        tracks = make_tracks(20)
        now = clock.now()
        first = make_snapshot(
            playlist,
            tracks[:10],
            confirmed_at=now - timedelta(days=5),
            replaced_at=now,
        )
        second = make_snapshot(playlist, tracks[10:], confirmed_at=now)
        page = viewer.get(f"/playlists/{playlist.pk}/snapshots/").content.decode()
        assert f"/snapshots/{first.pk}/restore/" in page
        assert f"/snapshots/{second.pk}/restore/" not in page
        shown = viewer.get(f"/playlists/{playlist.pk}/snapshots/{first.pk}/")
        assert str(tracks[0]) in shown.content.decode()

    def test_asks_before_it_restores_and_opens_one_run(self, operator: Client) -> None:
        playlist = make_playlist()
        now = clock.now()
        first = make_snapshot(
            playlist,
            make_tracks(5),
            confirmed_at=now - timedelta(days=5),
            replaced_at=now,
        )
        make_snapshot(playlist, make_tracks(5), confirmed_at=now)
        address = f"/playlists/{playlist.pk}/snapshots/{first.pk}/restore/"
        assert operator.get(address).status_code == 200
        assert not Run.objects.exists()
        operator.post(address)
        assert Run.objects.get().arguments == {"snapshot": first.pk}


class TestPreview:
    def test_draws_without_storing_and_the_same_for_the_same_seed(
        self, operator: Client
    ) -> None:
        make_tracks(80)
        playlist = make_playlist()
        address = f"/playlists/{playlist.pk}/preview/?seed=7"
        one = operator.get(address).context["drawn"].track_ids
        two = operator.get(address).context["drawn"].track_ids
        assert one == two
        assert not playlist.snapshots.exists()

    def test_says_why_nothing_can_be_drawn(self, operator: Client) -> None:
        playlist = make_playlist()
        response = operator.get(f"/playlists/{playlist.pk}/preview/")
        assert response.status_code == 200
        assert b"callout bad" in response.content


class TestAct:
    def test_asks_first_and_changes_nothing_by_get(self, operator: Client) -> None:
        playlist = make_playlist()
        for action in ("reshuffle", "push", "stop", "unfollow", "empty"):
            response = operator.get(f"/playlists/{playlist.pk}/{action}/")
            assert response.status_code == 200, action
        assert not Run.objects.exists()
        assert Playlist.objects.get(pk=playlist.pk).status == Playlist.Status.ACTIVE

    def test_asks_in_the_dialog(self, operator: Client) -> None:
        playlist = make_playlist()
        response = operator.get(
            f"/playlists/{playlist.pk}/reshuffle/",
            headers=HTMX | {"HX-Target": "dialog-body"},
        )
        assert b"<html" not in response.content
        assert b"Calls to Spotify" in response.content

    def test_opens_one_run_for_two_clicks(self, operator: Client) -> None:
        playlist = make_playlist()
        for _ in range(2):
            response = operator.post(f"/playlists/{playlist.pk}/reshuffle/")
            assert response.status_code == 302
        assert Run.objects.filter(subject=playlist.subject).count() == 1

    def test_refuses_a_viewer_with_words(self, viewer: Client) -> None:
        playlist = make_playlist()
        response = viewer.post(f"/playlists/{playlist.pk}/reshuffle/")
        assert response.status_code == 403
        assert b"operator" in response.content
        assert not Run.objects.exists()

    def test_knows_no_other_action(self, operator: Client) -> None:
        playlist = make_playlist()
        assert operator.post(f"/playlists/{playlist.pk}/explode/").status_code == 404

    def test_pauses_and_resumes(self, operator: Client) -> None:
        playlist = make_playlist()
        operator.post(f"/playlists/{playlist.pk}/pause/")
        assert Playlist.objects.get(pk=playlist.pk).status == Playlist.Status.PAUSED
        operator.post(f"/playlists/{playlist.pk}/resume/")
        assert Playlist.objects.get(pk=playlist.pk).status == Playlist.Status.ACTIVE


class TestBulk:
    def test_asks_then_opens_a_run_each(self, operator: Client) -> None:
        chosen = [make_playlist().pk for _ in range(3)]
        make_playlist()
        asked = operator.post("/playlists/bulk/reshuffle/", {"pk": chosen})
        assert asked.status_code == 200
        assert not Run.objects.exists()
        operator.post("/playlists/bulk/reshuffle/", {"pk": chosen, "confirmed": "1"})
        assert Run.objects.filter(is_bulk=False).count() == 3

    def test_takes_all_that_match_by_the_filter(self, operator: Client) -> None:
        for number in range(4):
            make_playlist(name=f"{'Odd' if number % 2 else 'Even'} {number}")
        operator.post(
            "/playlists/bulk/reshuffle/", {"all": "1", "q": "odd", "confirmed": "1"}
        )
        assert Run.objects.filter(is_bulk=False).count() == 2

    @pytest.mark.parametrize("posted", [{}, {"pk": ["x"]}, {"pk": ["9" * 30]}])
    def test_says_what_is_wrong_with_a_selection(
        self, operator: Client, posted: dict[str, Any]
    ) -> None:
        make_playlist()
        response = operator.post("/playlists/bulk/reshuffle/", posted, follow=True)
        assert response.status_code == 200
        assert b"elect" in response.content
        assert not Run.objects.exists()


class TestCreate:
    def test_creates_as_many_as_asked_once_for_a_double_click(
        self, operator: Client
    ) -> None:
        make_tracks(60)
        account = make_account()
        posted = {
            "account": account.pk,
            "count": 3,
            "key": "5a" * 16,
            "is_public": "on",
        }
        for _ in range(2):
            response = operator.post("/playlists/create/", posted)
            assert response.status_code == 302
        assert Playlist.objects.count() == 3

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("count", "0"),
            ("count", "many"),
            ("count", ""),
            ("size", "101"),
            ("interval_days", "0"),
            ("account", "999"),
            ("collections", "999"),
            ("name_prefix", "x" * 65),
            ("count", "100000"),
        ],
    )
    def test_keeps_what_was_typed_and_says_what_is_wrong(
        self, operator: Client, field: str, value: str
    ) -> None:
        account = make_account()
        posted = {"account": account.pk, "count": "7", "name_prefix": "Typed"} | {
            field: value
        }
        response = operator.post("/playlists/create/", posted)
        assert response.status_code == 422
        assert not Playlist.objects.exists()
        if field != "name_prefix":
            assert b"Typed" in response.content

    def test_forecasts_without_changing_anything(self, operator: Client) -> None:
        make_tracks(60)
        account = make_account()
        response = operator.get(
            "/playlists/create/forecast/",
            {"account": account.pk, "count": 3},
            headers=HTMX | {"HX-Target": "forecast"},
        )
        assert response.status_code == 200
        assert b"Calls to Spotify" in response.content
        assert not Playlist.objects.exists()


class TestEdit:
    def test_saves_rules_and_refuses_a_stale_form(self, operator: Client) -> None:
        playlist = make_playlist()
        address = f"/playlists/{playlist.pk}/edit/"
        form = operator.get(address).context["form"].initial
        posted = {
            "name": playlist.name,
            "version": form["version"],
            "size": "40",
            "cooldown_days": "0",
        }
        assert operator.post(address, posted).status_code == 302
        fresh = Playlist.objects.get(pk=playlist.pk)
        assert (fresh.size, fresh.cooldown_days) == (40, 0)
        stale = operator.post(address, posted | {"size": "30"})
        assert stale.status_code == 409
        assert Playlist.objects.get(pk=playlist.pk).size == 40

    def test_changes_only_what_is_ticked_in_many(self, operator: Client) -> None:
        one, two = make_playlist(size=20), make_playlist(size=30)
        posted = {
            "pk": [one.pk, two.pk],
            "save": "1",
            "change": ["artist_cap"],
            "artist_cap": "1",
            "size": "99",
        }
        assert operator.post("/playlists/edit/", posted).status_code == 302
        rows = Playlist.objects.order_by("pk").values_list("size", "artist_cap")
        assert list(rows) == [(20, 1), (30, 1)]

    def test_wants_at_least_one_tick(self, operator: Client) -> None:
        playlist = make_playlist()
        response = operator.post("/playlists/edit/", {"pk": playlist.pk, "save": "1"})
        assert response.status_code == 422

    def test_says_that_a_form_without_its_version_cannot_be_saved(
        self, operator: Client
    ) -> None:
        playlist = make_playlist()
        address = f"/playlists/{playlist.pk}/edit/"
        answer = operator.post(address, {"name": "Mine", "version": "none"})
        assert answer.status_code == 422
        assert "does not fit the page any more" in answer.content.decode()
