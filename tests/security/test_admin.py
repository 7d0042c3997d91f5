"""The admin across all apps: complete, in order, read-only where it must be."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import models
from django.test import Client
from django.urls import reverse

from accounts.models import App, Token
from automation.models import (
    Channel,
    Delivery,
    EngineLease,
    Notice,
    Run,
    ScheduleSlot,
    Setting,
)
from library.models import LibraryVersion
from metrics.models import MetricSnapshot
from playlists.models import (
    HistoryAudit,
    HistoryEntry,
    HistoryUnlock,
    PlaylistSnapshot,
)
from tests.security.fleet import SECRETS, Fleet, all_rows, make_fleet, make_machinery
from vibe_engine.admin_site import SEVEN_TABLES

pytestmark = pytest.mark.django_db

OURS = ("automation", "accounts", "library", "playlists", "metrics")
READ_ONLY: tuple[type[models.Model], ...] = (
    Token,
    Run,
    Setting,
    EngineLease,
    ScheduleSlot,
    Notice,
    Channel,
    Delivery,
    LibraryVersion,
    MetricSnapshot,
    PlaylistSnapshot,
    HistoryEntry,
    HistoryAudit,
    HistoryUnlock,
)


@pytest.fixture
def fleet(db: None) -> Fleet:
    return make_fleet()


def page(model: type[models.Model], action: str, *args: object) -> str:
    name = f"{model._meta.app_label}_{model._meta.model_name}"
    return reverse(f"admin:{name}_{action}", args=args)


def inlined() -> Iterator[type[models.Model]]:
    """Yield the models that are shown on another model's page."""
    for model_admin in admin.site._registry.values():
        yield from (inline.model for inline in model_admin.inlines)


class TestModels:
    def test_are_all_there(self) -> None:
        shown = {*admin.site._registry, *inlined()}
        own = [model for app in OURS for model in apps.get_app_config(app).get_models()]
        assert [model for model in own if model not in shown] == []

    def test_offer_none_that_is_of_no_use_here(self) -> None:
        names = {model.__name__ for model in admin.site._registry}
        assert "AccessAttempt" in names
        assert not names & {"SolarSchedule", "ClockedSchedule", "PeriodicTasks"}
        assert not names & {"AccessLog", "AccessFailureLog"}


class TestIndex:
    def test_lists_the_seven_tables_first(self, staff: Client) -> None:
        groups = staff.get("/admin/").context["app_list"]
        first = [entry["model"]._meta.db_table for entry in groups[0]["models"]]
        assert groups[0]["name"] == "The seven tables"
        assert tuple(first) == SEVEN_TABLES

    def test_lists_every_model_once(self, staff: Client) -> None:
        groups = staff.get("/admin/").context["app_list"]
        listed = [entry["model"] for group in groups for entry in group["models"]]
        assert len(listed) == len(set(listed)) == len(admin.site._registry)

    def test_leads_to_the_dashboard(self, staff: Client) -> None:
        content = staff.get("/admin/").content.decode()
        assert '<a href="/">View site</a>' in content

    def test_shows_staff_no_more_than_they_may_see(self, db: None) -> None:
        helper = User.objects.create_user("helper", is_staff=True)
        client = Client()
        client.force_login(helper, backend="django.contrib.auth.backends.ModelBackend")
        assert client.get("/admin/").context["app_list"] == []
        assert client.get(page(App, "changelist")).status_code == 403


class TestLinks:
    @pytest.mark.parametrize("name", ["account", "playlist", "album", "track", "run"])
    def test_lead_from_a_list_to_the_dashboard(
        self, staff: Client, fleet: Fleet, name: str
    ) -> None:
        row = getattr(fleet, name)
        content = staff.get(page(type(row), "changelist")).content.decode()
        assert f'href="{row.get_absolute_url()}"' in content


@pytest.mark.parametrize("model", READ_ONLY, ids=lambda model: model.__name__)
class TestReadOnly:
    def test_can_be_neither_added_nor_changed_nor_deleted(
        self, staff: Client, fleet: Fleet, model: Any
    ) -> None:
        make_machinery(fleet)
        key = model._default_manager.earliest("pk").pk
        before = all_rows()
        assert staff.post(page(model, "add"), {}).status_code == 403
        for action in ("change", "delete"):
            answer = staff.post(page(model, action, key), {"post": "yes"})
            assert answer.status_code == 403
        body = {"action": "delete_selected", "_selected_action": [key], "post": "yes"}
        staff.post(page(model, "changelist"), body)
        assert all_rows() == before


class TestSecrets:
    def test_never_stand_in_a_page(self, staff: Client, fleet: Fleet) -> None:
        token = Token.objects.get()
        secrets = (
            *SECRETS,
            token.access_encrypted,
            token.refresh_encrypted,
            App.objects.get().client_secret_encrypted,
        )
        for address in addresses():
            content = staff.get(address).content.decode()
            assert [secret for secret in secrets if secret in content] == [], address

    def test_of_an_app_can_be_set_and_not_read(
        self, staff: Client, fleet: Fleet
    ) -> None:
        app = App.objects.get()
        form = {
            "developer": app.developer_id,
            "name": app.name,
            "client_id": app.client_id,
            "mode": app.mode,
            "seats": app.seats,
        }
        address = page(App, "change", app.pk)
        assert staff.post(address, form).status_code == 302
        app.refresh_from_db()
        assert app.client_secret == SECRETS[2]
        assert staff.post(address, form | {"client_secret": "n3w"}).status_code == 302
        app.refresh_from_db()
        assert app.client_secret == "n3w"
        field = re.search(
            r'<input[^>]*name="client_secret"[^>]*>', html(staff, address)
        )
        assert field is not None
        assert "value" not in field[0]

    def test_are_in_no_entry_of_the_log(self, staff: Client, fleet: Fleet) -> None:
        app = App.objects.get()
        form = {
            "developer": app.developer_id,
            "name": "Renamed",
            "client_id": app.client_id,
            "mode": app.mode,
            "seats": app.seats,
            "client_secret": "n3w-secret",
        }
        staff.post(page(App, "change", app.pk), form)
        entries = apps.get_model("admin", "LogEntry").objects.all()
        told = " ".join(f"{entry} {entry.change_message}" for entry in entries)
        assert "Client secret" in told
        assert "n3w-secret" not in told


def addresses() -> Iterator[str]:
    """Yield the address of every list, every form and every first row."""
    yield reverse("admin:index")
    for model in admin.site._registry:
        yield page(model, "changelist")
        yield page(model, "add")
        row = model._default_manager.order_by("pk").first()
        if row is not None:
            yield page(model, "change", row.pk)
            yield page(model, "history", row.pk)
            yield page(model, "delete", row.pk)


def html(client: Client, address: str) -> str:
    return client.get(address).content.decode()
