"""POST /api/token: codes and refresh tokens in, access tokens out."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from werkzeug.wrappers import Request, Response

from vibe_engine.sandbox.answers import json_answer
from vibe_engine.sandbox.people import App
from vibe_engine.sandbox.requestlog import Entry
from vibe_engine.sandbox.tokens import Grant, TokenError, fingerprint
from vibe_engine.sandbox.world import World


@dataclass(frozen=True, slots=True)
class _Client:
    """The app that asks; `is_public`: without its secret, as PKCE allows."""

    app: App
    is_public: bool


class TokenEndpoint:
    """Answers with Spotify's flat errors, all of them HTTP 400."""

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, request: Request, entry: Entry) -> Response:
        """Return a grant or an OAuth error."""
        if request.method != "POST":
            return json_answer({"error": "invalid_request"}, 405)
        try:
            grant = self._grant(request, entry)
        except TokenError as error:
            return json_answer(
                {"error": error.error, "error_description": error.description}, 400
            )
        entry.applied, entry.effect = True, _effect(request, grant)
        return json_answer(_shown(grant), headers={"Pragma": "no-cache"})

    def identify(self, request: Request, entry: Entry) -> None:
        """Note in the entry which app asks, for whom, and by which secret."""
        entry.client_id = _claimed_client(request)[0] or None
        kind, form = request.form.get("grant_type"), request.form
        secret = form.get("code" if kind == "authorization_code" else "refresh_token")
        if secret:
            entry.token = fingerprint(secret)
            entry.user_id = self._world.tokens.user_behind(secret)

    def _grant(self, request: Request, entry: Entry) -> Grant:
        form, now_s = request.form, self._world.clock.now_s()
        self.identify(request, entry)
        client = self._client(request)
        kind = form.get("grant_type", "")
        if kind == "authorization_code":
            return self._world.tokens.redeem_code(
                _required(form, "code"),
                client_id=client.app.client_id,
                redirect_uri=_required(form, "redirect_uri"),
                verifier=form.get("code_verifier", ""),
                is_public=client.is_public,
                now_s=now_s,
            )
        if kind == "refresh_token":
            return self._world.tokens.refresh(
                _required(form, "refresh_token"),
                client_id=client.app.client_id,
                is_public=client.is_public,
                rotates=self._rotates(client.app),
                now_s=now_s,
            )
        if kind == "client_credentials" and not client.is_public:
            return self._world.tokens.issue_for_app(client.app.client_id, now_s=now_s)
        raise TokenError("unsupported_grant_type", "grant_type is not supported")

    def _rotates(self, app: App) -> bool:
        if app.rotates_refresh_tokens is not None:
            return app.rotates_refresh_tokens
        return self._world.options().rotate_refresh_tokens

    def _client(self, request: Request) -> _Client:
        """Return the app that Basic authorization or the form names.

        :raises TokenError: `invalid_client`: unknown, or the secret is wrong.
        """
        client_id, secret = _claimed_client(request)
        app = self._world.people.find_app(client_id)
        if app is None or not _is_secret_of(app, secret):
            raise TokenError("invalid_client", "Invalid client")
        return _Client(app, is_public=secret is None)


def _claimed_client(request: Request) -> tuple[str, str | None]:
    """Return which app the request claims to be from, and its secret if it has one."""
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        return basic.username or "", basic.password or ""
    return request.form.get("client_id", ""), request.form.get("client_secret")


def _effect(request: Request, grant: Grant) -> dict[str, str]:
    """Return what the log may know of a grant: fingerprints, no tokens."""
    effect = {
        "grant_type": request.form["grant_type"],
        "access_token": fingerprint(grant.access_token),
    }
    if grant.refresh_token is not None:
        effect["refresh_token"] = fingerprint(grant.refresh_token)
    return effect


def _is_secret_of(app: App, secret: str | None) -> bool:
    if secret is None:
        return True
    return hmac.compare_digest(app.client_secret.encode(), secret.encode())


def _required(form: Mapping[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value:
        raise TokenError("invalid_request", f"{name} must be supplied")
    return value


def _shown(grant: Grant) -> dict[str, object]:
    shown: dict[str, object] = {
        "access_token": grant.access_token,
        "token_type": "Bearer",
        "expires_in": grant.expires_in_s,
        "scope": grant.scope,
    }
    if grant.refresh_token is not None:
        shown["refresh_token"] = grant.refresh_token
    return shown
