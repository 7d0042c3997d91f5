"""Rows of this app for tests, each usable as it is."""

import itertools
import secrets
from datetime import datetime, timedelta
from typing import Any

from accounts.models import Account, App, Developer, Token
from vibe_engine import clock

CONSENT = timedelta(days=182)
_numbers = itertools.count(1)


def make_developer(**fields: Any) -> Developer:
    """Return a developer so generous that no test waits by accident."""
    fields.setdefault("name", f"Developer {next(_numbers)}")
    fields.setdefault("requests_per_s", 10_000.0)
    fields.setdefault("catalogue_calls_a_day", 1_000_000)
    fields.setdefault("playlist_writes_a_day", 1_000_000)
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
