"""The Spotify client and the token endpoint, at the addresses of the settings."""

from django.conf import settings

from accounts.models import App
from automation import worker
from vibe_engine.spotify import oauth
from vibe_engine.spotify.client import Gate, SpotifyClient, TokenSource
from vibe_engine.spotify.types import Token


def open_client(*, tokens: TokenSource, gate: Gate) -> SpotifyClient:
    """Return a client of the Web API; use it as a context manager or close it."""
    return SpotifyClient(
        api_url=settings.SPOTIFY_API_URL,
        tokens=tokens,
        gate=gate,
        market=settings.SPOTIFY_MARKET,
        deadline_s=settings.TIMES["SPOTIFY_DEADLINE_S"],
        worker=tag_for(settings.SPOTIFY_API_URL),
    )


def consent_url(app: App, *, state: str, verifier: str) -> str:
    """Return the address of Spotify's consent page.

    It always asks, even somebody who has consented before: otherwise the account
    that is signed in at Spotify would silently be taken for every new one.
    """
    return oauth.authorize_url(
        accounts_url=settings.SPOTIFY_ACCOUNTS_URL,
        client_id=app.client_id,
        redirect_uri=settings.SPOTIFY_REDIRECT_URI,
        state=state,
        scopes=oauth.SCOPES,
        code_challenge=oauth.challenge(verifier),
        show_dialog=True,
    )


def exchange_code(app: App, *, code: str, verifier: str) -> Token:
    """Trade the code of a callback for tokens.

    :raises DecryptError: the app's secret cannot be read.
    """
    return oauth.exchange_code(
        accounts_url=settings.SPOTIFY_ACCOUNTS_URL,
        app=_credentials(app),
        code=code,
        redirect_uri=settings.SPOTIFY_REDIRECT_URI,
        code_verifier=verifier,
        worker=tag_for(settings.SPOTIFY_ACCOUNTS_URL),
    )


def refresh(app: App, *, refresh_token: str) -> Token:
    """Trade a refresh token for an access token.

    :raises DecryptError: the app's secret cannot be read.
    """
    return oauth.refresh(
        accounts_url=settings.SPOTIFY_ACCOUNTS_URL,
        app=_credentials(app),
        refresh_token=refresh_token,
        deadline_s=settings.TIMES["SPOTIFY_DEADLINE_S"],
        worker=tag_for(settings.SPOTIFY_ACCOUNTS_URL),
    )


def tag_for(url: str) -> str:
    """Return what this worker calls itself towards a sandbox, "" towards others.

    A sandbox is met in demo mode alone and speaks plain HTTP, Spotify never does.
    """
    is_sandbox = settings.DEMO and url.startswith("http://")
    return worker.name() if is_sandbox else ""


def _credentials(app: App) -> oauth.App:
    return oauth.App(app.client_id, app.client_secret)
