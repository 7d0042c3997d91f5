import gzip
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from vibe_engine.spotify import transport
from vibe_engine.spotify.errors import BadResponseError, UnavailableError
from vibe_engine.tests.spotify.scripted import (
    Handler,
    ScriptedServer,
    TlsServer,
    drip,
    raw,
    reply,
)

HEAD = b"HTTP/1.1 200 OK\r\n"
# Far above the deadlines of these tests, far below "for ever".
PATIENCE_S = 8.0


def accept(response: requests.Response, **_: Any) -> None:
    """Find nothing wrong with any answer."""


def silence(handler: Handler) -> None:
    """Take the request and never answer."""
    handler.script.stopped.wait(PATIENCE_S)


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with transport.new_session(accept, deadline_s=5, max_body_bytes=1000) as session:
        yield session


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[TlsServer]:
    server = TlsServer(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def hasty() -> Iterator[requests.Session]:
    with transport.new_session(accept, deadline_s=0.3) as session:
        yield session


class TestDeadline:
    @pytest.mark.parametrize(
        "answer",
        [
            drip(b""),
            drip(b"HTTP/1.1 200 OK\r\nX-Slow: "),
            drip(HEAD + b"Content-Length: 1000000\r\n\r\n"),
            drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
            drip(HEAD + b"Connection: close\r\n\r\n"),
        ],
        ids=["status line", "header", "body", "chunk size", "body without length"],
    )
    def test_ends_an_answer_that_drips(
        self,
        server: ScriptedServer,
        hasty: requests.Session,
        answer: Callable[..., None],
    ) -> None:
        server.will(answer)
        began = time.monotonic()
        with pytest.raises(UnavailableError, match=r"within 0\.3 s") as caught:
            hasty.get(server.url)
        assert time.monotonic() - began < PATIENCE_S
        assert caught.value.ambiguous

    def test_ends_silence(
        self, server: ScriptedServer, hasty: requests.Session
    ) -> None:
        server.will(silence)
        with pytest.raises(UnavailableError, match=r"within 0\.3 s"):
            hasty.post(server.url)

    def test_holds_over_tls_too(self, tls_server: TlsServer) -> None:
        tls_server.will(drip(HEAD + b"Content-Length: 1000000\r\n\r\n"))
        with transport.new_session(accept, deadline_s=0.5) as session:
            session.verify = str(tls_server.certificate)
            with pytest.raises(UnavailableError, match=r"within 0\.5 s"):
                session.get(tls_server.url)
        assert len(tls_server.seen) == 1

    def test_sends_nothing_once_connecting_took_too_long(
        self,
        server: ScriptedServer,
        hasty: requests.Session,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        look_up = socket.getaddrinfo

        def slow_look_up(*args: Any) -> Any:
            time.sleep(0.3)
            return look_up(*args)

        monkeypatch.setattr(socket, "getaddrinfo", slow_look_up)
        with pytest.raises(UnavailableError, match="cannot be reached") as caught:
            hasty.post(server.url)
        assert not caught.value.ambiguous
        assert server.seen == []


class TestConnection:
    def test_refused_is_unavailable_but_not_ambiguous(
        self, server: ScriptedServer, session: requests.Session
    ) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
            with pytest.raises(UnavailableError, match="cannot be reached") as caught:
                session.post(f"http://127.0.0.1:{port}/")
        assert not caught.value.ambiguous
        assert caught.value.status is None

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"HTTP/1.1 20",
            b"SSH-2.0-OpenSSH_9.2\r\n",
            HEAD + b"X: " + b"y" * 70_000 + b"\r\n\r\n",
            HEAD + b"A: b\r\n" * 200 + b"\r\n",
            HEAD + b"Content-Length: 10\r\n\r\n12345",
            HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n123",
            HEAD + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        ],
        ids=[
            "hangs up",
            "half a status line",
            "not HTTP",
            "endless header",
            "many headers",
            "short body",
            "bad chunk size",
            "half a chunk",
            "not gzip",
        ],
    )
    def test_that_breaks_or_babbles_is_unavailable_and_ambiguous(
        self, server: ScriptedServer, session: requests.Session, data: bytes
    ) -> None:
        server.will(raw(data))
        with pytest.raises(UnavailableError, match="broke off") as caught:
            session.post(server.url)
        assert caught.value.ambiguous
        assert len(server.seen) == 1


