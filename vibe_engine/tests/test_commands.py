"""The commands that prepare, run and forget an installation."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.core.management.base import CommandError
from django_celery_beat.models import PeriodicTask

from vibe_engine import probe
from vibe_engine.supervisor.instance import lock_folder


def bootstrap() -> str:
    said = io.StringIO()
    call_command("bootstrap", stdout=said)
    return said.getvalue()


@pytest.mark.django_db
@pytest.mark.portable
class TestBootstrap:
    def test_creates_groups_person_apps_and_schedules(self, settings: Any) -> None:
        bootstrap()
        person = User.objects.get(username=settings.DASHBOARD_USERNAME)
        assert person.check_password(settings.DASHBOARD_PASSWORD)
        assert person.is_staff
        assert person.groups.filter(name="operators").exists()
        assert Group.objects.filter(name="viewers").exists()
        assert PeriodicTask.objects.filter(meaning__isnull=False).exists()

    def test_changes_nothing_the_second_time(self) -> None:
        bootstrap()
        before = User.objects.get().password
        bootstrap()
        assert User.objects.get().password == before
        assert Group.objects.count() == 2

    def test_the_password_follows_the_settings(self, settings: Any) -> None:
        bootstrap()
        settings.DASHBOARD_PASSWORD = "another one entirely"
        bootstrap()
        assert User.objects.get().check_password("another one entirely")

    def test_leaves_the_rights_of_a_person_who_exists_alone(
        self, settings: Any
    ) -> None:
        User.objects.create_user(settings.DASHBOARD_USERNAME, password="before")
        bootstrap()
        assert not User.objects.get().is_superuser

    def test_without_a_name_nobody_is_made(self, settings: Any) -> None:
        settings.DASHBOARD_USERNAME = ""
        assert "Sign in" not in bootstrap()
        assert not User.objects.exists()

    def test_only_a_demo_tells_its_password(self, settings: Any) -> None:
        assert settings.DASHBOARD_PASSWORD in bootstrap()
        settings.DEMO = False
        assert settings.DASHBOARD_PASSWORD not in bootstrap()


class TestUp:
    @pytest.mark.parametrize("port", [0, 65_535, -1])
    def test_refuses_a_port_that_leaves_none_for_the_sandbox(self, port: int) -> None:
        with pytest.raises(CommandError, match="between 1 and 65534"):
            call_command("up", port=port)

    def test_refuses_demo_data_in_live_mode(self, settings: Any) -> None:
        settings.DEMO = False
        with pytest.raises(CommandError, match="live data stays real"):
            call_command("up", demo=True)


class TestDemoSandbox:
    def test_belongs_to_the_demo_only(self, settings: Any) -> None:
        settings.DEMO = False
        with pytest.raises(CommandError, match="live mode uses Spotify"):
            call_command("demo_sandbox")


class TestResetDemo:
    def test_forgets_everything(self, settings: Any, tmp_path: Path) -> None:
        settings.VAR_DIR = tmp_path / "demo"
        settings.VAR_DIR.mkdir()
        (settings.VAR_DIR / "vibe.db").touch()
        call_command("reset_demo", stdout=io.StringIO())
        assert not settings.VAR_DIR.exists()

    def test_refuses_while_the_product_runs(
        self, settings: Any, tmp_path: Path
    ) -> None:
        settings.VAR_DIR = tmp_path
        with (
            lock_folder(tmp_path, told="http://127.0.0.1:8000"),
            pytest.raises(CommandError, match="runs here already"),
        ):
            call_command("reset_demo")
        assert tmp_path.exists()

    def test_live_data_is_out_of_reach(self, settings: Any, tmp_path: Path) -> None:
        settings.DEMO, settings.VAR_DIR = False, tmp_path
        with pytest.raises(CommandError, match="Only a demo"):
            call_command("reset_demo")
        assert tmp_path.exists()


class TestProbe:
    def test_nobody_there_is_not_well(self) -> None:
        assert not probe.is_well("http://127.0.0.1:9/healthz")

    def test_asks_in_the_name_of_the_public_host(
        self, live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.ALLOWED_HOSTS = ["vibe.example.org"]
        assert not probe.is_well(f"{live_server.url}/healthz")
        monkeypatch.setenv("PUBLIC_BASE_URL", "https://vibe.example.org")
        assert probe.is_well(f"{live_server.url}/healthz")

    def test_a_part_that_is_degraded_is_not_well(self, live_server: Any) -> None:
        address = live_server.url.replace("localhost", "127.0.0.1")
        assert probe.is_well(f"{address}/readyz")
        assert not probe.is_well(f"{address}/readyz", "engine")
