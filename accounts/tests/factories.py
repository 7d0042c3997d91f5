"""Rows of this app for tests, each usable as it is.

`make_...` invents everything; `sandbox_app` and `connect_account` give rows that
the running sandbox knows.
"""

import itertools
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from accounts.models import Account, App, Developer, Token
from vibe_engine import clock
from vibe_engine.spotify import oauth
from vibe_engine.testing.sandbox import SandboxControl

CONSENT = timedelta(days=182)
_numbers = itertools.count(1)


def make_developer(**fields: Any) -> Developer:
    """Return a developer so generous that no test waits by accident."""
    fields.setdefault("name", f"Developer {next(_numbers)}")
    fields.setdefault("requests_per_s", 10_000.0)
    fields.setdefault("catalogue_calls_a_day", 1_000_000)
    fields.setdefault("playlist_writes_a_day", 1_000_000)
    fields.setdefault("playlist_reads_a_day", 1_000_000)
    return Developer.objects.create(**fields)


def make_app(*, developer: Developer | None = None, **fields: Any) -> App:
    """Return an app in development mode; `client_secret` is sealed as given."""
    client_secret = fields.pop("client_secret", "s3cret")
    fields.setdefault("name", f"App {next(_numbers)}")
    fields.setdefault("client_id", secrets.token_hex(16))
    app = App(developer=developer or make_developer(), **fields)
    app.seal_client_secret(client_secret)
    app.save()
    return app


def make_account(
    *,
    app: App | None = None,
    tokens: tuple[str, str] = ("access", "refresh"),
    now: datetime | None = None,
    **fields: Any,
) -> Account:
    """Return a connected account whose access token is good for an hour.

    Its tokens (access, refresh) are invented: Spotify and the sandbox refuse them.
    For an account that the sandbox knows, use `connect_account`.
    """
    now = now or clock.now()
    fields.setdefault("account_id", f"account{next(_numbers)}{secrets.token_hex(8)}")
    fields.setdefault("user_id", fields["account_id"])
    fields.setdefault("display_name", f"Account {next(_numbers)}")
    fields.setdefault("prefix", "Vibe Collection")
    fields.setdefault("authorized_at", now)
    fields.setdefault("consent_ends_at", fields["authorized_at"] + CONSENT)
    fields.setdefault("created_at", now)
    fields.setdefault("token_expires_at", now + timedelta(hours=1))
    account = Account.objects.create(app=app or make_app(), **fields)
    token = Token(account=account)
    token.seal(access=tokens[0], refresh=tokens[1])
    token.save()
    return account


def make_accounts(count: int, **fields: Any) -> list[Account]:
    """Return several accounts on one app."""
    app = fields.pop("app", None) or make_app(seats=max(count, 5))
    return [make_account(app=app, **fields) for _ in range(count)]


def sandbox_app(**fields: Any) -> App:
    """Return the extended app that the tests' sandbox knows."""
    app = App.objects.filter(client_id=settings.SPOTIFY_CLIENT_ID).first()
    return app or make_app(
        client_id=settings.SPOTIFY_CLIENT_ID,
        client_secret=settings.SPOTIFY_CLIENT_SECRET,
        mode=App.Mode.EXTENDED,
        **fields,
    )


def connect_account(
    sandbox: SandboxControl,
    name: str = "Harbour Radio",
    *,
    app: App | None = None,
    **fields: Any,
) -> Account:
    """Return an account that has consented on the sandbox, with real tokens."""
    app, person = app or sandbox_app(), sandbox.add_user(name)
    code = sandbox.grant(
        client_id=app.client_id,
        user_id=person["user_id"],
        redirect_uri=settings.SPOTIFY_REDIRECT_URI,
        scope=" ".join(oauth.SCOPES),
    )
    grant = oauth.exchange_code(
        accounts_url=settings.SPOTIFY_ACCOUNTS_URL,
        app=oauth.App(app.client_id, app.client_secret),
        code=code,
        redirect_uri=settings.SPOTIFY_REDIRECT_URI,
        code_verifier=None,
    )
    fields.setdefault("account_id", person["account_id"])
    fields.setdefault("user_id", person["user_id"])
    fields.setdefault("display_name", person["display_name"])
    tokens = (grant.access_token, grant.refresh_token or "")
    return make_account(app=app, tokens=tokens, **fields)
