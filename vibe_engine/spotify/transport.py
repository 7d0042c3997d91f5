"""One HTTP request, bounded: in time, in size, and to the address it was meant for."""

import http.client
import io
import re
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from vibe_engine import tracing
from vibe_engine.spotify.errors import BadResponseError, UnavailableError

DEADLINE_S = 30.0
MAX_BODY_BYTES = 5 * 1024 * 1024
USER_AGENT = "VibeEngine"
SPOTIFY = "Spotify"
WORKER_HEADER = "X-Worker"
"""By which a sandbox's log tells who sent a request."""

_CHUNK_BYTES = 64 * 1024
_CONNECT_SHARE = 1 / 6
_CONNECT_TRIES = 3
_ID = re.compile(r"(?<=/)[0-9A-Za-z]{22}(?=/|$)")

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


def new_session(
    check: Callable[..., None],
    *,
    deadline_s: float = DEADLINE_S,
    max_body_bytes: int = MAX_BODY_BYTES,
    worker: str = "",
    service: str = SPOTIFY,
) -> requests.Session:
    """Return a session whose every request ends in time, or in one of our errors.

    No retries, no redirects, no cookies, nothing from the environment (proxies,
    netrc). `check` sees each answer before anybody else and raises what it likes.

    :param worker: who sends, for the log of a sandbox; "" tells nobody.
    :param service: who is asked, in the words of the errors.
    :param deadline_s: for the whole request, connecting and each dripping byte of
        the answer included. Only name resolution can take longer; nothing is sent
        any more after it then.
    :param max_body_bytes: size of the answer's body after decompression.
    """
    session = requests.Session()
    session.trust_env = False
    session.headers["User-Agent"] = USER_AGENT
    if worker:
        session.headers[WORKER_HEADER] = worker
    session.hooks["response"] = [check]
    adapter = BoundedAdapter(
        deadline_s=deadline_s, max_body_bytes=max_body_bytes, service=service
    )
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class BoundedAdapter(HTTPAdapter):
    """Sends one request and reads its answer whole, within the bounds.

    :raises UnavailableError: no answer, a broken one, or none in time.
    :raises BadResponseError: a redirect, or more than `max_body_bytes`.
    """

    def __init__(
        self, *, deadline_s: float, max_body_bytes: int, service: str = SPOTIFY
    ) -> None:
        self._deadline_s = deadline_s
        self._max_body_bytes = max_body_bytes
        self._service = service
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make connections of our own kind."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _HTTPPool,
            "https": _HTTPSPool,
        }

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """Send a request; its own timeout, streaming and proxies do not count."""
        kwargs |= {"stream": True, "timeout": self._timeout(), "proxies": None}
        began, status = time.monotonic(), 0
        try:
            response = super().send(request, *args, **kwargs)
            body = self._body(response)
            status = response.status_code
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise self._unavailable(error) from error
        except (OSError, ValueError) as error:
            raise UnavailableError(
                f"The request to {self._service} broke off."
            ) from error
        finally:
            took_ms = int((time.monotonic() - began) * 1_000)
            tracing.note_call(self._route(request), status=status, took_ms=took_ms)
        return self._read(response, body)

    def _route(self, request: requests.PreparedRequest) -> str:
        """Name a route without ids; of others than Spotify without its address.

        The address of a webhook may be a secret.
        """
        if self._service != SPOTIFY:
            return f"{request.method} {self._service}"
        path = urlsplit(str(request.url)).path.removeprefix("/v1").rstrip("/")
        return f"{request.method} {_ID.sub('{id}', path)}"

    def _timeout(self) -> Any:
        connect_s = self._deadline_s * _CONNECT_SHARE
        return urllib3.Timeout(total=self._deadline_s, connect=connect_s)

    def _body(self, response: requests.Response) -> bytes:
        """Return the whole body; a connection that is not read to its end is closed."""
        body = bytearray()
        try:
            for chunk in response.raw.stream(_CHUNK_BYTES, decode_content=True):
                body += chunk
                self._check_size(response, body)
        except BaseException:
            response.close()
            raise
        return bytes(body)

    def _check_size(self, response: requests.Response, body: bytearray) -> None:
        if len(body) > self._max_body_bytes:
            raise BadResponseError(
                f"{self._service}'s answer is larger than {self._max_body_bytes:,} bytes.",
                status=response.status_code,
            )

    def _unavailable(self, error: Exception) -> UnavailableError:
        if _never_connected(error):
            return UnavailableError(
                f"{self._service} cannot be reached.", ambiguous=False
            )
        if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
            text = (
                f"{self._service} did not answer in full within {self._deadline_s:g} s."
            )
            return UnavailableError(text)
        return UnavailableError(f"The connection to {self._service} broke off.")

    def _read(self, response: requests.Response, body: bytes) -> requests.Response:
        """Put the body in place; JSON is UTF-8 (RFC 8259, section 8.1)."""
        if 300 <= response.status_code < 400:
            raise BadResponseError(
                f"{self._service} redirects elsewhere (HTTP {response.status_code}).",
                status=response.status_code,
            )
        response.raw = io.BytesIO(body)
        response.encoding = "utf-8"
        return response


def _never_connected(error: Exception) -> bool:
    """Whether no connection stood, so that nothing can have been carried out."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    if not isinstance(cause, urllib3.exceptions.MaxRetryError):
        return False
    return isinstance(cause.reason, urllib3.exceptions.NewConnectionError)


class _DeadlineReader(io.RawIOBase):
    """Reads a socket until its timeout, counted once from now, is used up.

    A socket's own timeout starts anew with every byte, so that a server that drips
    could hold a worker for hours.
    """

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._ends_at = time.monotonic() + (sock.gettimeout() or 0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        left_s = self._ends_at - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("The answer took too long.")
        self._sock.settimeout(left_s)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    """urllib3 sets the socket's timeout to what is left just before making this."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock))


class _HTTPConnection(urllib3.connection.HTTPConnection):
    """Sends nothing when resolving and connecting took half of the deadline."""

    response_class = _DeadlineResponse

    def connect(self) -> None:
        limit_s = _CONNECT_TRIES * (self.timeout or 0)
        began = time.monotonic()
        super().connect()
        if time.monotonic() - began > limit_s:
            self.close()
            raise urllib3.exceptions.ConnectTimeoutError(self, "Connected too late.")


class _HTTPSConnection(_HTTPConnection, urllib3.connection.HTTPSConnection):
    pass


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection
