"""What the settings refuse, each in one sentence that says what to do instead."""

import ipaddress
import logging
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

MODES = ("demo", "live")
DATABASES = ("django.db.backends.postgresql", "django.db.backends.sqlite3")
SHORTEST_SECRET = 32
LONGEST_S = 86_400

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def known_mode(mode: str) -> str:
    """Return `mode`; nobody meets real Spotify without having said so."""
    if mode not in MODES:
        raise ImproperlyConfigured(
            "VIBE_MODE must be 'demo' (local sandbox) or 'live' (real Spotify). "
            "`make run` sets it to demo; see .env.example for live."
        )
    return mode


def one_of(name: str, text: str, choices: tuple[str, ...]) -> str:
    """Return `text` if it is one of `choices`."""
    if text not in choices:
        raise ImproperlyConfigured(f"{name} must be one of: {', '.join(choices)}.")
    return text


def port_number(text: str) -> int:
    """Return the number of a port that is free together with the next one."""
    if not (re.fullmatch("[0-9]{1,5}", text) and 0 < int(text) < 65_535):
        raise ImproperlyConfigured("PORT must be a number from 1 to 65534.")
    return int(text)


def writable_folder(path: Path) -> Path:
    """Return the folder of the state, made if it was not there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"The state folder {path} cannot be made ({error.strerror}): "
            "VIBE_VAR_DIR names another."
        ) from error
    return path


def complete(values: Mapping[str, str]) -> None:
    """Refuse to start half configured; every missing name is said at once."""
    missing = [name for name, value in values.items() if not value]
    if missing:
        raise ImproperlyConfigured(
            f"Live mode needs {', '.join(missing)} in the environment or in .env."
        )


def long_enough(secret: str) -> str:
    """Return a key that signs sessions, unless it could be guessed."""
    if len(secret) < SHORTEST_SECRET:
        raise ImproperlyConfigured(
            f"SECRET_KEY must have {SHORTEST_SECRET} characters or more: "
            "`python -m vibe_engine.secrets_env` makes one."
        )
    return secret


def page_address(name: str, url: str) -> str:
    """Return an address that begins with http:// or https:// and names a host."""
    parts = _split(url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ImproperlyConfigured(
            f"{name} must be an address such as https://vibe.example.org."
        )
    return url


def spotify_address(name: str, url: str) -> str:
    """Return an address of Spotify itself: https, and not this machine."""
    return service_address(name, url, "Spotify")


def service_address(name: str, url: str, service: str) -> str:
    """Return an address of a service itself: https, and not this machine."""
    page_address(name, url)
    parts = urlsplit(url)
    if is_this_machine(parts.hostname or "") or parts.scheme != "https":
        raise ImproperlyConfigured(
            f"Live mode talks to {service} itself: {name} must begin with https:// "
            "and must not point at this machine."
        )
    return url


def is_this_machine(host: str) -> bool:
    """Whether a host name or address means the machine it is used on."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def known_database(engine: str) -> None:
    """Refuse databases that nothing here was tried on."""
    if engine not in DATABASES:
        raise ImproperlyConfigured(
            "DATABASE_URL must begin with postgres:// or sqlite:///."
        )


def seconds(name: str, text: str) -> float:
    """Return a length of time in seconds, more than 0 and at most a day."""
    if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,3})?", text) or not (
        0 < float(text) <= LONGEST_S
    ):
        raise ImproperlyConfigured(
            f"{name} must be a number of seconds, more than 0 and at most {LONGEST_S:,}."
        )
    return float(text)


def increasing(times: Mapping[str, float]) -> None:
    """Refuse times of which one is not longer than the one named before it."""
    for (shorter, short_s), (longer, long_s) in pairwise(times.items()):
        if long_s <= short_s:
            raise ImproperlyConfigured(
                f"{longer} ({long_s:g} s) must be longer than "
                f"{shorter} ({short_s:g} s)."
            )


def log_level(name: str) -> str:
    """Return a level of Python's logging."""
    return one_of("LOG_LEVEL", name.upper(), tuple(logging.getLevelNamesMapping()))


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 else None
    except ValueError:
        return None


def networks(name: str, texts: Sequence[str]) -> tuple[Network, ...]:
    """Return networks such as 10.0.0.0/8 or ::1/128."""
    try:
        return tuple(ipaddress.ip_network(text) for text in texts)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} must be networks such as 10.0.0.0/8, with commas between: {error}."
        ) from None


_HOST = re.compile(r"(\*\.)?([a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}")


def hosts_and_networks(
    name: str, texts: Sequence[str]
) -> tuple[tuple[str, ...], tuple[Network, ...]]:
    """Return host names ("*.example.org" for those below one) and networks, apart."""
    hosts, found = [], []
    for text in texts:
        try:
            found.append(ipaddress.ip_network(text))
        except ValueError:
            if not _HOST.fullmatch(text.lower()) or text[-1].isdigit():
                raise ImproperlyConfigured(
                    f"{name} must name hosts such as hooks.example.org or "
                    f"*.example.org, or networks such as 10.0.0.0/8, not “{text}”."
                ) from None
            hosts.append(text.lower())
    return tuple(hosts), tuple(found)


def mail_server(url: str) -> dict[str, Any]:
    """Return Django's settings for sending e-mail; without `url` none is sent."""
    try:
        given = environ.Env.email_url_config(url or "dummymail://")
    except (ImproperlyConfigured, ValueError):
        given = {}
    backend = str(given.get("EMAIL_BACKEND", ""))
    if not backend or (
        backend.endswith("smtp.EmailBackend") and not given["EMAIL_HOST"]
    ):
        raise ImproperlyConfigured(
            "EMAIL_URL must be an address such as "
            "smtp+tls://user:password@mail.example.org:587."
        )
    usual = {"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": False, "EMAIL_PORT": 25}
    texts = dict.fromkeys(("EMAIL_HOST", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD"), "")
    return usual | texts | {key: value for key, value in given.items() if value}
