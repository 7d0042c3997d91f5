"""Consents that are not what was asked for."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from accounts.models import Account, App, Token
from accounts.services import add_months
from accounts.tests.connecting.consenting import (
    CALLBACK,
    consent,
    sandbox_app_of,
    start,
)
from accounts.tests.factories import (
    make_account,
)
from vibe_engine import clock as product_clock
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.fixtures import sign_in
from vibe_engine.testing.sandbox import SandboxControl


@pytest.mark.portable
class TestState:
    def assert_refused(
        self, client: Client, answer: dict[str, str], title: str
    ) -> None:
        response = client.get(CALLBACK, answer)
        assert response.status_code == 400
        assert title in response.content.decode()

    def test_must_be_known(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        answer = consent(sandbox, start(operator, app)) | {"state": "forged"}
        self.assert_refused(operator, answer, "was not started here")
        assert not Account.objects.exists()

    def test_must_be_there(self, operator: Client) -> None:
        self.assert_refused(operator, {"code": "x"}, "was not started here")

    def test_counts_once(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        asked = start(operator, app)
        assert operator.get(CALLBACK, consent(sandbox, asked)).status_code == 303
        sandbox.mark()
        self.assert_refused(operator, consent(sandbox, asked), "has been used already")
        assert not sandbox.log(path="/api/token")

    def test_ends_after_ten_minutes(
        self, operator: Client, sandbox: SandboxControl, app: App, clock: MovableClock
    ) -> None:
        asked = start(operator, app)
        clock.forward(minutes=10)
        self.assert_refused(operator, consent(sandbox, asked), "took too long")
        assert not Account.objects.exists()

    def test_belongs_to_the_session_that_started(
        self,
        operator: Client,
        operator_user: User,
        sandbox: SandboxControl,
        app: App,
    ) -> None:
        answer = consent(sandbox, start(operator, app))
        elsewhere = sign_in(operator_user)
        self.assert_refused(elsewhere, answer, "was not started here")

    def test_belongs_to_the_person_who_started(
        self, operator: Client, staff_user: User, sandbox: SandboxControl, app: App
    ) -> None:
        answer = consent(sandbox, start(operator, app))
        session = operator.session
        kept = session["spotify_consents"]
        other = sign_in(staff_user)
        session = other.session
        session["spotify_consents"] = kept
        session.save()
        self.assert_refused(other, answer, "was not started here")

    def test_is_useless_without_signing_in(
        self,
        operator: Client,
        anonymous: Client,
        sandbox: SandboxControl,
        app: App,
    ) -> None:
        answer = consent(sandbox, start(operator, app))
        self.assert_refused(anonymous, answer, "not signed in any more")

    def test_is_useless_to_a_viewer(
        self, viewer: Client, sandbox: SandboxControl
    ) -> None:
        assert viewer.get(CALLBACK, {"state": "x", "code": "y"}).status_code == 403

    def test_keeps_no_more_than_five_under_way(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        first = start(operator, app)
        for _ in range(5):
            start(operator, app)
        assert len(operator.session["spotify_consents"]) == 5
        self.assert_refused(operator, consent(sandbox, first), "was not started here")


@pytest.mark.portable
class TestFailedConsent:
    def failed(
        self, client: Client, answer: dict[str, str], status: int, title: str
    ) -> str:
        response = client.get(CALLBACK, answer)
        page = response.content.decode()
        assert response.status_code == status
        assert title in page
        assert "nothing was stored" in page
        assert not Account.objects.exists()
        assert not Token.objects.exists()
        return page

    @pytest.mark.parametrize(
        ("answer", "status", "title"),
        [
            ({"error": "access_denied"}, 403, "Consent was not given"),
            ({}, 400, "answer was incomplete"),
            ({"code": "spent"}, 400, "code has expired"),
        ],
    )
    def test_says_what_was_missing(
        self,
        operator: Client,
        sandbox: SandboxControl,
        app: App,
        answer: dict[str, str],
        status: int,
        title: str,
    ) -> None:
        state = start(operator, app)["state"]
        self.failed(operator, answer | {"state": state}, status, title)

    def test_shows_another_error_of_spotify_as_text(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        state = start(operator, app)["state"]
        answer = {"error": "<b>server_error</b>", "state": state}
        page = self.failed(operator, answer, 502, "did not answer properly")
        assert "&lt;b&gt;server_error" in page

    def test_refuses_a_code_that_was_asked_for_with_another_verifier(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        asked, other = start(operator, app), start(operator, app)
        answer = consent(sandbox, asked, code_challenge=other["code_challenge"])
        self.failed(operator, answer, 400, "code has expired")

    def test_says_that_the_account_has_no_seat(
        self, operator: Client, sandbox: SandboxControl
    ) -> None:
        sandbox.add_app("5" * 32, "secret", profile="development", seats=[])
        full = sandbox_app_of("5" * 32, "secret")
        answer = consent(sandbox, start(operator, full))
        page = self.failed(operator, answer, 403, "holds no seat")
        assert "User Management" in page

    def test_says_that_premium_has_lapsed(
        self, operator: Client, sandbox: SandboxControl, app: App, premium: None
    ) -> None:
        sandbox.lapse_premium("fleet")
        answer = consent(sandbox, start(operator, app))
        self.failed(operator, answer, 503, "refuses the whole app")
        app.developer.refresh_from_db()
        assert app.developer.circuit_cause == "premium"

    def test_says_that_the_consent_covers_too_little(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        answer = consent(sandbox, start(operator, app), scope="playlist-read-private")
        page = self.failed(operator, answer, 403, "does not cover everything")
        assert "playlist-modify-public" in page

    def test_says_that_the_app_is_refused(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        answer = consent(sandbox, start(operator, app))
        app.seal_client_secret("mistyped")
        app.save()
        self.failed(operator, answer, 502, "does not know the app")

    def test_says_that_the_app_was_removed_meanwhile(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        answer = consent(sandbox, start(operator, app))
        app.delete()
        self.failed(operator, answer, 502, "does not know the app")

    def test_says_that_the_secret_cannot_be_read(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        answer = consent(sandbox, start(operator, app))
        App.objects.update(client_secret_encrypted="v1.lost.AAAA")
        self.failed(operator, answer, 502, "does not know the app")

    @pytest.mark.parametrize(
        ("method", "path", "kind", "status"),
        [
            ("POST", "/api/token", "status", 503),
            ("POST", "/api/token", "drop_after", None),
            ("POST", "/api/token", "malformed", None),
            ("GET", "/v1/me", "status", 500),
            ("GET", "/v1/me", "malformed", None),
        ],
    )
    def test_says_that_spotify_was_away(
        self,
        operator: Client,
        sandbox: SandboxControl,
        app: App,
        method: str,
        path: str,
        kind: str,
        status: int | None,
    ) -> None:
        answer = consent(sandbox, start(operator, app))
        sandbox.fault(method, path, kind=kind, status=status)
        self.failed(operator, answer, 502, "did not answer properly")

    def test_says_until_when_spotify_asks_for_a_pause(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        answer = consent(sandbox, start(operator, app))
        sandbox.fault("GET", "/v1/me", status=429, headers={"Retry-After": "600"})
        page = self.failed(operator, answer, 503, "asks for a pause")
        assert "stand still until" in page

    @pytest.mark.parametrize(
        ("cause", "title"),
        [
            ("quota", "asks for a pause"),
            ("rate", "asks for a pause"),
            ("premium", "refuses the whole app"),
        ],
    )
    def test_does_not_even_start_while_calls_stand_still(
        self, operator: Client, app: App, cause: str, title: str
    ) -> None:
        app.developer.circuit_open_until = product_clock.now() + timedelta(hours=1)
        app.developer.circuit_cause = cause
        app.developer.save()
        data = {"app": app.pk, "owned": "on"}
        response = operator.post("/accounts/connect/", data)
        assert response.status_code == 503
        assert title in response.content.decode()

    def test_does_not_start_where_every_seat_is_taken(
        self, operator: Client, sandbox: SandboxControl
    ) -> None:
        full = sandbox_app_of("5" * 32, "secret", seats=1)
        make_account(app=full)
        data = {"app": full.pk, "owned": "on"}
        response = operator.post("/accounts/connect/", data)
        assert response.status_code == 409
        assert "Every seat of the app is taken" in response.content.decode()

    def test_does_not_store_an_account_too_many(
        self, operator: Client, sandbox: SandboxControl
    ) -> None:
        sandbox.add_app("6" * 32, "secret", profile="development")
        tight = sandbox_app_of("6" * 32, "secret", seats=1)
        asked = start(operator, tight)
        make_account(app=tight)
        response = operator.get(CALLBACK, consent(sandbox, asked))
        assert response.status_code == 409
        assert Account.objects.count() == 1


class TestAddMonths:
    @pytest.mark.parametrize(
        ("start", "end"),
        [
            ("2026-11-22", "2027-05-22"),
            ("2026-08-31", "2027-02-28"),
            ("2027-08-29", "2028-02-29"),
            ("2026-06-30", "2026-12-30"),
            ("2026-12-31", "2027-06-30"),
        ],
    )
    def test_keeps_the_day_or_takes_the_last_of_the_month(
        self, start: str, end: str
    ) -> None:
        moment = datetime.fromisoformat(start).replace(hour=9, tzinfo=UTC)
        assert add_months(moment, 6).date().isoformat() == end
        assert add_months(moment, 6).hour == 9
