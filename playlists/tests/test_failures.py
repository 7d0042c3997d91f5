"""Every cause of trouble, from Spotify's own answer to the words on the pages.

What a person must mend is not tried again before it is mended, and goes on by itself
afterwards.
"""

import secrets
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts import services as account_services
from accounts.models import Account, App, Developer
from accounts.services import mending
from accounts.tests.factories import connect_account
from automation import worker
from automation.engine import Engine
from automation.models import Run
from automation.runtime import RuntimeSettings
from playlists.models import Playlist
from playlists.services import creation, reshuffling, restoring
from playlists.tests.factories import finish
from playlists.tests.fleet import Fleet
from vibe_engine import clock as product_clock
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.sandbox import SandboxControl

pytestmark = [pytest.mark.django_db]
SETTINGS = RuntimeSettings()
QUOTA = {
    "error": {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}
}


@pytest.fixture
def fleet(sandbox: SandboxControl) -> Iterator[Fleet]:
    """An account with one playlist that stands on the sandbox."""
    fleet = Fleet(sandbox)
    (made,) = fleet.create()
    assert made.state == Run.State.DONE, made.error
    yield fleet
    sandbox.options(max_playlists=11_000)


def page_of(client: Client, run: Run) -> str:
    return client.get(run.get_absolute_url()).content.decode()


def work_rung(engine: Engine) -> list[Run]:
    """Make a round of the engine and do what workers do with what it rings."""
    now = product_clock.now()
    engine.round(now=now)
    rung = Run.objects.due(now=now).filter(rung_at__isnull=False)
    worked = [worker.work(pk) for pk in list(rung.values_list("pk", flat=True))]
    return [run for run in worked if run is not None]


@pytest.fixture
def engine() -> Iterator[Engine]:
    one = Engine()
    yield one
    one._pool.shutdown(wait=True)


def again(run: Run, clock: MovableClock, engine: Engine) -> Run:
    """Let the time come at which a run goes on; return it as it is then."""
    run.refresh_from_db()
    if run.due_at > product_clock.now():
        clock.set(run.due_at + timedelta(seconds=1))
    work_rung(engine)
    run.refresh_from_db()
    return run


class TestWholeApp:
    @pytest.mark.parametrize(
        ("headers", "body", "reason", "title"),
        [
            ({"Retry-After": "90"}, None, "circuit", "Spotify asked for a pause"),
            ({}, None, "circuit", "Spotify asked for a pause"),
            ({"Retry-After": "soon"}, None, "circuit", "Spotify asked for a pause"),
            (
                {"Retry-After": "5000"},
                QUOTA,
                "quota",
                "Spotify&#x27;s quota is used up",
            ),
        ],
    )
    def test_waits_as_long_as_spotify_asks_and_says_so(
        self,
        fleet: Fleet,
        viewer: Client,
        clock: MovableClock,
        engine: Engine,
        *,
        headers: dict[str, str],
        body: object,
        reason: str,
        title: str,
    ) -> None:
        fleet.sandbox.fault("PUT", "/items$", status=429, headers=headers, body=body)
        run = fleet.reshuffle()
        assert (run.state, run.reason) == (Run.State.PLANNED, reason)
        assert len(fleet.sandbox.calls()) == 1
        page = page_of(viewer, run)
        assert "Waits until" in page
        assert title in page
        for address in (
            "/",
            reverse("accounts:list"),
            fleet.account.get_absolute_url(),
        ):
            shown = viewer.get(address).content.decode()
            assert f"Calls for {fleet.account.app.developer} rest until" in shown
        assert "1 run waits" in shown
        assert again(run, clock, engine).state == Run.State.DONE

    def test_asks_with_one_call_whether_premium_is_back(
        self, fleet: Fleet, operator: Client, clock: MovableClock, engine: Engine
    ) -> None:
        fleet.create(3)
        fleet.sandbox.lapse_premium(fleet.developer)
        fleet.sandbox.mark()
        runs = finish(fleet.open_reshuffle())
        assert {run.reason for run in runs} == {"premium"}
        assert len(fleet.sandbox.calls()) == 1
        page = page_of(operator, runs[0])
        assert "Premium of the app&#x27;s owner has lapsed" in page
        assert "Renew Premium for the owner" in page
        assert f'href="{reverse("accounts:list")}"' in page
        fleet.sandbox.lapse_premium(fleet.developer, lapsed=False)
        assert "Check again" in operator.get("/accounts/").content.decode()
        developer = Developer.objects.get(pk=fleet.account.app.developer_id)
        operator.post(reverse("accounts:ask_again", args=[developer.pk]))
        fleet.sandbox.mark()
        assert work_rung(engine)
        for _ in range(8):
            clock.forward(seconds=10)
            work_rung(engine)
        assert {run.state for run in Run.objects.all()} == {Run.State.DONE}

    def test_tells_a_wrong_client_secret_from_a_lost_consent(
        self, fleet: Fleet, viewer: Client, engine: Engine
    ) -> None:
        app = App.objects.get(client_id=fleet.client_id)
        app.seal_client_secret("wrong")
        app.save()
        Account.objects.update(token_expires_at=product_clock.now())
        run = fleet.reshuffle()
        assert (run.state, run.reason) == (Run.State.PLANNED, "credentials")
        assert "Spotify refuses the app&#x27;s client secret" in page_of(viewer, run)
        assert "Copy the client secret" in page_of(viewer, run)
        assert fleet.sandbox.calls() == []
        app.seal_client_secret(fleet.secret)
        app.save()
        assert mending.use_new_secret(app=app, now=product_clock.now()) == 1
        work_rung(engine)
        run.refresh_from_db()
        assert run.state == Run.State.DONE

    def test_waits_for_room_in_the_budget_and_goes_on_when_it_is_raised(
        self, fleet: Fleet, viewer: Client, staff: Client, engine: Engine
    ) -> None:
        developer = fleet.account.app.developer
        developer.playlist_writes_a_day = 1
        developer.save()
        run = fleet.reshuffle()
        assert (run.state, run.reason) == (Run.State.PLANNED, "budget:playlist writes")
        assert fleet.sandbox.calls() == []
        assert "The day&#x27;s budget is used up" in page_of(viewer, run)
        shown = viewer.get(reverse("accounts:list")).content.decode()
        assert run.title in shown
        assert "1 run waits" in shown
        developer.playlist_writes_a_day = 100
        developer.save()
        mending.use_new_budgets(developer=developer, now=product_clock.now())
        work_rung(engine)
        run.refresh_from_db()
        assert run.state == Run.State.DONE


class TestAccount:
    def test_without_a_seat_is_checked_again_by_a_button(
        self, fleet: Fleet, operator: Client, engine: Engine
    ) -> None:
        fleet.register(seats=[])
        run = fleet.reshuffle()
        assert (run.state, run.reason) == (Run.State.BLOCKED, "seat")
        page = page_of(operator, run)
        assert "holds no seat" in page
        assert "User Management" in page
        detail = operator.get(fleet.account.get_absolute_url()).content.decode()
        check = reverse("accounts:check_seat", args=[fleet.account.pk])
        assert f'action="{check}"' in detail
        refused = self.check(operator, check, engine)
        assert refused.state == Run.State.FAILED
        assert "still refuses" in refused.error
        run.refresh_from_db()
        assert run.state == Run.State.BLOCKED
        fleet.register(seats=[fleet.account.user_id])
        answered = self.check(operator, check, engine)
        assert answered.state == Run.State.DONE, answered.error
        work_rung(engine)
        run.refresh_from_db()
        assert run.state == Run.State.DONE

    def check(self, operator: Client, address: str, engine: Engine) -> Run:
        operator.post(address)
        work_rung(engine)
        latest = Run.objects.filter(kind=mending.SEAT_CHECK).first()
        assert latest is not None
        return latest

    def test_with_too_narrow_a_consent_waits_for_a_new_one(
        self, fleet: Fleet, operator: Client
    ) -> None:
        body = {"error": {"status": 403, "message": "Insufficient client scope"}}
        fleet.sandbox.fault("PUT", "/items$", status=403, body=body)
        run = fleet.reshuffle()
        assert (run.state, run.reason) == (Run.State.BLOCKED, "scope")
        page = page_of(operator, run)
        assert "The consent does not cover this" in page
        assert reverse("accounts:renew", args=[fleet.account.pk]) in page

    def test_whose_consent_has_ended_waits_for_a_new_one(
        self, fleet: Fleet, operator: Client, clock: MovableClock
    ) -> None:
        clock.forward(days=190)
        run = fleet.reshuffle()
        assert (run.state, run.reason) == (Run.State.BLOCKED, "needs_reauth")
        assert fleet.sandbox.calls() == []
        assert reverse("accounts:renew", args=[fleet.account.pk]) in page_of(
            operator, run
        )

    def test_that_is_paused_does_nothing_until_it_is_resumed(
        self, fleet: Fleet, operator: Client, engine: Engine
    ) -> None:
        account_services.pause_account(account=fleet.account)
        run = fleet.reshuffle()
        assert (run.state, run.reason) == (Run.State.BLOCKED, "account_paused")
        assert "The account is paused" in page_of(operator, run)
        assert fleet.sandbox.calls() == []
        operator.post(reverse("accounts:resume", args=[fleet.account.pk]))
        work_rung(engine)
        run.refresh_from_db()
        assert run.state == Run.State.DONE

    def test_with_as_many_playlists_as_spotify_allows_creates_none(
        self, fleet: Fleet, operator: Client, engine: Engine
    ) -> None:
        fleet.sandbox.options(max_playlists=1)
        (run,) = fleet.create()
        assert (run.state, run.reason) == (Run.State.BLOCKED, "playlist_limit")
        page = page_of(operator, run)
        assert "can hold no more playlists" in page
        fleet.sandbox.options(max_playlists=10)
        operator.post(reverse("automation:go_on", args=[run.pk]))
        work_rung(engine)
        run.refresh_from_db()
        assert run.state == Run.State.DONE


