"""Hosts whose album pages count as links, besides Spotify's own."""

from django.conf import settings


def album_hosts() -> list[str]:
    """Return the sandbox's host in demo mode, nothing in live mode."""
    return [settings.SPOTIFY_ACCOUNTS_URL] if settings.DEMO else []
