"""What is done on the pages of accounts; with htmx and without script."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account, App, Developer, ErasureReceipt, Token, Usage
from accounts.tests.factories import make_account, make_app
from accounts.tests.views.looking import htmx, page
from automation.models import Run
from vibe_engine import clock as product_clock


@pytest.mark.django_db
@pytest.mark.portable
class TestConnectPage:
    def test_explains_what_is_asked_and_where_to_register(
        self, operator: Client, settings: Any
    ) -> None:
        make_app(name="northpier-1")
        text = page(operator, "/accounts/connect/")
        assert settings.SPOTIFY_REDIRECT_URI in text
        assert 'data-copy="redirect-uri"' in text
        assert "playlist-modify-private" in text
        assert "private window" in text
        assert "northpier-1" in text

    def test_does_not_go_on_without_the_promise(self, operator: Client) -> None:
        app = make_app()
        response = operator.post("/accounts/connect/", {"app": app.pk})
        assert response.status_code == 422
        assert "accounts that you own or administer" in response.content.decode()
        assert "spotify_consents" not in operator.session

    @pytest.mark.parametrize("app", ["", "0", "x", "1); DROP TABLE"])
    def test_does_not_go_on_without_an_app(self, operator: Client, app: str) -> None:
        make_app()
        response = operator.post("/accounts/connect/", {"app": app, "owned": "on"})
        assert response.status_code == 422

    def test_keeps_the_choice_that_was_made(self, operator: Client) -> None:
        make_app()
        second = make_app()
        response = operator.post("/accounts/connect/", {"app": second.pk})
        assert f'value="{second.pk}" checked' in response.content.decode()

    def test_says_where_no_seat_is_free(self, operator: Client) -> None:
        make_account(app=make_app(seats=1))
        assert "No seat is free" in page(operator, "/accounts/connect/")

    def test_counts_the_seat_of_the_account_itself_as_free(
        self, operator: Client
    ) -> None:
        account = make_account(app=make_app(seats=1))
        text = page(operator, f"/accounts/{account.pk}/renew/")
        assert "No seat is free" not in text

    def test_says_what_to_do_without_any_app(self, operator: Client) -> None:
        assert "ensure_apps" in page(operator, "/accounts/connect/")


@pytest.mark.django_db
@pytest.mark.portable
class TestSwitch:
    def test_makes_an_account_the_active_one_and_goes_back(
        self, viewer: Client
    ) -> None:
        account = make_account()
        data = {"account": account.pk, "next": "/accounts/?x=1"}
        response = viewer.post("/accounts/switch/", data)
        assert response["Location"] == "/accounts/?x=1"
        assert viewer.session["active_account"] == account.pk
        assert '<span class="tag">active</span>' in page(viewer, "/accounts/")

    def test_takes_none_for_an_answer(self, operator: Client) -> None:
        account = make_account()
        operator.post("/accounts/switch/", {"account": account.pk})
        operator.post("/accounts/switch/", {"account": ""})
        assert "active_account" not in operator.session

    @pytest.mark.parametrize(
        "back",
        [
            "https://evil.example/",
            "//evil.example/",
            "\\\\evil.example",
            "javascript:alert(1)",
            "http:evil.example",
            "",
        ],
    )
    def test_goes_nowhere_else(self, operator: Client, back: str) -> None:
        response = operator.post("/accounts/switch/", {"account": "", "next": back})
        assert response["Location"] == "/"

    @pytest.mark.parametrize("chosen", ["999999", "9" * 40])
    def test_knows_no_account_that_is_not_there(
        self, operator: Client, chosen: str
    ) -> None:
        response = operator.post("/accounts/switch/", {"account": chosen})
        assert response.status_code == 404

    def test_forgets_an_account_that_was_erased(self, operator: Client) -> None:
        account = make_account()
        operator.post("/accounts/switch/", {"account": account.pk})
        account.delete()
        page(operator, "/accounts/")

    def test_is_not_done_by_get(self, operator: Client) -> None:
        assert operator.get("/accounts/switch/").status_code == 405


@pytest.mark.django_db
@pytest.mark.portable
class TestPrefix:
    def test_is_changed_on_a_page_without_script(self, operator: Client) -> None:
        account = make_account()
        path = f"/accounts/{account.pk}/prefix/"
        assert "<h1>" in page(operator, path)
        response = operator.post(path, {"prefix": "Late Night"})
        assert response["Location"] == account.get_absolute_url()
        account.refresh_from_db()
        assert account.prefix == "Late Night"

    def test_is_changed_in_its_place_with_htmx(self, operator: Client) -> None:
        account = make_account()
        path, target = f"/accounts/{account.pk}/prefix/", f"prefix-{account.pk}"
        form = operator.get(path, headers=htmx(target)).content.decode()
        assert form.lstrip().startswith("<form")
        response = operator.post(path, {"prefix": "Late"}, headers=htmx(target))
        text = response.content.decode()
        assert response.status_code == 200
        assert f'id="{target}"' in text
        assert "<bdi>Late</bdi>" in text
        assert "hx-swap-oob" in text

    @pytest.mark.parametrize("prefix", ["", "   ", "x" * 65, "a\u200fb"])
    def test_that_cannot_be_used_is_said_beside_the_field(
        self, operator: Client, prefix: str
    ) -> None:
        account = make_account(prefix="Before")
        path, target = f"/accounts/{account.pk}/prefix/", f"prefix-{account.pk}"
        response = operator.post(path, {"prefix": prefix}, headers=htmx(target))
        assert response.status_code == 422
        assert 'class="error"' in response.content.decode()
        assert "<!doctype" not in response.content.decode()
        account.refresh_from_db()
        assert account.prefix == "Before"


@pytest.mark.django_db
@pytest.mark.portable
class TestActions:
    def test_pause_and_resume_change_the_state(self, operator: Client) -> None:
        account = make_account()
        operator.post(f"/accounts/{account.pk}/pause/")
        account.refresh_from_db()
        assert account.status == Account.Status.INACTIVE
        response = operator.post(f"/accounts/{account.pk}/resume/", follow=True)
        account.refresh_from_db()
        assert account.status == Account.Status.ACTIVE
        assert "is at work again" in response.content.decode()

    def test_pausing_twice_says_so(self, operator: Client) -> None:
        account = make_account(status=Account.Status.INACTIVE)
        response = operator.post(f"/accounts/{account.pk}/pause/", follow=True)
        assert "cannot be paused" in response.content.decode()

    def test_refreshing_opens_one_run_however_often_it_is_pressed(
        self, operator: Client
    ) -> None:
        account = make_account()
        path = f"/accounts/{account.pk}/refresh/"
        first, second = operator.post(path), operator.post(path)
        run = Run.objects.get()
        assert first["Location"] == second["Location"] == run.get_absolute_url()
        assert (run.kind, run.lane) == ("accounts.refresh_token", account.lane)

    def test_disconnecting_asks_for_the_name_and_then_drops_the_tokens(
        self, operator: Client
    ) -> None:
        account = make_account(display_name="Harbour Radio", playlists_count=2)
        path = f"/accounts/{account.pk}/disconnect/"
        text = page(operator, path)
        assert "2 playlists, their lists and their history" in text
        refused = operator.post(path, {"name": "Harbour"})
        assert refused.status_code == 422
        assert "not this account’s name" in refused.content.decode()
        account.refresh_from_db()
        assert not account.is_disconnected
        response = operator.post(path, {"name": " harbour  radio"})
        assert response["Location"] == account.get_absolute_url()
        account.refresh_from_db()
        assert account.is_disconnected

    def test_erasing_asks_for_the_name_and_leads_to_the_receipt(
        self, operator: Client
    ) -> None:
        account = make_account(display_name="Gone Soon", playlists_count=1)
        path = f"/accounts/{account.pk}/erase/"
        text = page(operator, path)
        assert "1 playlist here, with every list and all history" in text
        assert "cannot be undone" in text
        assert operator.post(path, {"name": ""}).status_code == 422
        assert not ErasureReceipt.objects.exists()
        response = operator.post(path, {"name": account.user_id}, follow=True)
        receipt = ErasureReceipt.objects.get()
        assert response.redirect_chain == [(receipt.get_absolute_url(), 303)]
        assert receipt.code in response.content.decode()
        account.refresh_from_db()
        assert account.is_being_erased

    def test_erasing_twice_shows_the_one_receipt(self, operator: Client) -> None:
        account = make_account(display_name="Gone Soon")
        path = f"/accounts/{account.pk}/erase/"
        operator.post(path, {"name": "Gone Soon"})
        again = operator.post(path, {"name": "Gone Soon"})
        receipt = ErasureReceipt.objects.get()
        assert again["Location"] == receipt.get_absolute_url()
        assert Run.objects.filter(kind="accounts.erase").count() == 1

    def test_erasing_offers_to_unfollow_only_where_that_is_possible(
        self, operator: Client
    ) -> None:
        ready = make_account(playlists_count=1)
        without = make_account(playlists_count=1, status=Account.Status.NEEDS_REAUTH)
        offer = "Remove its playlists from Spotify first"
        assert offer in page(operator, f"/accounts/{ready.pk}/erase/")
        assert offer not in page(operator, f"/accounts/{without.pk}/erase/")

    @pytest.mark.parametrize("action", ["disconnect", "erase"])
    def test_ask_in_a_dialog_with_htmx(self, operator: Client, action: str) -> None:
        account = make_account()
        response = operator.get(
            f"/accounts/{account.pk}/{action}/", headers=htmx("dialog-body")
        )
        text = response.content.decode()
        assert "<!doctype" not in text
        assert 'id="confirm-title"' in text


@pytest.mark.django_db
class TestAdmin:
    models = ("developer", "app", "account", "token", "usage")

    @pytest.mark.parametrize("model", models)
    def test_lists_every_model(self, staff: Client, model: str) -> None:
        account = make_account()
        Usage.objects.create(
            developer=account.app.developer,
            account=account,
            hour=product_clock.now(),
            group="catalogue",
        )
        assert staff.get(f"/admin/accounts/{model}/").status_code == 200

    def test_shows_no_secret_and_no_token(self, staff: Client) -> None:
        account = make_account(
            app=make_app(client_secret="canary-secret"),
            tokens=("canary-access", "canary-refresh"),
        )
        stored = Token.objects.get()
        secrets = (
            "canary",
            stored.access_encrypted,
            stored.refresh_encrypted,
            account.app.client_secret_encrypted,
        )
        for path in (
            f"app/{account.app.pk}/change/",
            f"account/{account.pk}/change/",
            f"token/{account.pk}/change/",
            "app/",
            "token/",
        ):
            text = page(staff, f"/admin/accounts/{path}")
            assert not any(secret in text for secret in secrets)

    def test_takes_a_new_secret_and_keeps_the_old_one_without(
        self, staff: Client
    ) -> None:
        app = make_app(client_secret="first")
        data = {
            "developer": app.developer.pk,
            "name": "Renamed",
            "client_id": app.client_id,
            "mode": "extended",
            "seats": 9,
        }
        path = f"/admin/accounts/app/{app.pk}/change/"
        staff.post(path, data)
        app = App.objects.get()
        assert (app.name, app.client_secret) == ("Renamed", "first")
        staff.post(path, data | {"client_secret": "second"})
        assert App.objects.get().client_secret == "second"

    def test_wants_the_secret_of_another_client_id(self, staff: Client) -> None:
        app = make_app()
        data = {
            "developer": app.developer.pk,
            "name": app.name,
            "client_id": "another",
            "mode": "extended",
            "seats": 9,
        }
        response = staff.post(f"/admin/accounts/app/{app.pk}/change/", data)
        assert "needs its own client secret" in response.content.decode()
        assert App.objects.get().client_id == app.client_id

    def test_creates_an_app_with_its_secret(self, staff: Client) -> None:
        developer = make_app().developer
        data = {
            "developer": developer.pk,
            "name": "New",
            "client_id": "new",
            "client_secret": "typed",
            "mode": "development",
            "seats": 5,
        }
        staff.post("/admin/accounts/app/add/", data)
        assert App.objects.get(client_id="new").client_secret == "typed"

    def test_lets_one_call_go_first_when_staff_say_that_the_cause_is_gone(
        self, staff: Client
    ) -> None:
        until = product_clock.now() + timedelta(hours=1)
        developer = make_app().developer
        Developer.objects.update(circuit_open_until=until, circuit_cause="premium")
        data = {"action": "let_calls_through", "_selected_action": [developer.pk]}
        staff.post("/admin/accounts/developer/", data)
        developer.refresh_from_db()
        assert developer.circuit_open_until is not None
        assert developer.circuit_open_until <= product_clock.now()

    def test_is_closed_to_operators(self, operator: Client) -> None:
        assert operator.get("/admin/accounts/account/").status_code == 302
