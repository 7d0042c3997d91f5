"""Who sends a request is told to a sandbox, and to nobody else."""

from typing import Any

import pytest

from accounts import spotify
from accounts.services import client_for
from accounts.tests.factories import connect_account
from automation import worker
from vibe_engine import clock
from vibe_engine.testing.sandbox import SandboxControl


class TestTag:
    @pytest.mark.django_db
    def test_stands_in_the_log_of_the_sandbox(self, sandbox: SandboxControl) -> None:
        account = connect_account(sandbox)
        with client_for(account, now=clock.now()) as client:
            client.me()
        assert [entry.worker for entry in sandbox.log()] == [worker.name()]

    @pytest.mark.parametrize(
        ("mode", "url"),
        [
            ("demo", "https://api.spotify.com/v1/"),
            ("live", "https://api.spotify.com/v1/"),
            ("live", "http://127.0.0.1:8001/v1/"),
        ],
    )
    def test_is_not_told_to_spotify(self, settings: Any, mode: str, url: str) -> None:
        settings.DEMO = mode == "demo"
        assert spotify.tag_for(url) == ""
