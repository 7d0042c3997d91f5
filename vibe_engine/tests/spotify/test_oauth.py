import base64
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from vibe_engine.spotify import errors, oauth
from vibe_engine.spotify.errors import SpotifyError
from vibe_engine.spotify.types import Token
from vibe_engine.tests.spotify import bodies
from vibe_engine.tests.spotify.scripted import ScriptedServer, raw, reply

APP = oauth.App(client_id="the-app", client_secret="the-secret")
REDIRECT_URI = "http://127.0.0.1:8000/oauth/spotify/callback"


def refresh(server: ScriptedServer) -> Token:
    return oauth.refresh(accounts_url=server.url, app=APP, refresh_token="AQ-old")


def form(server: ScriptedServer) -> dict[str, str]:
    return dict(parse_qsl(server.seen[-1].body.decode()))


class TestAuthorizeUrl:
    def query(self, **changes: Any) -> dict[str, list[str]]:
        options: dict[str, Any] = {
            "accounts_url": "https://accounts.spotify.com/",
            "client_id": "the-app",
            "redirect_uri": REDIRECT_URI,
            "state": "s t&te",
            "scopes": oauth.SCOPES,
            "code_challenge": None,
        }
        url = urlsplit(oauth.authorize_url(**options | changes))
        assert (url.netloc, url.path) == ("accounts.spotify.com", "/authorize")
        return parse_qs(url.query)

    def test_asks_for_a_code(self) -> None:
        assert self.query() == {
            "client_id": ["the-app"],
            "response_type": ["code"],
            "redirect_uri": [REDIRECT_URI],
            "state": ["s t&te"],
            "scope": [" ".join(oauth.SCOPES)],
            "show_dialog": ["true"],
        }

    def test_carries_a_challenge_where_there_is_one(self) -> None:
        query = self.query(code_challenge="abc", show_dialog=False)
        assert query["code_challenge"] == ["abc"]
        assert query["code_challenge_method"] == ["S256"]
        assert query["show_dialog"] == ["false"]


class TestPkce:
    def test_challenge_is_the_one_of_rfc_7636(self) -> None:
        verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        expected = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        assert oauth.challenge(verifier) == expected

    def test_verifiers_are_long_and_never_the_same(self) -> None:
        verifiers = {oauth.new_verifier() for _ in range(100)}
        assert len(verifiers) == 100
        assert all(43 <= len(verifier) <= 128 for verifier in verifiers)


class TestExchangeCode:
    @pytest.mark.parametrize("verifier", [None, "v" * 43])
    def test_trades_the_code_for_tokens(
        self, server: ScriptedServer, verifier: str | None
    ) -> None:
        server.will(reply(200, bodies.token()))
        token = oauth.exchange_code(
            accounts_url=server.url,
            app=APP,
            code="the-code",
            redirect_uri=REDIRECT_URI,
            code_verifier=verifier,
        )
        assert (token.access_token, token.refresh_token) == ("BQ-access", "AQ-refresh")
        wanted = {
            "grant_type": "authorization_code",
            "code": "the-code",
            "redirect_uri": REDIRECT_URI,
        }
        assert form(server) == wanted | (
            {"code_verifier": verifier} if verifier else {}
        )

    def test_shows_client_id_and_secret_in_the_header(
        self, server: ScriptedServer
    ) -> None:
        server.will(reply(200, bodies.token()))
        refresh(server)
        (seen,) = server.seen
        expected = base64.b64encode(b"the-app:the-secret").decode()
        assert seen.headers["Authorization"] == f"Basic {expected}"
        assert (seen.method, seen.path) == ("POST", "/api/token")
        content_type = seen.headers["Content-Type"]
        assert content_type == "application/x-www-form-urlencoded"


class TestRefresh:
    def test_trades_the_refresh_token(self, server: ScriptedServer) -> None:
        server.will(reply(200, bodies.token(refresh_token=None)))
        assert refresh(server).refresh_token is None
        assert form(server) == {
            "grant_type": "refresh_token",
            "refresh_token": "AQ-old",
        }

    @pytest.mark.parametrize(
        ("status", "body", "expected"),
        [
            (400, {"error": "invalid_grant"}, errors.InvalidGrantError),
            (401, {"error": "invalid_grant"}, errors.InvalidGrantError),
            (400, {"error": "invalid_client"}, errors.InvalidClientError),
            (401, {"error": "invalid_client"}, errors.InvalidClientError),
            (400, {"error": "invalid_request"}, errors.BadRequestError),
            (400, {"error": "unsupported_grant_type"}, errors.BadRequestError),
            (400, bodies.error(400, "Bad"), errors.BadRequestError),
            (400, [], errors.BadRequestError),
            (403, "Forbidden", errors.EndpointClosedError),
            (429, "Too many requests", errors.RateLimitedError),
            (500, {"error": "invalid_grant"}, errors.UnavailableError),
            (503, "<html>", errors.UnavailableError),
            (302, "", errors.BadResponseError),
            (200, "<html>", errors.BadResponseError),
            (200, "", errors.BadResponseError),
            (200, [], errors.BadResponseError),
            (200, {"error": "invalid_grant"}, errors.BadResponseError),
        ],
    )
    def test_fails_with_an_error_of_ours(
        self,
        server: ScriptedServer,
        status: int,
        body: object,
        expected: type[SpotifyError],
    ) -> None:
        server.will(reply(status, body))
        with pytest.raises(SpotifyError) as caught:
            refresh(server)
        assert type(caught.value) is expected
        assert len(server.seen) == 1

    def test_says_why_a_grant_is_refused(self, server: ScriptedServer) -> None:
        body = {"error": "invalid_grant", "error_description": "Refresh token revoked"}
        server.will(reply(400, body))
        with pytest.raises(errors.InvalidGrantError, match="revoked") as caught:
            refresh(server)
        assert (caught.value.status, caught.value.reason) == (400, "invalid_grant")
        assert not caught.value.ambiguous

    def test_keeps_the_wait_of_a_limit(self, server: ScriptedServer) -> None:
        server.will(reply(429, "slow down", Retry_After="17"))
        with pytest.raises(errors.RateLimitedError) as caught:
            refresh(server)
        assert caught.value.retry_after_s == 17

    def test_may_find_nobody_there(self, server: ScriptedServer) -> None:
        server.will(raw(b""))
        with pytest.raises(errors.UnavailableError) as caught:
            refresh(server)
        assert caught.value.ambiguous
