"""compose.yaml and Dockerfile: valid, and the same processes work by hand."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import psycopg
import pytest
import requests
import yaml

from vibe_engine import secrets_env
from vibe_engine.supervisor.lifeline import dies_with_parent
from vibe_engine.testing.environment import (
    PRODUCT_VARIABLES,
    ROOT,
    clean_environment,
)
from vibe_engine.testing.live import wait_until
from vibe_engine.testing.product import free_port

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OWN = [name for name, service in SERVICES.items() if service.get("build")]
LONG_RUNNING = ["web", "worker", "beat", "engine"]


def problems(document: object) -> list[str]:
    """What the published schema of compose files says against a document."""
    vendored = files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json"
    schema = json.loads(vendored.read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    return [error.message for error in validator.iter_errors(document)]


class TestComposeFile:
    def test_follows_the_published_schema(self) -> None:
        assert problems(COMPOSE) == []

    def test_the_schema_would_notice_a_slip(self) -> None:
        web = {**SERVICES["web"], "restarts": "always"}
        assert problems({**COMPOSE, "services": {**SERVICES, "web": web}})

    def test_waits_only_for_services_that_exist(self) -> None:
        for service in SERVICES.values():
            assert set(service.get("depends_on", {})) <= set(SERVICES)

    @pytest.mark.parametrize("name", OWN)
    def test_own_services_run_bare_of_rights(self, name: str) -> None:
        service = SERVICES[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]

    @pytest.mark.parametrize("name", ["db", "valkey", *LONG_RUNNING])
    def test_what_keeps_running_restarts_and_tells_its_health(self, name: str) -> None:
        assert SERVICES[name]["restart"] == "unless-stopped"
        assert SERVICES[name]["healthcheck"]["test"]

    def test_publishes_on_this_machine_only_unless_told(self) -> None:
        published = [port for one in SERVICES.values() for port in one.get("ports", ())]
        assert published
        assert all(re.match(r"(\$\{WEB_ADDRESS:-)?127\.0\.0\.1", p) for p in published)

    def test_passes_on_no_variable_that_is_not_explained(self) -> None:
        text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
        used = set(re.findall(r"\$\{(\w+)", text))
        assert used <= PRODUCT_VARIABLES

    @pytest.mark.parametrize("name", ["sandbox", "demo"])
    def test_the_demos_services_end_at_once_in_live_mode(self, name: str) -> None:
        argv = [part.replace("$$", "$") for part in SERVICES[name]["command"]]
        done = subprocess.run(
            argv, env={**os.environ, "VIBE_MODE": "live"}, check=False, timeout=20
        )
        assert done.returncode == 0


class TestDockerfile:
    TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    def test_installs_only_what_the_lock_names(self) -> None:
        assert "--require-hashes -r /requirements.txt" in self.TEXT

    def test_does_not_run_as_root(self) -> None:
        users = re.findall(r"^USER (\w+)$", self.TEXT, re.MULTILINE)
        assert users == ["vibe"]

    def test_takes_every_app_along(self) -> None:
        allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8")
        apps = {path.parent.name for path in ROOT.glob("*/apps.py")}
        assert len(apps) == 6
        assert {app for app in apps if f"!{app}\n" not in allowed} == set()


class TestEnvExample:
    def test_lists_every_variable_that_the_settings_read(self) -> None:
        text = (ROOT / "vibe_engine" / "settings.py").read_text(encoding="utf-8")
        read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', text))
        assert len(read) > 20
        assert read <= PRODUCT_VARIABLES

    def test_lists_every_runtime_setting(self) -> None:
        from automation.runtime import SPECS

        assert {spec.environment for spec in SPECS} <= PRODUCT_VARIABLES


class Installation:
    """The long-running services of compose.yaml as processes of this machine."""

    def __init__(self, folder: Path, port: int, database_url: str) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = clean_environment(
            **secrets_env.new_keys(),
            VIBE_MODE="live",
            VIBE_VAR_DIR=str(folder / "var"),
            PUBLIC_BASE_URL=self.url,
            PORT=str(port),
            WEB_BIND=f"127.0.0.1:{port}",
            DATABASE_URL=database_url,
            REDIS_URL=os.environ["REDIS_URL"],
            SPOTIFY_CLIENT_ID="an-app",
            SPOTIFY_CLIENT_SECRET="its-secret",
            DASHBOARD_USERNAME="operator",
            DASHBOARD_PASSWORD="a long enough one",
            PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        )

    def run(self, service: str) -> None:
        """Run a one-shot service to its end."""
        subprocess.run(
            SERVICES[service]["command"],
            cwd=ROOT,
            env=self.environment,
            check=True,
            timeout=120,
        )

    def start(self, service: str) -> None:
        """Start a long-running service."""
        with (self.folder / f"{service}.log").open("wb") as log:
            self.processes[service] = subprocess.Popen(
                SERVICES[service]["command"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=dies_with_parent(),
            )

    def readiness(self) -> dict[str, Any]:
        """Return what `/readyz` answers, empty if it does not."""
        try:
            answer = requests.get(f"{self.url}/readyz", timeout=10)
        except requests.RequestException:
            return {}
        return {"code": answer.status_code, **answer.json()}

    def is_well(self, service: str) -> bool:
        """Ask the service's own health check, at this machine's addresses."""
        test = SERVICES[service]["healthcheck"]["test"][1:]
        here = [re.sub(r"http://[\w.]+:8000", self.url, part) for part in test]
        done = subprocess.run(here, cwd=ROOT, env=self.environment, check=False)
        return done.returncode == 0

    def stop(self) -> None:
        """End every process, at first politely."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture
def installation(
    tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Installation]:
    """An installation on an empty database of the private PostgreSQL."""
    base = os.environ["DATABASE_URL"]
    if not base.startswith("postgres"):
        pytest.skip("containers use PostgreSQL")
    server = base.replace("@/vibe?", "@/postgres?").replace("postgres:", "postgresql:")
    name = f"compose_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        made = Installation(
            tmp_path, free_port(), base.replace("@/vibe?", f"@/{name}?")
        )
        yield made
        made.stop()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


class TestProcesses:
    def test_become_ready_on_postgresql_and_valkey(
        self, installation: Installation
    ) -> None:
        installation.start("web")
        wait_until(lambda: installation.readiness().get("code") == 503)
        assert not installation.is_well("web")
        installation.run("setup")
        wait_until(lambda: installation.readiness().get("code") == 200)
        assert installation.is_well("web")
        assert not installation.is_well("engine")
        for service in ("worker", "beat", "engine"):
            installation.start(service)
        wait_until(
            lambda: set(installation.readiness()["parts"].values()) == {"ok"},
            timeout_s=90,
            what="every part being ok",
        )
        for service in ("engine", "beat"):
            assert installation.is_well(service)

    def test_setup_may_run_again(self, installation: Installation) -> None:
        installation.run("setup")
        installation.run("setup")
