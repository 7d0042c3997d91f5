"""A broker that takes every connection and never says a word."""

import socket
import threading
from contextlib import suppress
from pathlib import Path


class SilentBroker:
    """Listens on a unix socket like a server that hangs, until `stop()`."""

    def __init__(self, socket_file: Path) -> None:
        self.socket_file = socket_file
        self._kept: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(socket_file))
        self._listener.listen(128)
        threading.Thread(target=self._take, daemon=True).start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"unix://{self.socket_file}"

    def stop(self) -> None:
        """Close everything; whoever connects from now on is refused."""
        self.socket_file.unlink(missing_ok=True)
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._kept:
            connection.close()

    def _take(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._kept.append(connection)
