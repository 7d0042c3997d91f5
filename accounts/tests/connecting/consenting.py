"""The way through the consent page of the running sandbox."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.test import Client

from accounts.models import Account, App
from accounts.tests.factories import (
    make_app,
)
from vibe_engine.testing.sandbox import SandboxControl

CALLBACK = "/oauth/spotify/callback"


def start(client: Client, app: App, path: str = "/accounts/connect/") -> dict[str, str]:
    """Press the button; return what Spotify is asked."""
    response = client.post(path, {"app": app.pk, "owned": "on"})
    assert response.status_code == 303, response.content.decode()
    parts = urlsplit(response["Location"])
    assert f"{parts.scheme}://{parts.netloc}" == settings.SPOTIFY_ACCOUNTS_URL
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def consent(
    sandbox: SandboxControl,
    asked: dict[str, str],
    name: str = "Late Shift",
    **changes: str,
) -> dict[str, str]:
    """Agree at the sandbox; return what comes back to the callback."""
    person = sandbox.add_user(name)
    order = {
        "client_id": asked["client_id"],
        "redirect_uri": asked["redirect_uri"],
        "scope": asked["scope"],
        "code_challenge": asked["code_challenge"],
    }
    code = sandbox.grant(user_id=person["user_id"], **order | changes)
    return {"code": code, "state": asked["state"]}


def connect(client: Client, sandbox: SandboxControl, app: App, name: str) -> Account:
    answer = consent(sandbox, start(client, app), name)
    response = client.get(CALLBACK, answer)
    assert response.status_code == 303
    return Account.objects.get(display_name=name)


def sandbox_app_of(client_id: str, secret: str, **fields: Any) -> App:
    return make_app(client_id=client_id, client_secret=secret, **fields)
