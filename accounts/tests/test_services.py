"""Apps, choosing an account, its standing, its prefix, and leaving."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError

from accounts import failures, services
from accounts.models import Account, App, Developer, Token, Usage
from accounts.services import AppSpec
from accounts.tests.factories import make_account, make_app, make_developer
from automation.ledger import RunSpec, open_run
from automation.models import Run
from vibe_engine.errors import (
    BlockedError,
    ConflictError,
    InputError,
    TransientError,
    VibeError,
    WaitError,
)
from vibe_engine.spotify import errors

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)


def open_work(account: Account, subject: str = "playlist:1") -> Run:
    spec = RunSpec("test.kind", subject, "Some work", lane=account.lane)
    return open_run(spec, now=NOW)


def block(run: Run, reason: str) -> None:
    Run.objects.filter(pk=run.pk).update(state=Run.State.BLOCKED, reason=reason)


def state_of(run: Run) -> str:
    return Run.objects.get(pk=run.pk).state


@pytest.mark.django_db
@pytest.mark.portable
class TestEnsureApp:
    spec = AppSpec(
        "client", "secret", "Radio", "Northpier", limits={"requests_per_s": 7}
    )

    def test_creates_app_and_developer_with_their_limits(self) -> None:
        app = services.ensure_app(self.spec)
        assert app.client_secret == "secret"
        assert app.developer.requests_per_s == 7
        assert "secret" not in app.client_secret_encrypted

    def test_changes_nothing_the_second_time(self) -> None:
        first = services.ensure_app(self.spec)
        App.objects.update(name="Renamed by staff", seats=9)
        second = services.ensure_app(self.spec)
        assert (second.pk, second.name, second.seats) == (
            first.pk,
            "Renamed by staff",
            9,
        )
        assert second.client_secret_encrypted == first.client_secret_encrypted

    def test_stores_a_changed_secret(self) -> None:
        services.ensure_app(self.spec)
        app = services.ensure_app(AppSpec("client", "newer", "Radio", "Northpier"))
        assert App.objects.get(pk=app.pk).client_secret == "newer"

    def test_mends_a_secret_that_cannot_be_read(self) -> None:
        app = services.ensure_app(self.spec)
        App.objects.update(client_secret_encrypted="v1.gone.AAAA")
        assert services.ensure_app(self.spec).client_secret == "secret"
        assert App.objects.get() == app

    def test_shows_no_secret_when_printed(self) -> None:
        assert "secret" not in repr(self.spec)

    def test_command_makes_both_apps_of_the_demo(self, capsys: Any) -> None:
        call_command("ensure_apps")
        call_command("ensure_apps")
        assert sorted(App.objects.values_list("mode", flat=True)) == [
            "development",
            "extended",
        ]
        assert Developer.objects.count() == 2
        assert "Sandbox extended" in capsys.readouterr().out

    def test_command_makes_one_app_of_a_live_installation(self, settings: Any) -> None:
        settings.DEMO, settings.SPOTIFY_APP_MODE = False, "development"
        call_command("ensure_apps")
        developer = App.objects.get().developer
        assert developer.requests_per_s == 1
        assert developer.catalogue_calls_a_day == 400


@pytest.mark.django_db
@pytest.mark.portable
class TestChoosing:
    def test_prefers_the_account_asked_for(self) -> None:
        make_account()
        asked = make_account()
        assert services.any_usable_account(asked, now=NOW) == asked

    def test_passes_over_an_account_that_cannot_be_used(self) -> None:
        paused = make_account(status=Account.Status.INACTIVE)
        good = make_account()
        assert services.any_usable_account(paused, now=NOW) == good
        assert services.any_usable_account() == good

    def test_finds_none_where_none_is_usable(self) -> None:
        make_account(status=Account.Status.NEEDS_REAUTH)
        assert services.any_usable_account(now=NOW) is None

    def test_takes_the_developer_with_most_calls_left(self) -> None:
        tired, fresh = make_account(), make_account()
        Usage.objects.create(
            developer=tired.app.developer, hour=NOW, group="catalogue", calls=5
        )
        assert services.any_usable_account(now=NOW) == fresh

    def test_avoids_a_developer_whose_calls_stand_still(self) -> None:
        closed = make_account()
        Developer.objects.update(circuit_open_until=NOW + timedelta(hours=1))
        other = make_account()
        assert services.any_usable_account(now=NOW) == other
        later = NOW + timedelta(hours=2)
        assert services.any_usable_account(now=later) == closed

    def test_reads_features_only_through_an_extended_app(self) -> None:
        plain = make_account()
        assert services.features_account(plain, now=NOW) is None
        able = make_account(app=make_app(mode=App.Mode.EXTENDED))
        assert services.features_account(plain, now=NOW) == able

    @pytest.mark.parametrize(
        ("status", "reason"),
        [
            (Account.Status.INACTIVE, "account_paused"),
            (Account.Status.NEEDS_REAUTH, "needs_reauth"),
            (Account.Status.BLOCKED, "account_blocked"),
        ],
    )
    def test_gives_no_client_for_an_account_that_may_not_be_used(
        self, status: str, reason: str
    ) -> None:
        account = make_account(status=status)
        with pytest.raises(BlockedError) as caught:
            services.client_for(account, now=NOW)
        assert caught.value.reason == reason


@pytest.mark.django_db
@pytest.mark.portable
class TestFindAccount:
    @pytest.mark.parametrize(
        "text",
        [
            "harbour.radio",
            "acc0unt",
            " spotify:user:harbour.radio ",
            "https://open.spotify.com/user/harbour.radio?si=1",
            "http://127.0.0.1:8001/user/harbour.radio",
        ],
    )
    def test_takes_ids_addresses_and_uris(self, text: str) -> None:
        account = make_account(user_id="harbour.radio", account_id="acc0unt")
        assert services.find_account(text) == account

    def test_takes_the_primary_key(self) -> None:
        account = make_account()
        assert services.find_account(str(account.pk)) == account

    @pytest.mark.parametrize("text", ["", "nobody", "9" * 40, "²", "https://x/user/"])
    def test_says_that_nobody_is_meant(self, text: str) -> None:
        make_account()
        with pytest.raises(InputError, match="No account is known"):
            services.find_account(text)

    def test_refuses_a_number_that_means_two_accounts(self) -> None:
        first = make_account()
        other = make_account(user_id=str(first.pk))
        with pytest.raises(InputError, match="key of one account"):
            services.find_account(str(first.pk))
        address = f"spotify:user:{other.user_id}"
        assert services.find_account(address) == other


@pytest.mark.django_db
@pytest.mark.portable
class TestPause:
    def test_stops_the_account_and_resuming_frees_its_runs(self) -> None:
        account = make_account()
        services.pause_account(account=account)
        assert account.status == Account.Status.INACTIVE
        waiting, gone = open_work(account), open_work(account, "playlist:2")
        block(waiting, "account_paused")
        block(gone, "remote_missing")
        assert services.resume_account(account=account, now=NOW) == 1
        assert account.status == Account.Status.ACTIVE
        assert (state_of(waiting), state_of(gone)) == ("planned", "blocked")

    def test_cannot_be_done_to_an_account_that_is_not_connected(self) -> None:
        account = make_account(status=Account.Status.NEEDS_REAUTH)
        with pytest.raises(ConflictError):
            services.pause_account(account=account)

    def test_cannot_be_ended_where_a_consent_is_needed(self) -> None:
        account = make_account(status=Account.Status.NEEDS_REAUTH)
        with pytest.raises(ConflictError):
            services.resume_account(account=account, now=NOW)

    def test_frees_runs_without_seat_when_tried_again(self) -> None:
        account = make_account(status=Account.Status.BLOCKED)
        run = open_work(account)
        block(run, "seat")
        services.resume_account(account=account, now=NOW)
        assert state_of(run) == "planned"


@pytest.mark.django_db
@pytest.mark.portable
class TestPrefix:
    def test_is_stored_as_one_line(self) -> None:
        account = make_account()
        services.change_prefix(account=account, prefix="  Late \n Night ")
        account.refresh_from_db()
        assert account.prefix == "Late Night"

    @pytest.mark.parametrize("text", ["", "  \n", "x" * 65, "a\u202eb", "a\x00b"])
    def test_is_refused_empty_too_long_or_with_hidden_characters(
        self, text: str
    ) -> None:
        with pytest.raises(InputError) as caught:
            services.change_prefix(account=make_account(), prefix=text)
        assert caught.value.field == "prefix"

    @pytest.mark.parametrize("text", ["x" * 64, "夜 🎷", "<b>", "Näcken’s"])
    def test_may_be_any_visible_text(self, text: str) -> None:
        assert services.clean_prefix(text) == text


@pytest.mark.django_db
@pytest.mark.portable
class TestDisconnect:
    def test_drops_the_tokens_and_keeps_the_rest(self) -> None:
        account = make_account(playlists_count=3)
        services.disconnect_account(account=account, now=NOW)
        account.refresh_from_db()
        token = Token.objects.get(account=account)
        assert (token.access_token, token.refresh_tokens) == ("", ())
        assert token.version == 2
        assert account.status == Account.Status.NEEDS_REAUTH
        assert account.disconnected_at == NOW
        assert account.playlists_count == 3

    def test_frees_the_seat(self) -> None:
        account = make_account(app=make_app(seats=1))
        services.disconnect_account(account=account, now=NOW)
        services.check_seat(account.app)

    def test_is_a_conflict_the_second_time(self) -> None:
        account = make_account()
        services.disconnect_account(account=account, now=NOW)
        with pytest.raises(ConflictError):
            services.disconnect_account(account=account, now=NOW)


@pytest.mark.django_db
@pytest.mark.portable
class TestTranslated:
    def raised(self, account: Account, error: Exception) -> Exception:
        with pytest.raises(VibeError) as caught, failures.translated(account, NOW):
            raise error
        account.refresh_from_db()
        return caught.value

    def test_opens_the_circuit_and_waits_for_a_rate_limit(self) -> None:
        account = make_account()
        error = self.raised(
            account, errors.RateLimitedError("Slower.", retry_after_s=90)
        )
        assert isinstance(error, WaitError)
        assert error.until == NOW + timedelta(seconds=90)
        account.app.developer.refresh_from_db()
        assert account.app.developer.circuit_cause == "rate"

    def test_waits_an_hour_when_premium_has_lapsed(self) -> None:
        account = make_account()
        error = self.raised(account, errors.PremiumRequiredError("Lapsed."))
        assert isinstance(error, WaitError)
        assert (error.cause, error.until) == ("premium", NOW + timedelta(hours=1))
        assert account.status == Account.Status.ACTIVE

    @pytest.mark.parametrize(
        ("error", "reason", "status"),
        [
            (errors.InvalidGrantError("Over."), "needs_reauth", "needs_reauth"),
            (errors.InsufficientScopeError("Less."), "scope", "needs_reauth"),
            (errors.UserNotRegisteredError("Who?"), "seat", "blocked"),
        ],
    )
    def test_blocks_and_marks_the_account(
        self, error: Exception, reason: str, status: str
    ) -> None:
        account = make_account()
        blocked = self.raised(account, error)
        assert isinstance(blocked, BlockedError)
        assert blocked.reason == reason
        assert account.status == status
        assert account.status_reason

    def test_waits_without_blame_when_the_app_is_refused(self) -> None:
        account = make_account()
        error = self.raised(account, errors.InvalidClientError("Who?"))
        assert isinstance(error, WaitError)
        assert account.status == Account.Status.ACTIVE

    def test_lets_a_refused_fresh_token_be_tried_again(self) -> None:
        error = self.raised(make_account(), errors.UnauthorizedError("No."))
        assert isinstance(error, TransientError)

    @pytest.mark.parametrize(
        "error",
        [
            errors.NotFoundError("Gone."),
            errors.UnavailableError("Away."),
            errors.EndpointClosedError("Closed."),
        ],
    )
    def test_lets_the_caller_see_everything_else(self, error: Exception) -> None:
        assert self.raised(make_account(), error) is error


@pytest.mark.django_db
@pytest.mark.portable
class TestConstraints:
    def test_count_calls_once_an_hour_group_and_account(self) -> None:
        account = make_account()
        place = {
            "developer": account.app.developer,
            "account": account,
            "hour": NOW,
            "group": "catalogue",
        }
        Usage.objects.create(**place)
        with pytest.raises(IntegrityError):
            Usage.objects.create(**place)

    def test_refuse_a_rate_of_zero(self) -> None:
        with pytest.raises(IntegrityError):
            make_developer(requests_per_s=0)
