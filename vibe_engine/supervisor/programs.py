"""The command lines of the processes that make an embedded installation."""

import os
import signal
import sys
from pathlib import Path

from django.conf import settings

from vibe_engine.supervisor import valkey
from vibe_engine.supervisor.child import Program

MANAGE = str(settings.BASE_DIR / "manage.py")
CELERY = (sys.executable, "-m", "celery", "-A", "vibe_engine", "--quiet")
WORKER_THREADS = 8


def broker(server: Path, socket_file: Path) -> Program:
    """The private Valkey."""
    argv = valkey.command(server, socket_file)
    return Program("broker", tuple(argv), quiet=True, serves_others=True)


def sandbox(*, host: str = "127.0.0.1", port: int | None = None) -> Program:
    """The local Spotify, with an extended and a development app."""
    return Program(
        "sandbox",
        (
            *(sys.executable, "-m", "vibe_engine.sandbox", "--demo"),
            *("--host", host, "--port", str(port or settings.PORT + 1)),
            *("--state", str(settings.VAR_DIR / "sandbox.db")),
            *("--product", settings.PUBLIC_BASE_URL),
            *("--app", _app("SPOTIFY", "extended", "fleet")),
            *("--app", _app("SANDBOX_DEVELOPMENT", "development", "newcomer")),
        ),
        serves_others=True,
    )


def web() -> Program:
    """The pages."""
    return Program(
        "web",
        (
            *(sys.executable, "-m", "gunicorn", "vibe_engine.wsgi"),
            *("--config", "python:vibe_engine.gunicorn_conf"),
        ),
    )


def worker() -> Program:
    """The worker: threads, since its work is waiting for Spotify."""
    return Program(
        "worker",
        (
            *(*CELERY, "worker", "--loglevel", "WARNING"),
            *("--pool", "threads", "--concurrency", str(WORKER_THREADS)),
            *("--without-gossip", "--without-mingle"),
        ),
        grace_s=12,
        orphaned=signal.SIGKILL,
    )


def beat() -> Program:
    """The clock work that wakes the engine; no pid file, a stale one would stop it."""
    return Program(
        "beat",
        (*CELERY, "beat", "--loglevel", "WARNING", "--pidfile="),
        orphaned=signal.SIGKILL,
    )


def engine() -> Program:
    """The engine, which decides what is due."""
    return Program(
        "engine",
        (sys.executable, MANAGE, "engine"),
        grace_s=12,
        orphaned=signal.SIGKILL,
    )


def seed() -> Program:
    """The making of the demo fleet; ends by itself."""
    return Program(
        "seed", (sys.executable, MANAGE, "seed_demo"), orphaned=signal.SIGKILL
    )


def _app(prefix: str, profile: str, developer: str) -> str:
    """Describe an app of `secrets.env` to the sandbox."""
    client_id = os.environ[f"{prefix}_CLIENT_ID"]
    secret = os.environ[f"{prefix}_CLIENT_SECRET"]
    return f"{client_id}:{secret}:{profile}:{developer}"