class TestPlaylist:
    def test_that_is_gone_is_left_alone_until_it_is_pushed_again(
        self, fleet: Fleet, operator: Client, engine: Engine
    ) -> None:
        fleet.sandbox.fault("PUT", "/items$", status=404)
        run = fleet.reshuffle()
        assert (run.state, run.reason) == (Run.State.BLOCKED, "remote_missing")
        page = page_of(operator, run)
        assert "The playlist is gone on Spotify" in page
        assert Playlist.objects.get().get_absolute_url() in page
        now = product_clock.now()
        assert not reshuffling.due_playlists(now=now + timedelta(days=9)).exists()
        finish(restoring.open_push(playlists=Playlist.objects.all(), now=now))
        work_rung(engine)
        run.refresh_from_db()
        assert run.state == Run.State.DONE

    def test_of_somebody_else_is_left_alone(
        self, fleet: Fleet, operator: Client
    ) -> None:
        other = connect_account(fleet.sandbox, f"Other {secrets.token_hex(4)}")
        with account_services.client_for(other, now=product_clock.now()) as client:
            theirs = client.create_playlist(name="Mine", description="", public=True)
        Playlist.objects.update(spotify_id=theirs.id)
        run = fleet.reshuffle()
        assert (run.state, run.reason) == (Run.State.BLOCKED, "forbidden")
        page = page_of(operator, run)
        assert "does not let the account change this playlist" in page
        now = product_clock.now() + timedelta(days=9)
        assert not reshuffling.due_playlists(now=now).exists()


class TestSilence:
    """What is answered badly or not at all, at the level of a run."""

    def test_refreshes_once_a_step_when_every_token_is_refused(
        self, fleet: Fleet
    ) -> None:
        fleet.sandbox.fault("", "/v1/", status=401, count=-1)
        start = fleet.sandbox.log_start
        run = fleet.reshuffle()
        assert (run.state, run.reason) == (Run.State.PLANNED, "transient")
        assert len(fleet.sandbox.calls()) == 2
        tokens = fleet.sandbox.log(path="/api/token", since=start, api_only=False)
        assert len(tokens) == 1

    def test_reads_no_body_without_end(self, fleet: Fleet) -> None:
        fleet.sandbox.post(
            "faults", kind="huge", method="PUT", path="/items$", megabytes=100
        )
        run = fleet.reshuffle()
        assert (run.state, run.reason) == (Run.State.PLANNED, "transient")
        assert "larger than" in run.error


class TestADayOfRest:
    COUNT = 5

    def test_makes_no_call_for_a_day_then_one_then_all(
        self, fleet: Fleet, clock: MovableClock, engine: Engine, viewer: Client
    ) -> None:
        fleet.create(self.COUNT - 1)
        Developer.objects.update(requests_per_s=1.0)
        fleet.sandbox.mark()
        headers = {"Retry-After": "86400"}
        fleet.sandbox.fault("PUT", "/items$", status=429, headers=headers, body=QUOTA)
        bulk = fleet.open_reshuffle()
        finish(bulk)
        assert self.pushes(fleet) == 1
        developer = fleet.account.app.developer
        for _ in range(23):
            clock.forward(hours=1)
            assert work_rung(engine) == []
        clicked = creation.create_playlists(
            account=fleet.account,
            count=1,
            settings=SETTINGS,
            now=product_clock.now(),
            size=10,
        )
        finish(clicked)
        assert len(fleet.sandbox.calls()) == 1
        shown = viewer.get(reverse("accounts:list")).content.decode()
        assert f"{self.COUNT + 1} runs wait" in shown
        developer.refresh_from_db()
        opens_at = developer.circuit_open_until
        assert opens_at is not None
        clock.set(opens_at + timedelta(milliseconds=500))
        self.hold_the_probe(fleet, engine)
        for _ in range(40):
            clock.forward(seconds=5)
            work_rung(engine)
        assert {run.state for run in Run.objects.all()} == {Run.State.DONE}
        developer.refresh_from_db()
        assert developer.circuit_open_until is None

    def pushes(self, fleet: Fleet) -> int:
        return sum(call.startswith("PUT") for call in fleet.sandbox.calls())

    def hold_the_probe(self, fleet: Fleet, engine: Engine) -> None:
        """See that as long as the first call has not succeeded, no other follows."""
        fleet.sandbox.mark()
        fleet.sandbox.fault("", "/v1/", status=503, count=1)
        work_rung(engine)
        assert len(fleet.sandbox.calls()) == 1


class TestCommands:
    def test_say_until_when_what_they_opened_waits(
        self, fleet: Fleet, capsys: pytest.CaptureFixture[str]
    ) -> None:
        headers = {"Retry-After": "9000"}
        fleet.sandbox.fault("PUT", "/items$", status=429, headers=headers)
        playlist = str(Playlist.objects.get().pk)
        call_command("reshuffle", playlist=[playlist], wait=True)
        said = capsys.readouterr().out
        assert "1 waits until 2" in said
        assert "UTC: Spotify asked for a pause." in said
