"""Pages of accounts: for anonymous, viewer, operator."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from accounts.models import Account, Developer, Token, Usage
from accounts.tests.factories import make_account, make_accounts, make_app
from accounts.tests.views.looking import ODD_NAMES, htmx, page, queries
from accounts.throttle.usage import count_call
from automation.ledger import RunSpec, open_run
from automation.models import Run
from vibe_engine import clock as product_clock


@pytest.mark.django_db
@pytest.mark.portable
class TestRoles:
    reads = ("/accounts/", "/accounts/{pk}/")
    acts = (
        "/accounts/connect/",
        "/accounts/{pk}/renew/",
        "/accounts/{pk}/prefix/",
        "/accounts/{pk}/disconnect/",
        "/accounts/{pk}/erase/",
    )
    posts = (
        "/accounts/{pk}/refresh/",
        "/accounts/{pk}/pause/",
        "/accounts/{pk}/resume/",
    )

    @pytest.mark.parametrize("path", reads + acts)
    def test_send_strangers_to_the_sign_in_page(
        self, anonymous: Client, path: str
    ) -> None:
        path = path.format(pk=make_account().pk)
        response = anonymous.get(path)
        assert response.status_code == 302
        assert response["Location"] == f"/sign-in/?next={path}"

    @pytest.mark.parametrize("path", reads)
    def test_let_viewers_read(self, viewer: Client, path: str) -> None:
        text = page(viewer, path.format(pk=make_account().pk))
        assert "/pause/" not in text
        assert "/connect/" not in text

    @pytest.mark.parametrize("path", acts)
    def test_let_operators_act_and_not_viewers(
        self, viewer: Client, operator: Client, path: str
    ) -> None:
        path = path.format(pk=make_account().pk)
        assert viewer.get(path).status_code == 403
        assert viewer.post(path).status_code == 403
        assert operator.get(path).status_code == 200

    @pytest.mark.parametrize("path", posts)
    def test_refuse_to_change_anything_by_get(
        self, operator: Client, viewer: Client, path: str
    ) -> None:
        path = path.format(pk=make_account().pk)
        assert operator.get(path).status_code == 405
        assert viewer.post(path).status_code == 403

    @pytest.mark.parametrize("path", [*reads[1:], *acts[1:]])
    def test_know_no_account_that_is_not_there(
        self, operator: Client, path: str
    ) -> None:
        assert operator.get(path.format(pk=999_999)).status_code == 404


@pytest.mark.django_db
@pytest.mark.portable
class TestList:
    def test_teaches_on_an_installation_without_apps(self, operator: Client) -> None:
        assert "No app is set up yet" in page(operator, "/accounts/")

    def test_offers_the_first_connection(
        self, operator: Client, viewer: Client
    ) -> None:
        make_app()
        assert 'href="/accounts/connect/"' in page(operator, "/accounts/")
        assert 'href="/accounts/connect/"' not in page(viewer, "/accounts/")

    def test_shows_each_app_with_its_accounts_and_free_seats(
        self, operator: Client
    ) -> None:
        app = make_app(name="northpier-1", seats=3)
        make_account(app=app, display_name="Harbour Radio", playlists_count=48)
        text = page(operator, "/accounts/")
        assert "northpier-1" in text
        assert "1 of 3 seats taken" in text
        assert "Harbour Radio" in text
        assert "room for 152" in text
        assert text.count("<span>free</span>") == 2

    def test_says_who_needs_consent(self, operator: Client) -> None:
        now = product_clock.now()
        make_account(status=Account.Status.NEEDS_REAUTH)
        make_account(authorized_at=now - timedelta(days=160))
        make_account(status=Account.Status.INACTIVE)
        text = page(operator, "/accounts/")
        assert "1 needs consent now, 1 within the month." in text
        assert "1 is paused." in text

    def test_counts_no_disconnected_account_as_wanting_consent(
        self, operator: Client
    ) -> None:
        make_account(
            status=Account.Status.NEEDS_REAUTH, disconnected_at=product_clock.now()
        )
        text = page(operator, "/accounts/")
        assert "consent now" not in text
        assert "Disconnected" in text
        assert "Connect again" in text

    def test_says_until_when_calls_rest(self, operator: Client) -> None:
        make_account()
        until = product_clock.now() + timedelta(hours=2)
        Developer.objects.update(circuit_open_until=until, circuit_cause="quota")
        text = page(operator, "/accounts/")
        assert "Calls rest" in text
        assert "Spotify&#x27;s quota is used up" in text
        assert "Check again" not in text

    def test_shows_the_budgets_and_what_waits_for_room(self, operator: Client) -> None:
        developer = make_account().app.developer
        Developer.objects.update(
            playlist_writes_a_day=10, interactive_reserve_percent=20
        )
        now = product_clock.now()
        for _ in range(8):
            count_call(
                developer_id=developer.pk,
                account_id=None,
                group="playlist_write",
                now=now,
            )
        for number in range(7):
            spec = RunSpec(
                "test.kind",
                f"playlist:{number}",
                f"Fill {number}",
                budget=developer.budget,
            )
            open_run(spec, now=now)
        later = now + timedelta(hours=20)
        Run.objects.update(reason="budget:playlist writes", due_at=later)
        text = page(operator, "/accounts/")
        assert "8 of 10" in text
        assert "the last 2 are kept" in text
        assert "7 runs wait" in text
        assert "Fill 4" in text
        assert "Fill 5" not in text
        assert "and 2 more" in text

    @pytest.mark.parametrize("name", ODD_NAMES)
    def test_shows_odd_names_as_text(self, operator: Client, name: str) -> None:
        account = make_account(display_name=name, prefix=name[:64])
        for path in ("/accounts/", account.get_absolute_url()):
            text = page(operator, path)
            assert "<script>alert" not in text
            assert '" onmouseover=' not in text

    def test_query_count_does_not_grow_with_rows(
        self, operator: Client, engine: None
    ) -> None:
        self.make_fleet(1)
        few = queries(operator, "/accounts/")
        self.make_fleet(12)
        assert queries(operator, "/accounts/") == few <= 10

    def make_fleet(self, apps: int) -> None:
        now = product_clock.now()
        for _ in range(apps):
            for account in make_accounts(3):
                Usage.objects.create(
                    developer=account.app.developer,
                    account=account,
                    hour=now,
                    group="catalogue",
                    calls=3,
                )


@pytest.mark.django_db
@pytest.mark.portable
class TestDetail:
    def test_shows_consent_app_and_usage(self, operator: Client) -> None:
        account = make_account(display_name="Nightbus")
        Usage.objects.create(
            developer=account.app.developer,
            account=account,
            hour=product_clock.now().replace(minute=0, second=0, microsecond=0),
            group="playlist_write",
            calls=31,
        )
        text = page(operator, account.get_absolute_url())
        assert "Nightbus" in text
        assert "<b>31</b> in 24 hours" in text
        assert "31 of 1,000,000" in text
        assert "closed for this app" in text

    def test_shows_no_token(self, operator: Client) -> None:
        account = make_account(tokens=("canary-access", "canary-refresh"))
        text = page(operator, account.get_absolute_url())
        token = Token.objects.get()
        assert "canary" not in text
        assert token.refresh_encrypted not in text

    def test_shows_what_waits_for_a_person(self, operator: Client) -> None:
        account = make_account(status=Account.Status.INACTIVE)
        spec = RunSpec("test.kind", "playlist:1", "Refill one", lane=account.lane)
        open_run(spec, now=product_clock.now())
        Run.objects.update(state=Run.State.BLOCKED, reason="account_paused")
        text = page(operator, account.get_absolute_url())
        assert "Refill one" in text
        assert "1 until a person has acted" in text

    @pytest.mark.parametrize(
        ("fields", "wanted", "unwanted"),
        [
            ({}, ("Pause", "Refresh token"), ("Resume", "Check again")),
            ({"status": "inactive"}, ("Resume",), ("/pause/", "Check again")),
            ({"status": "blocked"}, ("Check again",), ("/pause/",)),
            ({"status": "needs_reauth"}, ("Renew consent",), ("/pause/",)),
        ],
    )
    def test_offers_what_fits_the_state(
        self,
        operator: Client,
        fields: dict[str, Any],
        wanted: tuple[str, ...],
        unwanted: tuple[str, ...],
    ) -> None:
        text = page(operator, make_account(**fields).get_absolute_url())
        assert all(word in text for word in wanted)
        assert not any(word in text for word in unwanted)

    def test_query_count_does_not_grow_with_runs(
        self, operator: Client, operator_user: User, engine: None
    ) -> None:
        account, now = make_account(authorized_by=operator_user), product_clock.now()
        idle = queries(operator, account.get_absolute_url())
        for number in range(8):
            subject = f"playlist:{number}"
            spec = RunSpec("test.kind", subject, "Work", lane=account.lane)
            open_run(spec, now=now, requested_by=operator_user)
        assert queries(operator, account.get_absolute_url()) == idle <= 10
        assert "8 waiting" in page(operator, account.get_absolute_url())

    def test_gives_htmx_the_prefix_alone(self, operator: Client) -> None:
        account = make_account(prefix="Late Night")
        response = operator.get(
            account.get_absolute_url(), headers=htmx(f"prefix-{account.pk}")
        )
        assert b"<!doctype" not in response.content
        assert b"Late Night" in response.content
        assert "HX-Request" in response["Vary"]
