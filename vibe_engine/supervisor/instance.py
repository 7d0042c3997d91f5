"""One instance per state folder, one per port: found out before anything starts."""

import errno
import fcntl
import os
import socket
from pathlib import Path
from typing import TextIO

from vibe_engine.errors import VibeError


class AlreadyRunningError(VibeError):
    """Another instance works in this state folder."""


class PortTakenError(VibeError):
    """Another program listens on a port that is needed."""


def lock_folder(folder: Path, *, told: str) -> TextIO:
    """Take the folder for this process until it ends, however it ends.

    `told` is what a second instance hears about this one. Keep the returned file
    open. (flock(2): the kernel releases it with the process; children do not
    inherit it.)

    :raises AlreadyRunningError: another process holds it.
    """
    file = (folder / "up.lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        holder = file.read().strip() or "another process"
        file.close()
        if error.errno not in (errno.EACCES, errno.EAGAIN):
            raise
        raise AlreadyRunningError(
            f"Vibe Engine runs here already: {holder}. Stop it first, or start a "
            "second one on another port: make run PORT=8100"
        ) from error
    file.truncate(0)
    file.write(f"{told}, process {os.getpid()}")
    file.flush()
    return file


def check_port(port: int) -> None:
    """See whether a server could listen on the loopback port.

    :raises PortTakenError: it could not.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortTakenError(
                f"Port {port} cannot be used ({os.strerror(error.errno or 0)}). "
                "Choose another: make run PORT=8100"
            ) from error
