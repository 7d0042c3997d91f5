"""The engine room's pages: roles, fragments, wrong input, actions."""

from datetime import timedelta

import pytest
from django.test import Client

from automation import ledger, schedules
from automation.models import Run, Schedule, Setting
from automation.tests.factories import make_run, make_spec, make_working_run
from vibe_engine import clock
from vibe_engine.errors import BlockedError, WaitError

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
HOSTILE = '<script>alert(1)</script>"‮'


class TestOverview:
    def test_shows_runs_and_schedules(self, viewer: Client) -> None:
        schedules.ensure_defaults(now=clock.now())
        make_run(title=HOSTILE)
        page = viewer.get("/automation/").content.decode()
        assert "Due reshuffles" in page
        assert "every 5 minutes" in page
        assert "every hour at :00" in page
        assert "every day at 03:30 UTC" in page
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page

    @pytest.mark.parametrize("query", ["state=x&kind=y&page=z", "q=%00", "page=0"])
    def test_takes_nonsense_as_nothing(self, viewer: Client, query: str) -> None:
        make_run()
        assert viewer.get(f"/automation/?{query}").status_code == 200

    def test_hides_the_children_of_a_bulk(self, viewer: Client) -> None:
        ledger.open_bulk(
            kind="tests.bulk",
            title="The bulk",
            children=[make_spec(title="The child")],
            now=clock.now(),
        )
        page = viewer.get("/automation/").content.decode()
        assert "The bulk" in page
        assert "The child" not in page


class TestRun:
    def test_counts_up_by_itself_while_it_goes_and_stops_then(
        self, viewer: Client
    ) -> None:
        run = make_working_run()
        headers = HTMX | {"HX-Target": f"run-{run.pk}"}
        card = viewer.get(run.get_absolute_url(), headers=headers).content.decode()
        assert "hx-trigger" in card
        assert "<html" not in card
        ledger.finish(run)
        card = viewer.get(run.get_absolute_url(), headers=headers).content.decode()
        assert "hx-trigger" not in card

    def test_draws_a_square_for_each_run_of_a_bulk(self, viewer: Client) -> None:
        bulk = ledger.open_bulk(
            kind="tests.bulk",
            title="Two",
            children=[make_spec(), make_spec()],
            now=clock.now(),
        )
        page = viewer.get(bulk.get_absolute_url()).content.decode()
        assert "2 runs:" in page

    def test_cancels_what_waits(self, operator: Client) -> None:
        run = make_run()
        operator.post(f"/automation/runs/{run.pk}/cancel/")
        assert Run.objects.get(pk=run.pk).state == Run.State.CANCELLED

    def test_tries_again_what_failed(self, operator: Client) -> None:
        run = make_working_run()
        ledger.fail(run, "The album is gone.")
        response = operator.post(f"/automation/runs/{run.pk}/retry/")
        again = Run.objects.exclude(pk=run.pk).get()
        assert response["Location"] == again.get_absolute_url()

    @pytest.mark.parametrize("action", ["cancel", "retry"])
    def test_lets_a_viewer_only_look(self, viewer: Client, action: str) -> None:
        run = make_run()
        response = viewer.post(f"/automation/runs/{run.pk}/{action}/")
        assert response.status_code == 403
        assert Run.objects.get(pk=run.pk).state == Run.State.PLANNED

    @pytest.mark.parametrize("action", ["cancel", "retry"])
    def test_changes_nothing_by_get(self, operator: Client, action: str) -> None:
        run = make_run()
        response = operator.get(f"/automation/runs/{run.pk}/{action}/")
        assert response.status_code == 405

    def test_says_until_when_it_waits(self, viewer: Client) -> None:
        run = make_working_run()
        until = clock.now() + timedelta(hours=3)
        ledger.postpone(run, WaitError(until, "quota", "The quota is used up."))
        page = viewer.get(run.get_absolute_url()).content.decode()
        assert f'Waits until <time datetime="{until:%Y-%m-%dT%H:%M:%S}' in page
        assert "Spotify&#x27;s quota is used up" in page

    @pytest.mark.parametrize("reason", ["forbidden", "playlist_limit"])
    def test_lets_a_blocked_one_try_again_where_nothing_else_would(
        self, operator: Client, reason: str
    ) -> None:
        run = make_working_run()
        ledger.block(run, BlockedError(reason, "No."))
        page = operator.get(run.get_absolute_url()).content.decode()
        assert f"/automation/runs/{run.pk}/go-on/" in page
        operator.post(f"/automation/runs/{run.pk}/go-on/")
        run.refresh_from_db()
        assert (run.state, run.reason) == (Run.State.PLANNED, "")

    def test_offers_no_second_try_that_a_person_must_prepare_elsewhere(
        self, operator: Client
    ) -> None:
        run = make_working_run()
        ledger.block(run, BlockedError("needs_reauth", "Gone."))
        page = operator.get(run.get_absolute_url()).content.decode()
        assert "go-on" not in page
        assert "Connect the account again" in page


class TestSchedules:
    def test_runs_now_and_switches(self, operator: Client) -> None:
        schedules.ensure_defaults(now=clock.now())
        schedule = Schedule.objects.get(kind="playlists.reshuffle_due")
        operator.post(f"/automation/schedules/{schedule.pk}/run/")
        assert Run.objects.filter(kind=schedule.kind).count() == 1
        operator.post(f"/automation/schedules/{schedule.pk}/toggle/")
        assert not Schedule.objects.get(pk=schedule.pk).task.enabled


class TestSettingsPage:
    def test_shows_every_setting_with_its_source(self, viewer: Client) -> None:
        page = viewer.get("/settings/").content.decode()
        assert "Playlist size" in page
        assert "Set here" in page

    def test_saves_and_takes_back(self, operator: Client) -> None:
        operator.post("/settings/", {"cooldown_days": "9"})
        assert Setting.objects.get(key="cooldown_days").value == 9
        operator.post("/settings/cooldown_days/restore/")
        assert not Setting.objects.exists()

    def test_an_unticked_switch_is_off(self, operator: Client) -> None:
        operator.post("/settings/", {"shown": ["public_playlists"]})
        assert Setting.objects.get(key="public_playlists").value is False

    def test_keeps_what_was_typed_and_says_what_is_wrong_beside_it(
        self, operator: Client
    ) -> None:
        response = operator.post(
            "/settings/", {"playlist_size": "1000", "cooldown_days": "9"}
        )
        assert response.status_code == 422
        page = response.content.decode()
        assert "1 to 100 tracks are possible" in page
        assert 'value="1000"' in page
        assert 'value="9"' in page
        assert not Setting.objects.exists()

    def test_lets_a_viewer_only_look(self, viewer: Client) -> None:
        assert viewer.post("/settings/", {"cooldown_days": "9"}).status_code == 403
        assert not Setting.objects.exists()

    def test_refuses_a_setting_that_is_not_there(self, operator: Client) -> None:
        response = operator.post("/settings/nonsense/restore/", follow=True)
        assert b"no such setting" in response.content
