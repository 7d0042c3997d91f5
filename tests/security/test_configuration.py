"""What an installation refuses to start with, as a person at the shell reads it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from vibe_engine.secrets_env import new_keys
from vibe_engine.testing.environment import ROOT, clean_environment

LIVE = {
    **new_keys(),
    "VIBE_MODE": "live",
    "DATABASE_URL": "sqlite:///{var}/live.db",
    "PUBLIC_BASE_URL": "https://vibe.example.org",
    "SPOTIFY_CLIENT_ID": "an-app",
    "SPOTIFY_CLIENT_SECRET": "a-clients-secret",
}
REQUIRED = [name for name in LIVE if name != "VIBE_MODE"]
READ_SETTINGS = """
import json, sys
import django
django.setup()
from django.conf import settings
json.dump({name: getattr(settings, name) for name in sys.argv[1:]}, sys.stdout)
"""
HARDENED = {
    "DEBUG": False,
    "DEBUG_PROPAGATE_EXCEPTIONS": False,
    "SECURE_SSL_REDIRECT": True,
    "SECURE_SSL_HOST": "vibe.example.org",
    "SECURE_HSTS_SECONDS": 31_536_000,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "SESSION_COOKIE_NAME": "dashboard_session",
    "CSRF_COOKIE_SECURE": True,
    "CSRF_COOKIE_SAMESITE": "Lax",
    "ALLOWED_HOSTS": ["vibe.example.org"],
    "SPOTIFY_REDIRECT_URI": "https://vibe.example.org/oauth/spotify/callback",
}


def run(
    folder: Path, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run Python with nothing in the environment but what is given."""
    values = {"VIBE_VAR_DIR": str(folder / "var")} | environment
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=clean_environment(
            **{name: text.format(var=folder) for name, text in values.items()},
            DJANGO_SETTINGS_MODULE="vibe_engine.settings",
        ),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def refusal(folder: Path, **environment: str) -> str:
    """Return the one line with which `manage.py check` refuses to start."""
    result = run(folder, "manage.py", "check", **environment)
    assert result.returncode == 1, result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("Configuration: ")
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def without(*names: str) -> dict[str, str]:
    return {name: text for name, text in LIVE.items() if name not in names}


class TestLiveMode:
    def test_starts_with_all_it_needs_and_passes_the_checks(
        self, tmp_path: Path
    ) -> None:
        arguments = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")
        result = run(tmp_path, *arguments, **LIVE)
        assert result.returncode == 0, result.stderr

    def test_is_hardened(self, tmp_path: Path) -> None:
        result = run(tmp_path, "-c", READ_SETTINGS, *HARDENED, **LIVE)
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout) == HARDENED

    @pytest.mark.parametrize("name", REQUIRED)
    def test_names_what_is_missing(self, tmp_path: Path, name: str) -> None:
        said = refusal(tmp_path, **without(name))
        assert f"Live mode needs {name} in the environment" in said

    def test_names_everything_at_once(self, tmp_path: Path) -> None:
        said = refusal(tmp_path, VIBE_MODE="live")
        assert all(name in said for name in REQUIRED)

    @pytest.mark.parametrize(
        ("name", "service"),
        [
            ("SPOTIFY_API_URL", "Spotify"),
            ("SPOTIFY_ACCOUNTS_URL", "Spotify"),
            ("RECCOBEATS_URL", "ReccoBeats"),
        ],
    )
    def test_talks_to_the_services_themselves(
        self, tmp_path: Path, name: str, service: str
    ) -> None:
        said = refusal(tmp_path, **LIVE, **{name: "http://127.0.0.1:8001/v1/"})
        assert f"Live mode talks to {service} itself" in said
        assert name in said

    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            ("SECRET_KEY", "guess-me", "32 characters or more"),
            ("TOKEN_KEYS", "k1:c2hvcnQ=", "id:base64 of 32 bytes"),
            ("DATABASE_URL", "mysql://a:b@c/d", "postgres:// or sqlite:///"),
            ("PUBLIC_BASE_URL", "vibe.example.org", "such as https://"),
            ("SPOTIFY_APP_MODE", "unlimited", "development, extended"),
            ("PORT", "http", "number from 1 to 65534"),
            ("LOG_LEVEL", "loud", "LOG_LEVEL must be one of"),
            ("VIBE_VAR_DIR", "/dev/null/var", "VIBE_VAR_DIR names another"),
        ],
    )
    def test_says_what_a_value_must_be(
        self, tmp_path: Path, name: str, value: str, said: str
    ) -> None:
        assert said in refusal(tmp_path, **LIVE | {name: value})

    def test_repeats_no_secret_when_it_refuses(self, tmp_path: Path) -> None:
        said = refusal(tmp_path, **without("DATABASE_URL"))
        assert LIVE["SPOTIFY_CLIENT_SECRET"] not in said
        assert LIVE["SECRET_KEY"] not in said


class TestMode:
    @pytest.mark.parametrize("mode", ["", "production"])
    def test_must_be_said(self, tmp_path: Path, mode: str) -> None:
        said = refusal(tmp_path, VIBE_MODE=mode)
        assert "VIBE_MODE must be 'demo'" in said
        assert "'live'" in said

    def test_must_be_said_for_every_command(self, tmp_path: Path) -> None:
        result = run(tmp_path, "manage.py", "up")
        assert result.returncode == 1
        assert result.stderr.startswith("Configuration: VIBE_MODE must be")

    def test_demo_needs_nothing_and_keeps_its_secrets_to_its_owner(
        self, tmp_path: Path
    ) -> None:
        result = run(tmp_path, "manage.py", "check", VIBE_MODE="demo")
        assert result.returncode == 0, result.stderr
        secrets = tmp_path / "var" / "secrets.env"
        assert secrets.stat().st_mode & 0o777 == 0o600
