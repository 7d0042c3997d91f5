"""Which redirect URIs Spotify accepts, and how it sends people back."""

import re
from collections.abc import Sequence
from urllib.parse import SplitResult, urlencode, urlsplit

_HOST = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:[0-9]+)?")
_LOOPBACK_LITERALS = ("127.0.0.1", "::1")


def redirect_problem(uri: str, registered: Sequence[str]) -> str:
    """Return what is wrong with a redirect URI in Spotify's words, "" if nothing.

    https, or http on the literals 127.0.0.1 and [::1] (never `localhost`). It must
    equal a registered one, case and last slash included; only a loopback URI
    registered without a port may be used with one. With nothing registered, any URI
    of that form is fine. Rules in force since 2025-11-27.
    """
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return "Invalid redirect URI"
    if parts.fragment or not _HOST.fullmatch(parts.netloc):
        return "Invalid redirect URI"
    if parts.scheme != "https" and not _is_loopback(parts):
        return "Insecure redirect URI"
    if registered and not any(_matches(parts, uri, each) for each in registered):
        return "Invalid redirect URI"
    return ""


def origin_of(uri: str) -> str:
    """Return scheme, host and port, as a content security policy names them."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"


def with_query(uri: str, **values: str) -> str:
    """Return the URI with the values added to its query; empty ones are left out."""
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{uri}{'&' if urlsplit(uri).query else '?'}{query}"


def _is_loopback(parts: SplitResult) -> bool:
    return parts.scheme == "http" and parts.hostname in _LOOPBACK_LITERALS


def _matches(parts: SplitResult, uri: str, registered: str) -> bool:
    if uri == registered:
        return True
    expected = urlsplit(registered)
    if expected.port is not None or not _is_loopback(expected):
        return False
    host = parts.netloc.rpartition(":")[0] if parts.port else parts.netloc
    return parts._replace(netloc=host).geturl() == registered
