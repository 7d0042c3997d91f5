"""Turns an HTTP answer into nothing, if it is good, or into one of our errors.

Works below spotipy, as a hook of the session: spotipy only ever sees a 2xx with
JSON or nothing in it. Its own reading of errors loses headers and stumbles over
flat error bodies.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

import requests

from vibe_engine.spotify.errors import (
    QUOTA_EXCEEDED,
    BadRequestError,
    BadResponseError,
    EndpointClosedError,
    InsufficientScopeError,
    InvalidClientError,
    InvalidGrantError,
    NotFoundError,
    PlaylistLimitError,
    PremiumRequiredError,
    RateLimitedError,
    SpotifyError,
    UnauthorizedError,
    UnavailableError,
    UserNotRegisteredError,
)
from vibe_engine.spotify.retry_after import parse_retry_after

_MESSAGE_LENGTH = 200

# Messages of 403 as seen in the field, 2026; some come as plain text, not JSON.
_FORBIDDEN: tuple[tuple[str, type[SpotifyError], str], ...] = (
    (
        "insufficient client scope",
        InsufficientScopeError,
        "The consent given does not cover this; connect the account again.",
    ),
    (
        "not registered",
        UserNotRegisteredError,
        "The account holds no seat of this app; add it in Spotify's dashboard.",
    ),
    (
        "premium subscription required",
        PremiumRequiredError,
        "Spotify refuses the whole app: its owner's Premium has lapsed.",
    ),
)
# No wording is documented (about 11,000 playlists an account, Web API, "Create
# Playlist"); what speaks of a limit of playlists is taken for it. The length of one
# playlist ("Playlist size limit") is another matter.
_PLAYLIST_LIMIT = re.compile(
    r"playlist limit|(too many|maximum (number )?of) playlists", re.IGNORECASE
)
_TOKEN_ERRORS: dict[str, tuple[type[SpotifyError], str]] = {
    "invalid_grant": (
        InvalidGrantError,
        "Spotify no longer accepts this consent; connect the account again.",
    ),
    "invalid_client": (
        InvalidClientError,
        "Spotify does not accept the app's client id and secret.",
    ),
}


def check_api_answer(response: requests.Response, **_: Any) -> None:
    """Let a good answer of the Web API pass.

    :raises SpotifyError: of the class that fits; only `BadResponseError` and
        `UnavailableError` are ambiguous.
    """
    if 200 <= response.status_code < 300:
        read_json(response)
        return
    words = _Words(response)
    error = _json_fields(response).get("error")
    if isinstance(error, Mapping):
        message, reason = words.of(error.get("message")), words.of(error.get("reason"))
    else:
        message, reason = words.of(error) or words.of_plain_body(), ""
    raise _error(response, message, reason)


def check_token_answer(
    response: requests.Response, *, secrets: Collection[str] = (), **_: Any
) -> None:
    """Let a good answer of the token endpoint pass; its errors are flat (RFC 6749).

    `secrets` are what was sent and must not come back in an error's text.

    :raises SpotifyError: `InvalidGrantError` and `InvalidClientError` go by the
        `error` field alone, whatever the 4xx: descriptions change.
    """
    if 200 <= response.status_code < 300:
        read_json(response)
        return
    words = _Words(response, secrets)
    body = _json_fields(response)
    code = words.of(body.get("error"))
    if 400 <= response.status_code < 500 and code in _TOKEN_ERRORS:
        cls, text = _TOKEN_ERRORS[code]
        text += _quoted(words.of(body.get("error_description")))
        raise cls(text, status=response.status_code, reason=code)
    raise _error(response, code or words.of_plain_body(), code)


def read_json(response: requests.Response) -> object:
    """Return the decoded body of a good answer, None where it has none.

    :raises BadResponseError: there is a body, but not of JSON.
    """
    if not response.content:
        return None
    try:
        return response.json()
    except (ValueError, RecursionError) as error:
        raise BadResponseError(
            "Spotify's answer is not JSON.", status=response.status_code
        ) from error


def _error(response: requests.Response, message: str, reason: str) -> SpotifyError:
    cls, text = _error_class(response, message, reason)
    return cls(
        text + _quoted(message),
        status=response.status_code,
        reason=reason,
        retry_after_s=parse_retry_after(
            response.headers.get("Retry-After"), date=response.headers.get("Date")
        ),
    )


def _error_class(
    response: requests.Response, message: str, reason: str
) -> tuple[type[SpotifyError], str]:
    match response.status_code:
        case 401:
            return UnauthorizedError, "Spotify refuses the access token."
        case 403:
            return _forbidden_class(response, message)
        case 404:
            return NotFoundError, "Spotify does not know this, or does not show it."
        case 429 if reason == QUOTA_EXCEEDED:
            return RateLimitedError, "Spotify's quota for this developer is used up."
        case 429:
            return RateLimitedError, "Spotify asks to send fewer requests."
        case 408:
            return UnavailableError, "Spotify did not get the request in time."
        case status if 400 <= status < 500 and _PLAYLIST_LIMIT.search(message):
            return PlaylistLimitError, "The account can hold no more playlists."
        case status if 400 <= status < 500:
            return BadRequestError, f"Spotify refuses the request (HTTP {status})."
        case status if status >= 500:
            return UnavailableError, f"Spotify is not available (HTTP {status})."
        case status:
            return BadResponseError, f"Spotify gave an odd answer (HTTP {status})."


def _forbidden_class(
    response: requests.Response, message: str
) -> tuple[type[SpotifyError], str]:
    challenge = response.headers.get("WWW-Authenticate", "")
    if "insufficient_scope" in challenge:
        _, cls, text = _FORBIDDEN[0]
        return cls, text
    for words, cls, text in _FORBIDDEN:
        if words in message.lower():
            return cls, text
    if message.lower() in ("", "forbidden"):
        return EndpointClosedError, (
            "Spotify does not let this app do that, or the playlist is somebody else's."
        )
    return BadRequestError, "Spotify refuses the request (HTTP 403)."


def _json_fields(response: requests.Response) -> Mapping[str, object]:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _quoted(message: str) -> str:
    return f" Spotify says: {message}" if message else ""


class _Words:
    """Short lines out of an answer, without the secrets that went with the request."""

    def __init__(
        self, response: requests.Response, secrets: Collection[str] = ()
    ) -> None:
        credential = response.request.headers.get("Authorization", "").split(" ")[-1]
        self._secrets = [secret for secret in (credential, *secrets) if secret]
        self._response = response

    def of(self, value: object) -> str:
        """Return a value as one line to show, "" for anything but text."""
        if not isinstance(value, str):
            return ""
        for secret in self._secrets:
            value = value.replace(secret, "[hidden]")
        line = " ".join(value.split())
        return "".join(c for c in line if c.isprintable())[:_MESSAGE_LENGTH]

    def of_plain_body(self) -> str:
        """Return a body of plain words; "" for JSON and HTML."""
        text = self._response.text.strip()
        return "" if text.startswith(("{", "[", "<", '"')) else self.of(text)
