"""Consent and tokens: the Authorization Code flow, with or without PKCE."""

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlencode

from requests.auth import HTTPBasicAuth

from vibe_engine.spotify import answers, parse, transport
from vibe_engine.spotify.types import Token

SCOPES = (
    "playlist-read-private",
    "playlist-modify-private",
    "playlist-modify-public",
    "user-library-modify",
)
_SECRET_FIELDS = ("code", "code_verifier", "refresh_token")


@dataclass(frozen=True, slots=True)
class App:
    """A Client ID with its secret, as registered at Spotify."""

    client_id: str
    client_secret: str = field(repr=False)


def authorize_url(
    *,
    accounts_url: str,
    client_id: str,
    redirect_uri: str,
    state: str,
    scopes: Sequence[str],
    code_challenge: str | None,
    show_dialog: bool = True,
) -> str:
    """Return the address of Spotify's consent page for this request.

    :param show_dialog: ask even somebody who has consented before; without it the
        account that is signed in at Spotify is taken silently.
    """
    query = {
        "client_id": client_id,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "state": state,
        "scope": " ".join(scopes),
        "show_dialog": "true" if show_dialog else "false",
    }
    if code_challenge:
        query |= {"code_challenge_method": "S256", "code_challenge": code_challenge}
    return f"{accounts_url.rstrip('/')}/authorize?{urlencode(query)}"


def exchange_code(
    *,
    accounts_url: str,
    app: App,
    code: str,
    redirect_uri: str,
    code_verifier: str | None,
    worker: str = "",
) -> Token:
    """Trade the code of a callback for tokens; each code works once.

    :raises InvalidGrantError: the code is expired, used or not meant for this app.
    :raises InvalidClientError: client id and secret are refused.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
    }
    if code_verifier:
        form["code_verifier"] = code_verifier
    return _post_token(accounts_url=accounts_url, app=app, form=form, worker=worker)


def refresh(
    *,
    accounts_url: str,
    app: App,
    refresh_token: str,
    deadline_s: float = transport.DEADLINE_S,
    worker: str = "",
) -> Token:
    """Trade a refresh token for a new access token.

    :raises InvalidGrantError: expired (six months after the consent) or revoked.
    :raises InvalidClientError: client id and secret are refused.
    """
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return _post_token(
        accounts_url=accounts_url,
        app=app,
        form=form,
        deadline_s=deadline_s,
        worker=worker,
    )


def new_verifier() -> str:
    """Return a fresh PKCE verifier of 86 characters (RFC 7636, section 4.1)."""
    return secrets.token_urlsafe(64)


def challenge(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636, section 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _post_token(
    *,
    accounts_url: str,
    app: App,
    form: Mapping[str, str],
    deadline_s: float = transport.DEADLINE_S,
    worker: str = "",
) -> Token:
    """Ask the token endpoint once; any `SpotifyError` may come of it."""
    auth = HTTPBasicAuth(app.client_id.encode(), app.client_secret.encode())
    url = f"{accounts_url.rstrip('/')}/api/token"
    sent = [form[name] for name in _SECRET_FIELDS if name in form]
    check = partial(answers.check_token_answer, secrets=[app.client_secret, *sent])
    session = transport.new_session(check, deadline_s=deadline_s, worker=worker)
    with session:
        answer = session.post(url, data=form, auth=auth)
    return parse.token(answers.read_json(answer))
