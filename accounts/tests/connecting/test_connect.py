"""Connecting an account in a browser, against the running sandbox."""

import threading
from datetime import UTC, datetime, timedelta
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
from accounts.tests.connecting.consenting import (
    CALLBACK,
    connect,
    consent,
    sandbox_app_of,
    start,
)
from accounts.tests.factories import (
    connect_account,
    make_account,
    sandbox_app,
)
from automation.ledger import RunSpec, open_run
from automation.models import Run
from vibe_engine import clock as product_clock
from vibe_engine.spotify.oauth import SCOPES
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.sandbox import SandboxControl


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
