"""Consent and tokens: the Authorization Code flow with and without PKCE."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from vibe_engine.spotify.types import Token

SCOPES = (
    "playlist-read-private",
    "playlist-modify-private",
    "playlist-modify-public",
    "user-library-modify",
)


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
    """Return the address of Spotify's consent page for this request."""
    raise NotImplementedError


def exchange_code(
    *,
    accounts_url: str,
    app: App,
    code: str,
    redirect_uri: str,
    code_verifier: str | None,
) -> Token:
    """Trade the code of a callback for tokens; each code works once.

    :raises InvalidGrantError: the code is expired, used or not meant for this app.
    :raises InvalidClientError: client id and secret are refused.
    """
    raise NotImplementedError


def refresh(*, accounts_url: str, app: App, refresh_token: str) -> Token:
    """Trade a refresh token for a new access token.

    :raises InvalidGrantError: expired (six months after the consent) or revoked.
    :raises InvalidClientError: client id and secret are refused.
    """
    raise NotImplementedError


def new_verifier() -> str:
    """Return a fresh PKCE verifier (RFC 7636, section 4.1)."""
    raise NotImplementedError


def challenge(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636, section 4.2)."""
    raise NotImplementedError
