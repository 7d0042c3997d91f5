"""No token and no secret shows in a repr, an error or a log."""

import base64
import logging
import traceback
from collections.abc import Callable

import pytest

from vibe_engine.spotify import oauth
from vibe_engine.spotify.client import SpotifyClient
from vibe_engine.spotify.errors import SpotifyError
from vibe_engine.spotify.types import Token
from vibe_engine.tests.spotify import bodies
from vibe_engine.tests.spotify.conftest import NotedGate, Tokens
from vibe_engine.tests.spotify.scripted import Answer, Handler, ScriptedServer, reply

ACCESS, REFRESH, SECRET, CODE = "BQ-access", "AQ-refresh", "hush-hush", "one-time"
VERIFIER = "v" * 43
APP = oauth.App(client_id="the-app", client_secret=SECRET)
BASIC = base64.b64encode(f"the-app:{SECRET}".encode()).decode()
SECRETS = (ACCESS, REFRESH, SECRET, CODE, VERIFIER, BASIC, "first-token", "second")


def echo(status: int, shape: Callable[[str], object]) -> Answer:
    """Answer with everything that the request held, as a careless proxy does."""

    def answer(handler: Handler) -> None:
        seen = handler.script.seen[-1]
        kind, credential = seen.headers["Authorization"].split()
        told = f"{credential} {seen.body.decode()}"
        if kind == "Basic":
            told += base64.b64decode(credential).decode()
        reply(status, shape(told))(handler)

    return answer


ECHOES = [
    echo(status, shape)
    for status in (400, 401, 403, 429, 500, 200)
    for shape in (
        lambda text: text,
        lambda text: {"error": text},
        lambda text: {"error": "invalid_grant", "error_description": text},
        lambda text: {"error": {"message": text, "reason": text}},
        lambda text: {"error": {"message": "x" * 185 + text}, "id": text},
    )
]


@pytest.fixture
def noisy_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that any library says."""
    for name in ("", "spotipy", "spotipy.client", "urllib3", "requests"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


def assert_clean(*texts: str) -> None:
    for text in texts:
        for secret in SECRETS:
            assert secret not in text


class TestReprs:
    def test_hide_what_is_secret(self, server: ScriptedServer) -> None:
        token = Token(ACCESS, REFRESH, 3600, ())
        tokens = Tokens(first=ACCESS, second=REFRESH)
        client = SpotifyClient(api_url=server.url, tokens=tokens, gate=NotedGate())
        assert_clean(repr(APP), str(APP), repr(token), str(token), repr(client))
        client.close()


class TestCalls:
    def test_log_no_token_and_no_answer(
        self,
        server: ScriptedServer,
        spotify: SpotifyClient,
        noisy_log: pytest.LogCaptureFixture,
    ) -> None:
        server.will(reply(401, "no"), reply(200, bodies.profile(display_name="Zoë")))
        spotify.me()
        assert_clean(noisy_log.text)
        assert "Bearer" not in noisy_log.text

    @pytest.mark.parametrize("answer", ECHOES)
    def test_keep_the_token_out_of_errors(
        self,
        server: ScriptedServer,
        spotify: SpotifyClient,
        noisy_log: pytest.LogCaptureFixture,
        answer: Answer,
    ) -> None:
        server.will(answer, answer)
        with pytest.raises(SpotifyError) as caught:
            spotify.me()
        assert_clean(*told(caught.value), noisy_log.text)


class TestTokenEndpoint:
    def test_logs_no_secret(
        self, server: ScriptedServer, noisy_log: pytest.LogCaptureFixture
    ) -> None:
        server.will(reply(200, bodies.token()))
        exchange(server)
        assert_clean(noisy_log.text)

    @pytest.mark.parametrize("answer", ECHOES)
    def test_keeps_secrets_out_of_errors(
        self,
        server: ScriptedServer,
        noisy_log: pytest.LogCaptureFixture,
        answer: Answer,
    ) -> None:
        server.will(answer, answer)
        with pytest.raises(SpotifyError) as caught:
            exchange(server)
        with pytest.raises(SpotifyError) as also_caught:
            refresh(server)
        assert_clean(*told(caught.value), *told(also_caught.value), noisy_log.text)


def told(error: SpotifyError) -> list[str]:
    """Return everything that an error can end up as in a log or on a page."""
    trace = "".join(traceback.format_exception(error))
    return [str(error), repr(error), error.reason, repr(vars(error)), trace]


def exchange(server: ScriptedServer) -> Token:
    return oauth.exchange_code(
        accounts_url=server.url,
        app=APP,
        code=CODE,
        redirect_uri="http://127.0.0.1/",
        code_verifier=VERIFIER,
    )


def refresh(server: ScriptedServer) -> Token:
    return oauth.refresh(accounts_url=server.url, app=APP, refresh_token=REFRESH)
