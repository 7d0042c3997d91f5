"""Connecting an account in a browser, against the running sandbox."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from django.test import Client

from accounts import services
from accounts.consent import PendingConsent, take
from accounts.models import Account, App, Token, Usage
from accounts.services import add_months
from accounts.tests.factories import (
    connect_account,
    make_account,
    make_app,
    sandbox_app,
)
from automation.ledger import RunSpec, open_run
from automation.models import Run
from vibe_engine import clock as product_clock
from vibe_engine.spotify.oauth import SCOPES
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.fixtures import sign_in
from vibe_engine.testing.sandbox import SandboxControl

CALLBACK = "/oauth/spotify/callback"


@pytest.fixture
def app(db: None) -> App:
    return sandbox_app()


@pytest.fixture
def premium(sandbox: SandboxControl) -> Iterator[None]:
    """Premium of the app's owner is paid again after the test."""
    yield
    sandbox.lapse_premium("fleet", lapsed=False)


def start(client: Client, app: App, path: str = "/accounts/connect/") -> dict[str, str]:
    """Press the button; return what Spotify is asked."""
    response = client.post(path, {"app": app.pk, "owned": "on"})
    assert response.status_code == 303, response.content.decode()
    parts = urlsplit(response["Location"])
    assert f"{parts.scheme}://{parts.netloc}" == settings.SPOTIFY_ACCOUNTS_URL
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def consent(
    sandbox: SandboxControl,
    asked: dict[str, str],
    name: str = "Late Shift",
    **changes: str,
) -> dict[str, str]:
    """Agree at the sandbox; return what comes back to the callback."""
    person = sandbox.add_user(name)
    order = {
        "client_id": asked["client_id"],
        "redirect_uri": asked["redirect_uri"],
        "scope": asked["scope"],
        "code_challenge": asked["code_challenge"],
    }
    code = sandbox.grant(user_id=person["user_id"], **order | changes)
    return {"code": code, "state": asked["state"]}


def connect(client: Client, sandbox: SandboxControl, app: App, name: str) -> Account:
    answer = consent(sandbox, start(client, app), name)
    response = client.get(CALLBACK, answer)
    assert response.status_code == 303
    return Account.objects.get(display_name=name)


