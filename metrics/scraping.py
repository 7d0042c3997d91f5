"""Who may read the figures without signing in."""

import ipaddress
import secrets

from django.conf import settings
from django.http import HttpRequest


def may_scrape(request: HttpRequest) -> bool:
    """Whether a request carries the token or comes from an allowed network."""
    return _has_token(request) or _is_near(request.META.get("REMOTE_ADDR", ""))


def _has_token(request: HttpRequest) -> bool:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    if not wanted or kind.lower() != "bearer":
        return False
    return secrets.compare_digest(given.strip().encode(), wanted.encode())


def _is_near(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in settings.METRICS_ALLOWED_NETWORKS)
