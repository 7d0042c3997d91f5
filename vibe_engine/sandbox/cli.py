"""The sandbox's command line, shared by its two doors."""

import argparse
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from vibe_engine.sandbox.application import Application
from vibe_engine.sandbox.listed import CatalogueFileError
from vibe_engine.sandbox.people import PROFILES, App, parse_app
from vibe_engine.sandbox.server import Server
from vibe_engine.sandbox.store import StateFileError
from vibe_engine.sandbox.world import DEFAULT_SEED, DEFAULT_TRACKS, Config, World

DEFAULT_PORT = 8001
HIGHEST_PORT = 65_535
ENDINGS = (signal.SIGINT, signal.SIGTERM)
CLOCK_VARIABLE = "VIBE_CLOCK_FILE"

_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "--host": {"default": "127.0.0.1", "help": "address to listen on"},
    "--port": {
        "type": int,
        "default": DEFAULT_PORT,
        "help": f"0 takes any free one (default {DEFAULT_PORT})",
    },
    "--profile": {
        "choices": PROFILES,
        "default": PROFILES[0],
        "help": f"what apps may use that do not say (default {PROFILES[0]})",
    },
    "--tracks": {
        "type": int,
        "default": DEFAULT_TRACKS,
        "metavar": "N",
        "help": f"size of the generated catalogue (default {DEFAULT_TRACKS:,})",
    },
    "--catalogue": {
        "type": Path,
        "metavar": "FILE",
        "help": "read the catalogue from a CSV file instead, .gz or not",
    },
    "--seed": {
        "type": int,
        "default": DEFAULT_SEED,
        "metavar": "N",
        "help": f"of the generated catalogue (default {DEFAULT_SEED})",
    },
    "--state": {
        "type": Path,
        "metavar": "FILE",
        "help": "keep the state in this file (default: in memory)",
    },
    "--rate": {
        "type": int,
        "metavar": "R",
        "help": "requests per developer in a rolling 30 s window, 0 for no limit",
    },
    "--quota": {
        "type": int,
        "metavar": "N",
        "help": "requests per developer and group of endpoints in 24 h, 0 for no limit",
    },
    "--clock": {
        "type": Path,
        "metavar": "FILE",
        "help": f"file with seconds to add to the time (default ${CLOCK_VARIABLE})",
    },
    "--app": {
        "action": "append",
        "default": [],
        "metavar": "ID:SECRET:PROFILE:DEVELOPER",
        "help": "register an app; may be repeated",
    },
    "--demo": {"action": "store_true", "help": "make up albums for unknown ids"},
    "--product": {
        "default": "",
        "metavar": "URL",
        "help": "where its pages link back to",
    },
}


class StartError(Exception):
    """The sandbox cannot be started as asked; the text says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the sandbox's options."""
    for flag, details in _OPTIONS.items():
        parser.add_argument(flag, **details)


def run(options: argparse.Namespace, stdout: TextIO) -> None:
    """Serve until SIGINT or SIGTERM; the first line printed tells the address.

    :raises StartError: an option, the catalogue or the port cannot be used.
    """
    try:
        world = World(_config(options))
    except (CatalogueFileError, StateFileError, ValueError) as error:
        raise StartError(str(error)) from error
    server = Server(Application(world), options.host, options.port)
    # Waited for without a handler: one would not run, and its signal would be lost,
    # where it came just before this thread went to sleep.
    for number in ENDINGS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    server.start()
    print(f"sandbox ready {server.url}", file=stdout, flush=True)
    signal.sigwait(ENDINGS)
    server.stop()
    world.store.close()


def _config(options: argparse.Namespace) -> Config:
    if not 0 <= options.port <= HIGHEST_PORT:
        raise StartError(f"--port must be from 0 to {HIGHEST_PORT}")
    for name in ("rate", "quota"):
        if (getattr(options, name) or 0) < 0:
            raise StartError(f"--{name} must be 0 or more")
    return Config(
        profile=options.profile,
        tracks=options.tracks,
        catalogue_file=options.catalogue,
        seed=options.seed,
        state_file=options.state,
        clock_file=options.clock or _clock_of_the_environment(),
        rate=options.rate,
        quota=options.quota,
        apps=_apps(options),
        is_demo=options.demo,
        product_url=options.product,
    )


def _clock_of_the_environment() -> Path | None:
    named = os.environ.get(CLOCK_VARIABLE)
    return Path(named) if named else None


def _apps(options: argparse.Namespace) -> tuple[App, ...]:
    return tuple(
        parse_app(text, default_profile=options.profile) for text in options.app
    )