@pytest.mark.portable
class TestConnect:
    def test_asks_spotify_for_exactly_what_is_needed(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        asked = start(operator, app)
        assert asked["scope"].split() == list(SCOPES)
        assert asked["redirect_uri"] == settings.SPOTIFY_REDIRECT_URI
        assert asked["code_challenge_method"] == "S256"
        assert asked["show_dialog"] == "true"
        assert len(asked["state"]) >= 43

    def test_stores_the_account_with_its_consent(
        self,
        operator: Client,
        operator_user: User,
        sandbox: SandboxControl,
        app: App,
        clock: MovableClock,
    ) -> None:
        moment = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
        clock.set(moment)
        account = connect(operator, sandbox, app, "Terraza Sur")
        assert account.user_id == "terraza-sur"
        assert account.account_id not in ("", account.user_id)
        assert account.prefix == "Vibe Collection"
        assert account.status == Account.Status.ACTIVE
        assert account.authorized_by == operator_user
        assert account.consent_ends_at == add_months(account.authorized_at, 6)
        assert account.consent_ends_at.date().isoformat() == "2027-05-30"
        assert account.scopes.split() == list(SCOPES)
        assert account.image_url.startswith(sandbox.url)
        assert account.token_expires_at is not None
        assert len(Token.objects.get(account=account).refresh_tokens) == 1

    def test_looks_the_person_up_before_it_stores_anything(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        connect(operator, sandbox, app, "Looked Up")
        assert sandbox.calls() == ["GET /v1/me/"]
        assert Usage.objects.get().group == "profile"

    def test_shows_the_account_and_says_so(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        answer = consent(sandbox, start(operator, app), "Harbour Radio")
        response = operator.get(CALLBACK, answer, follow=True)
        account = Account.objects.get()
        assert response.redirect_chain == [(account.get_absolute_url(), 303)]
        assert "Harbour Radio is connected." in response.content.decode()

    def test_makes_the_first_account_the_active_one_and_leaves_it_then(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        first = connect(operator, sandbox, app, "First")
        connect(operator, sandbox, app, "Second")
        assert operator.session["active_account"] == first.pk

    def test_knows_an_account_again_whoever_connects_it(
        self, operator: Client, staff: Client, sandbox: SandboxControl, app: App
    ) -> None:
        first = connect(operator, sandbox, app, "Harbour Radio")
        Account.objects.update(prefix="Harbour", next_index=7)
        again = connect(staff, sandbox, app, "Harbour Radio")
        assert (again.pk, again.prefix, again.next_index) == (first.pk, "Harbour", 7)
        assert Token.objects.get().version > 1

    def test_knows_an_account_that_had_no_account_id_before(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        person = sandbox.add_user("Late Shift")
        older = make_account(
            app=app, account_id=person["user_id"], user_id=person["user_id"]
        )
        again = connect(operator, sandbox, app, "Late Shift")
        assert (again.pk, again.account_id) == (older.pk, person["account_id"])

    def test_lets_waiting_runs_go_on_after_a_new_consent(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        account = connect_account(sandbox, "Back Again", app=app)
        Account.objects.update(status=Account.Status.NEEDS_REAUTH, status_reason="x")
        spec = RunSpec("test.kind", "playlist:1", "Work", lane=account.lane)
        run = open_run(spec, now=product_clock.now())
        Run.objects.update(state=Run.State.BLOCKED, reason="needs_reauth")
        answer = consent(sandbox, start(operator, app), "Back Again")
        response = operator.get(CALLBACK, answer, follow=True)
        account.refresh_from_db()
        run.refresh_from_db()
        assert (account.status, account.status_reason) == ("active", "")
        assert run.state == Run.State.PLANNED
        assert "1 run goes on" in response.content.decode()

    def test_lets_runs_of_a_refused_account_go_on_at_once(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        now = product_clock.now()
        recheck_at = now + timedelta(minutes=15)
        account = connect_account(
            sandbox, "Refused", app=app, recheck_at=recheck_at, consent_warned_days=7
        )
        Token.objects.update(refused_at=now, refusals=1)
        spec = RunSpec(
            "test.kind", "playlist:1", "Work", lane=account.lane, due_at=recheck_at
        )
        run = open_run(spec, now=now)
        Run.objects.update(reason="consent")
        connect(operator, sandbox, app, "Refused")
        account.refresh_from_db()
        run.refresh_from_db()
        token = Token.objects.get()
        assert (account.recheck_at, account.consent_warned_days) == (None, None)
        assert (token.refused_at, token.refusals) == (None, 0)
        assert run.due_at < recheck_at

    def test_leaves_a_paused_account_paused(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        connect_account(sandbox, "Paused", app=app, status=Account.Status.INACTIVE)
        assert connect(operator, sandbox, app, "Paused").status == "inactive"

    def test_works_with_several_tabs_at_once(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        one, two = start(operator, app), start(operator, app)
        for asked, name in ((two, "Tab two"), (one, "Tab one")):
            response = operator.get(CALLBACK, consent(sandbox, asked, name))
            assert response.status_code == 303
        assert Account.objects.count() == 2

    def test_never_shows_a_token_or_the_code_anywhere(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        answer = consent(sandbox, start(operator, app))
        response = operator.get(CALLBACK, answer, follow=True)
        token = Token.objects.get()
        page = response.content.decode() + str(response.redirect_chain)
        for secret in (token.access_token, *token.refresh_tokens, answer["code"]):
            assert secret not in page


@pytest.mark.portable
class TestRenew:
    def test_renews_the_consent_of_that_account(
        self, operator: Client, sandbox: SandboxControl, app: App, clock: MovableClock
    ) -> None:
        account = connect_account(sandbox, "Nightbus", app=app)
        clock.forward(days=100)
        asked = start(operator, app, f"/accounts/{account.pk}/renew/")
        response = operator.get(CALLBACK, consent(sandbox, asked, "Nightbus"))
        assert response["Location"] == account.get_absolute_url()
        account.refresh_from_db()
        left = account.consent_left(now=product_clock.now())
        assert left > timedelta(days=180)

    def test_refuses_the_consent_of_another_account(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        account = connect_account(sandbox, "Nightbus", app=app)
        asked = start(operator, app, f"/accounts/{account.pk}/renew/")
        response = operator.get(CALLBACK, consent(sandbox, asked, "Somebody Else"))
        page = response.content.decode()
        assert response.status_code == 409
        assert "Another account has consented" in page
        assert "Somebody Else" in page
        assert Account.objects.count() == 1

    def test_moves_the_account_to_the_app_that_is_chosen(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        account = connect_account(sandbox, "Nightbus", app=app)
        sandbox.add_app("f" * 32, "secret", profile="extended", developer="other")
        other = sandbox_app_of("f" * 32, "secret")
        asked = start(operator, other, f"/accounts/{account.pk}/renew/")
        operator.get(CALLBACK, consent(sandbox, asked, "Nightbus"))
        account.refresh_from_db()
        assert account.app == other


def sandbox_app_of(client_id: str, secret: str, **fields: Any) -> App:
    return make_app(client_id=client_id, client_secret=secret, **fields)


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def test_store_one_account_when_the_same_person_consents_twice(
        self, operator_user: User, sandbox: SandboxControl
    ) -> None:
        app, barrier, outcomes = sandbox_app(), threading.Barrier(2), []
        answers = [self.agree(app, operator_user, sandbox) for _ in range(2)]

        def finish(pending: PendingConsent, code: str) -> None:
            barrier.wait()
            try:
                connected = services.finish_consent(
                    pending=pending,
                    code=code,
                    user=operator_user,
                    default_prefix="Vibe Collection",
                    now=product_clock.now(),
                )
                outcomes.append(connected.is_new)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=finish, args=answer) for answer in answers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == [False, True]
        assert Account.objects.count() == Token.objects.count() == 1

    def agree(
        self, app: App, user: User, sandbox: SandboxControl
    ) -> tuple[PendingConsent, str]:
        session = SessionStore()
        address = services.start_consent(
            app=app, user=user, session=session, now=product_clock.now()
        )
        query = parse_qs(urlsplit(address).query)
        asked = {name: values[0] for name, values in query.items()}
        answer = consent(sandbox, asked, "Twice")
        pending = take(
            session, answer["state"], user_id=user.pk, now=product_clock.now()
        )
        return pending, answer["code"]


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

    def test_says_that_consent_was_denied(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        state = start(operator, app)["state"]
        answer = {"error": "access_denied", "state": state}
        self.failed(operator, answer, 403, "Consent was not given")

    def test_shows_another_error_of_spotify_as_text(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        state = start(operator, app)["state"]
        answer = {"error": "<b>server_error</b>", "state": state}
        page = self.failed(operator, answer, 502, "did not answer properly")
        assert "&lt;b&gt;server_error" in page

    def test_says_that_the_answer_holds_no_code(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        state = start(operator, app)["state"]
        self.failed(operator, {"state": state}, 400, "answer was incomplete")

    def test_says_that_the_code_is_not_accepted(
        self, operator: Client, sandbox: SandboxControl, app: App
    ) -> None:
        state = start(operator, app)["state"]
        answer = {"code": "spent", "state": state}
        self.failed(operator, answer, 400, "code has expired")

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
