"""A real HTTP server on this machine that answers exactly what a test tells it."""

import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Answer = Callable[["Handler"], None]


@dataclass(frozen=True)
class Seen:
    """One request as it arrived, from which port; `path` includes the query."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    port: int


@dataclass
class Script:
    """The answers to come, each used once, and the requests so far."""

    answers: list[Answer] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    script: Script

    def handle_one_request(self) -> None:
        """As the base class does, but any method will do."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = dict(self.headers.items())
        port = self.client_address[1]
        self.script.seen.append(Seen(self.command, self.path, headers, body, port))
        answers = self.script.answers
        (answers.pop(0) if answers else reply(599, "no more answers"))(self)
        self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class ScriptedServer(ThreadingHTTPServer):
    """Serves in a thread until `stop()`; `will` adds answers."""

    daemon_threads = True

    def __init__(self) -> None:
        self.script = Script()
        handler = type("ScriptedHandler", (Handler,), {"script": self.script})
        super().__init__(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server_port}/"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def seen(self) -> list[Seen]:
        return self.script.seen

    def will(self, *answers: Answer) -> None:
        self.script.answers.extend(answers)

    def stop(self) -> None:
        self.script.stopped.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is what many tests are about."""


class TlsServer(ScriptedServer):
    """The same over TLS; `certificate` is the file that vouches for it."""

    def __init__(self, folder: Path) -> None:
        self.certificate, key = make_certificate(folder)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate, key)
        super().__init__()
        self.url = self.url.replace("http:", "https:")

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        return self._context.wrap_socket(connection, server_side=True), address


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for 127.0.0.1, and its key, into `folder`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "scripted")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    plain = serialization.NoEncryption()
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(pem))
    files[1].write_bytes(key.private_bytes(pem, pkcs8, plain))
    return files


def reply(status: int, body: object = b"", **headers: str) -> Answer:
    """Answer with bytes, a text, or anything else as JSON."""
    if isinstance(body, str):
        body = body.encode()
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def answer(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if status != 204:
            handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def raw(data: bytes) -> Answer:
    """Write bytes as they are and hang up."""

    def answer(handler: Handler) -> None:
        handler.wfile.write(data)
        handler.close_connection = True

    return answer


def drip(head: bytes, *, pause_s: float = 0.02) -> Answer:
    """Write `head` at once, then a byte now and then until the server stops."""

    def answer(handler: Handler) -> None:
        handler.wfile.write(head)
        while not handler.script.stopped.wait(pause_s):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    return answer