class TestBody:
    def test_arrives_whole_up_to_the_limit(
        self, server: ScriptedServer, session: requests.Session
    ) -> None:
        server.will(reply(200, b"x" * 1000))
        assert session.get(server.url).content == b"x" * 1000

    @pytest.mark.parametrize(
        ("body", "headers"),
        [
            (b"x" * 1001, {}),
            (gzip.compress(b"0" * 100_000_000), {"Content_Encoding": "gzip"}),
            (zlib.compress(b"0" * 10_000), {"Content_Encoding": "deflate"}),
        ],
        ids=["plain", "gzip bomb", "deflate"],
    )
    def test_above_the_limit_is_refused(
        self,
        server: ScriptedServer,
        session: requests.Session,
        body: bytes,
        headers: dict[str, str],
    ) -> None:
        server.will(reply(200, body, **headers))
        with pytest.raises(BadResponseError, match="larger than 1,000 bytes") as caught:
            session.post(server.url)
        assert caught.value.ambiguous

    def test_without_end_is_refused(
        self, server: ScriptedServer, session: requests.Session
    ) -> None:
        server.will(drip(HEAD + b"Connection: close\r\n\r\n", pause_s=0))
        with pytest.raises(BadResponseError, match="larger than"):
            session.get(server.url)

    def test_is_utf_8_whatever_the_header_says(
        self, server: ScriptedServer, session: requests.Session
    ) -> None:
        body = '{"name": "Beyoncé"}'.encode()
        server.will(reply(200, body, Content_Type="application/json; charset=latin-1"))
        assert session.get(server.url).json() == {"name": "Beyoncé"}


class TestSession:
    def test_keeps_the_connection_between_requests(
        self, server: ScriptedServer, session: requests.Session
    ) -> None:
        server.will(reply(200), reply(404, "no"), reply(200, "yes"))
        for _ in range(3):
            session.get(server.url)
        assert len({seen.port for seen in server.seen}) == 1

    def test_trusts_no_certificate_of_its_own_making(
        self, tls_server: TlsServer, session: requests.Session
    ) -> None:
        with pytest.raises(UnavailableError):
            session.get(tls_server.url)
        assert tls_server.seen == []

    @pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 399])
    def test_follows_no_redirect(
        self, server: ScriptedServer, session: requests.Session, status: int
    ) -> None:
        server.will(reply(status, b"", Location="/elsewhere"))
        with pytest.raises(BadResponseError, match="redirects") as caught:
            session.get(server.url)
        assert caught.value.status == status
        assert [seen.path for seen in server.seen] == ["/"]

    def test_repeats_nothing(
        self, server: ScriptedServer, session: requests.Session
    ) -> None:
        server.will(reply(503, b"", Retry_After="1"), reply(200))
        assert session.get(server.url).status_code == 503
        assert len(server.seen) == 1

    def test_takes_nothing_from_the_environment(
        self,
        server: ScriptedServer,
        session: requests.Session,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login me password secret\n")
        monkeypatch.setenv("NETRC", str(netrc))
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1/")
        monkeypatch.delenv("no_proxy", raising=False)
        server.will(reply(200))
        assert session.get(server.url).status_code == 200
        assert "Authorization" not in server.seen[0].headers

    def test_keeps_no_cookies(
        self, server: ScriptedServer, session: requests.Session
    ) -> None:
        server.will(reply(200, b"", Set_Cookie="a=b; Path=/"), reply(200))
        session.get(server.url)
        session.get(server.url)
        assert "Cookie" not in server.seen[1].headers

    def test_shows_each_answer_to_the_check_first(self, server: ScriptedServer) -> None:
        def refuse(response: requests.Response, **_: Any) -> None:
            raise BadResponseError(response.text)

        server.will(reply(200, "the body"))
        with (
            transport.new_session(refuse) as session,
            pytest.raises(BadResponseError, match="the body"),
        ):
            session.get(server.url)


class TestHeaders:
    def test_name_the_product_and_nobody_else(
        self, server: ScriptedServer, session: requests.Session
    ) -> None:
        server.will(reply(200, {}))
        session.get(server.url)
        assert server.seen[0].headers["User-Agent"] == "VibeEngine"
        assert transport.WORKER_HEADER not in server.seen[0].headers

    def test_name_the_worker_when_told_to(self, server: ScriptedServer) -> None:
        server.will(reply(200, {}))
        with transport.new_session(accept, worker="host:7:1") as session:
            session.get(server.url)
        assert server.seen[0].headers[transport.WORKER_HEADER] == "host:7:1"


class TestService:
    def test_is_named_in_the_errors(self, server: ScriptedServer) -> None:
        server.will(reply(302, b"", Location="https://evil.example/"))
        with (
            transport.new_session(accept, service="ReccoBeats") as session,
            pytest.raises(BadResponseError, match="ReccoBeats redirects elsewhere"),
        ):
            session.get(server.url)
        assert len(server.seen) == 1
