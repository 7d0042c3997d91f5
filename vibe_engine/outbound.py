"""Posting to addresses that a person has typed, and to no others than were meant.

The host must be on the installation's list. Its addresses are looked up once, each is
looked at, and the request goes to one of these very addresses: a name that means
something else a moment later leads nowhere. No redirects, nothing from the
environment, a deadline for the whole, a limit of bytes (see `transport`).
"""

import ipaddress
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import SplitResult, urlsplit

import requests

from vibe_engine import configuration
from vibe_engine.configuration import Network
from vibe_engine.errors import InputError, TransientError
from vibe_engine.spotify import transport
from vibe_engine.spotify.errors import UnavailableError
from vibe_engine.spotify.transport import BoundedAdapter

DEADLINE_S = 10.0
MAX_BODY_BYTES = 64 * 1024
MOST_ADDRESSES = 3
LONGEST_URL = 1_000
PORTS = {"https": 443, "http": 80}
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv4 addresses within IPv6 ones (RFC 6052)."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Allowed:
    """Where may be posted to; `plain_on_loopback`: without TLS on this machine."""

    hosts: tuple[str, ...]
    networks: tuple[Network, ...]
    plain_on_loopback: bool = False

    @classmethod
    def of(cls, texts: Sequence[str], *, plain_on_loopback: bool) -> "Allowed":
        """Return what a list of hosts and networks allows."""
        hosts, networks = configuration.hosts_and_networks("The list", texts)
        return cls(hosts, networks, plain_on_loopback)

    def has_host(self, host: str) -> bool:
        """Whether a host stands on the list: by name, or as an address of a network."""
        address = _as_address(host)
        if address is not None:
            return self._has_network(address)
        below = (name[1:] for name in self.hosts if name.startswith("*."))
        return host in self.hosts or any(host.endswith(one) for one in below)

    def has_address(self, address: Address) -> bool:
        """Whether what a name stands for may be reached: public, or a listed network."""
        inner = _inner(address)
        if self._has_network(address) or self._has_network(inner):
            return True
        return inner.is_global and not inner.is_multicast and address.is_global

    def _has_network(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


@dataclass(frozen=True)
class Target:
    """An address taken apart, and found to be one that may be posted to."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def netloc(self) -> str:
        """Host and port as the receiver is to see them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def check(url: str, *, allowed: Allowed) -> Target:
    """Take an address apart; nothing is looked up.

    :raises InputError: it may not be posted to; the text never repeats the address.
    """
    parts = _split(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in PORTS or not host:
        raise InputError("An address begins with https:// and names a host.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise InputError("An address has no name, password or # in it.")
    if parts.scheme == "http" and not (
        allowed.plain_on_loopback and configuration.is_this_machine(host)
    ):
        raise InputError("The address must begin with https://.")
    if not allowed.has_host(host):
        raise InputError(
            f"The host {host[:100]} is not among those allowed: "
            "NOTIFY_ALLOWED_HOSTS in the environment names them."
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, parts.port or PORTS[parts.scheme], path)


def _split(url: str) -> SplitResult:
    """Split a plain address; hosts in other letters are written in their ASCII form."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable():
        raise InputError("An address has up to 1,000 plain characters and no spaces.")
    try:
        parts = urlsplit(url)
        is_odd = " " in url or "\\" in url or parts.port == 0
    except ValueError:
        is_odd = True
    if is_odd:
        raise InputError("The address cannot be read.")
    return parts


def post(url: str, *, body: bytes, headers: Mapping[str, str], allowed: Allowed) -> int:
    """Post once and return the status; the answer's body counts for nothing.

    :raises InputError: the address may not be posted to, or stands for one that may
        not be reached.
    :raises UnavailableError: no answer in time; it may have arrived all the same.
    :raises BadResponseError: a redirect, or an answer without end.
    """
    target = check(url, allowed=allowed)
    addresses = _look_up(target, allowed=allowed)
    for address in addresses[:-1]:
        try:
            return _post(target, address, body=body, headers=headers)
        except UnavailableError as error:
            if error.ambiguous:
                raise
    return _post(target, addresses[-1], body=body, headers=headers)


def _look_up(target: Target, *, allowed: Allowed) -> list[Address]:
    """Return what a host stands for, if all of it may be reached."""
    try:
        found = socket.getaddrinfo(
            target.host, target.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )
    except (OSError, UnicodeError):
        raise TransientError(f"The host {target.host} is not known.") from None
    addresses = [ipaddress.ip_address(str(where[0])) for *_, where in found]
    for address in addresses:
        is_loopback = _inner(address).is_loopback
        if not allowed.has_address(address) or (
            target.scheme == "http" and not is_loopback
        ):
            raise InputError(
                f"The host {target.host} stands for an address that is not public, and "
                "NOTIFY_ALLOWED_HOSTS names no network that holds it."
            )
    return list(dict.fromkeys(addresses))[:MOST_ADDRESSES]


def _post(
    target: Target, address: Address, *, body: bytes, headers: Mapping[str, str]
) -> int:
    where = f"[{address}]" if address.version == 6 else str(address)
    with transport.new_session(
        _accept,
        deadline_s=DEADLINE_S,
        max_body_bytes=MAX_BODY_BYTES,
        service=target.host,
    ) as session:
        adapter = cast("BoundedAdapter", session.get_adapter(f"{target.scheme}://"))
        if target.scheme == "https":
            # The certificate is held against the name, not the looked-up address.
            adapter.poolmanager.connection_pool_kw["server_hostname"] = target.host
        try:
            response = session.post(
                f"{target.scheme}://{where}:{target.port}{target.path}",
                data=body,
                headers={**headers, "Host": target.netloc},
                allow_redirects=False,
            )
        except UnavailableError as error:
            raise _in_words(error, target) from None
    return response.status_code


def _in_words(error: UnavailableError, target: Target) -> UnavailableError:
    """Say of a connection that TLS did not come about, which is no plain silence."""
    if not isinstance(error.__cause__, requests.exceptions.SSLError):
        return error
    return UnavailableError(
        f"{target.host} shows no certificate that is good for its name, or speaks no "
        "TLS there.",
        ambiguous=False,
    )


def _accept(response: requests.Response, *args: Any, **kwargs: Any) -> None:
    """Leave every answer to the caller."""


def _as_address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _inner(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for; else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
