"""The HTTP server: threads, kept connections, and answers that go wrong."""

import contextlib
import socket
import struct
import threading
import time
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Request, Response

from vibe_engine.sandbox.answers import error_body, json_answer
from vibe_engine.sandbox.application import Application
from vibe_engine.sandbox.faultanswers import Delivery

MAX_BODY_BYTES = 2_000_000
_DRIP_STEPS = 50
_IDLE_TIMEOUT_S = 300
_BACKLOG = 512
_STOP_CHECK_S = 0.02


class Handler(WSGIRequestHandler):
    """Reads requests from one connection until either side ends it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = _IDLE_TIMEOUT_S
    wbufsize = -1
    server: "Server"

    def run_wsgi(self) -> None:
        """Answer one request; the name is the one that werkzeug calls."""
        if self._announced_length() > MAX_BODY_BYTES:
            self.close_connection = True
            refusal = json_answer(error_body(413, "Payload too large"), 413)
            self._send(Delivery(refusal))
            return
        delivery = self.server.application.handle(Request(self.make_environ()))
        try:
            self._send(delivery)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        finally:
            self.server.application.finish(delivery)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Print nothing: the requests stand in the sandbox's own log."""

    def log_error(self, *_args: Any) -> None:
        """Print nothing about connections that end."""

    def _announced_length(self) -> int:
        text = self.headers.get("Content-Length", "0")
        return int(text) if text.isascii() and text.isdigit() else MAX_BODY_BYTES + 1

    def _send(self, delivery: Delivery) -> None:
        if delivery.response is None:
            self._hang_up(is_reset=delivery.is_reset)
            return
        body = b"" if self.command == "HEAD" else delivery.response.get_data()
        time.sleep(delivery.wait_s)
        self._send_head(delivery.response)
        if delivery.drip_s:
            self._drip(body, delivery.drip_s)
        else:
            self.wfile.write(body)
        self.wfile.flush()

    def _send_head(self, response: Response) -> None:
        self.send_response(response.status_code)
        for name, value in response.headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.get_data())))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def _drip(self, body: bytes, seconds: float) -> None:
        step = max(1, len(body) // _DRIP_STEPS)
        pieces = [body[at : at + step] for at in range(0, len(body), step)]
        for piece in pieces:
            self.wfile.flush()
            time.sleep(seconds / len(pieces))
            self.wfile.write(piece)

    def _hang_up(self, *, is_reset: bool) -> None:
        self.close_connection = True
        if is_reset:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        with contextlib.suppress(OSError):
            if not is_reset:
                self.connection.shutdown(socket.SHUT_RDWR)
            self.connection.close()


class Server(ThreadedWSGIServer):
    """A running sandbox on one address; port 0 takes any free one."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = _BACKLOG

    def __init__(self, application: Application, host: str, port: int) -> None:
        super().__init__(host, port, _no_wsgi, Handler)
        self.application = application

    @property
    def url(self) -> str:
        """The address to reach the sandbox at, without a slash at the end."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> threading.Thread:
        """Serve in a thread of its own, until `stop()`."""
        thread = threading.Thread(
            target=self.serve_forever,
            args=(_STOP_CHECK_S,),
            name="sandbox",
            daemon=True,
        )
        thread.start()
        return thread

    def stop(self) -> None:
        """Take no more requests and close the address."""
        self.shutdown()
        self.server_close()


def _no_wsgi(_environ: Any, _start_response: Any) -> list[bytes]:
    raise NotImplementedError
