"""Lines of the log: what they say, in both forms, and what they never say."""

import json
import logging
import sys
from typing import Any

import pytest
from celery.app.log import Logging
from django.test import Client

from vibe_engine import logs, tracing
from vibe_engine.celery import app

ACCESS = "BQ" + "aZ3-_" * 30
REFRESH = "AQ" + "b7Yx_" * 24


def line(text: str, *arguments: object, style: str = "json", **fields: Any) -> str:
    made = logs.configuration(style=style, level="INFO")
    formatter = made["formatters"]["ours"]["()"]()
    record = logging.LogRecord(
        "automation.worker", logging.WARNING, "", 1, text, arguments, None
    )
    record.__dict__.update(fields)
    answer: str = formatter.format(record)
    return answer


def failed() -> Any:
    try:
        raise RuntimeError(f"Bearer {ACCESS}\nrefused")
    except RuntimeError:
        return sys.exc_info()


class TestJson:
    def test_is_one_object_a_line_with_what_it_is_about(self) -> None:
        with tracing.trace(run=7, kind="playlists.reshuffle", lane="account:3"):
            told = line("Two\nlines of %s", "“Ünïcode”")
        assert "\n" not in told
        found = json.loads(told)
        assert found.pop("time").endswith("+00:00")
        assert found == {
            "level": "WARNING",
            "logger": "automation.worker",
            "message": "Two\nlines of “Ünïcode”",
            "run": 7,
            "kind": "playlists.reshuffle",
            "lane": "account:3",
        }

    def test_holds_the_traceback_without_its_secrets(self) -> None:
        found = json.loads(line("It broke.", exc_info=failed()))
        assert "RuntimeError" in found["error"]
        assert ACCESS not in found["error"]

    def test_says_nothing_of_work_that_is_over(self) -> None:
        with tracing.trace(run=7):
            pass
        assert "run" not in json.loads(line("Later"))


class TestLine:
    def test_names_the_run_behind_the_message(self) -> None:
        with tracing.trace(run=7, lane=""):
            told = line("It waits.", style="line")
        assert told.endswith("WARNING automation.worker: It waits. [run=7]")

    def test_hides_what_a_traceback_says(self) -> None:
        assert ACCESS not in line("It broke.", style="line", exc_info=failed())


class TestSecrets:
    @pytest.mark.parametrize(
        "text",
        [
            f"Authorization: Bearer {ACCESS}",
            f"refresh_token={REFRESH}&grant_type=refresh_token",
            f'{{"access_token": "{ACCESS}", "scope": "x"}}',
            f"a bare {ACCESS} in words",
            "client_secret=0123456789abcdef0123456789abcdef",
            "https://hooks.example.org/?token=s3cr3t-value",
            "postgres://vibe:s3cr3t-value@db:5432/vibe",
            "password: 's3cr3t-value'",
            "code_verifier=s3cr3t-value",
        ],
    )
    def test_are_hidden(self, text: str) -> None:
        told = logs.hide_secrets(text)
        assert logs.HIDDEN in told
        for secret in (ACCESS, REFRESH, "s3cr3t-value", "0123456789abcdef"):
            assert secret not in told

    @pytest.mark.parametrize(
        "text",
        [
            "Run 12 (playlists.reshuffle) met an unexpected error.",
            "Calls rest until 2026-11-22 14:20 UTC (status code: 429).",
            "GET https://api.spotify.com/v1/albums/4aawyAB9vmqN3uQ7FjRGTy",
            "The token was refused; account:7 is asked again.",
        ],
    )
    def test_leave_ordinary_lines_as_they_are(self, text: str) -> None:
        assert logs.hide_secrets(text) == text


@pytest.mark.django_db
class TestRequests:
    def test_have_a_name_that_their_answer_carries(self, client: Client) -> None:
        first, second = (client.get("/healthz")["X-Request-ID"] for _ in range(2))
        assert first != second
        assert len(first) == 12

    def test_keep_the_name_that_a_proxy_gave(self, client: Client) -> None:
        given = {"X-Request-ID": "proxy-1a2b3c"}
        assert client.get("/healthz", headers=given)["X-Request-ID"] == "proxy-1a2b3c"

    @pytest.mark.parametrize("given", ["x" * 65, "a b c d e f", "<b>bold</b>"])
    def test_take_no_other_name(self, client: Client, given: str) -> None:
        answer = client.get("/healthz", headers={"X-Request-ID": given})
        assert answer["X-Request-ID"] != given


class TestCelery:
    def test_leaves_the_levels_as_they_are(self) -> None:
        root = logging.getLogger()
        before = root.level, list(root.handlers)
        Logging(app).setup_logging_subsystem(loglevel="CRITICAL")
        assert (root.level, list(root.handlers)) == before
