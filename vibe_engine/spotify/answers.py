"""Turns an HTTP answer into nothing, if it is good, or into one of our errors.

Works below spotipy, as a hook of the session: spotipy only ever sees a 2xx with
JSON or nothing in it. Its own reading of errors loses headers and stumbles over
flat error bodies.
"""

import re
from collections.abc import Iterable, Mapping
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
    message, reason = _api_message(response)
    raise _api_error(response, message, reason)


def check_token_answer(response: requests.Response, **_: Any) -> None:
    """Let a good answer of the token endpoint pass; its errors are flat (RFC 6749).

    :raises SpotifyError: `InvalidGrantError` and `InvalidClientError` go by the
        `error` field alone, whatever the status: descriptions change.
    """
    if 200 <= response.status_code < 300:
        read_json(response)
        return
    body = _json_fields(response)
    code = _words(body.get("error"))
    if 400 <= response.status_code < 500 and code in _TOKEN_ERRORS:
        cls, text = _TOKEN_ERRORS[code]
        text += _quoted(response, _words(body.get("error_description")))
        raise cls(text, status=response.status_code, reason=code)
    raise _api_error(response, code or _plain_text(response), code)


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """Return `text` with every secret blotted out."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "[hidden]")
    return text


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


def _api_error(response: requests.Response, message: str, reason: str) -> SpotifyError:
    cls, text = _error_class(response, message, reason)
    return cls(
        text + _quoted(response, message),
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


def _api_message(response: requests.Response) -> tuple[str, str]:
    """Return message and reason of an error, whichever shape its body has."""
    error = _json_fields(response).get("error")
    if isinstance(error, Mapping):
        return _words(error.get("message")), _words(error.get("reason"))
    return _words(error) or _plain_text(response), ""


def _json_fields(response: requests.Response) -> Mapping[str, object]:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _plain_text(response: requests.Response) -> str:
    """Return a body of plain words; "" for JSON and HTML."""
    text = response.text[: 2 * _MESSAGE_LENGTH].strip()
    return "" if text.startswith(("{", "[", "<", '"')) else _words(text)


def _words(value: object) -> str:
    """Return a short line to show, "" for anything but text."""
    if not isinstance(value, str):
        return ""
    line = re.sub(r"\s+", " ", value[: 2 * _MESSAGE_LENGTH]).strip()
    return "".join(c for c in line if c.isprintable())[:_MESSAGE_LENGTH]


def _quoted(response: requests.Response, message: str) -> str:
    """Return Spotify's own words as a sentence, without what we sent in secret."""
    credential = response.request.headers.get("Authorization", "").split(" ")[-1]
    message = without_secrets(message, [credential])
    return f" Spotify says: {message}" if message else ""
