"""What goes wrong between the product and Spotify during a storm, and how often."""

from dataclasses import dataclass, field
from typing import Any

from vibe_engine.testing.sandbox import SandboxControl

CREATE = ("POST", r"^/v1/me/playlists$")
REPLACE = ("PUT", r"^/v1/playlists/[^/]+/items$")
DETAILS = ("PUT", r"^/v1/playlists/[^/]+$")
ANY = ("", r"^/v1/")
TOKEN = ("POST", r"^/api/token$")


@dataclass(frozen=True, slots=True)
class Mishap:
    """One kind of fault: which requests it may meet, and which part of them."""

    route: tuple[str, str]
    kind: str
    share: float
    details: dict[str, Any] = field(default_factory=dict)


FOUL: tuple[Mishap, ...] = (
    Mishap(CREATE, "status", 0.03, {"status": 500}),
    Mishap(CREATE, "status_after", 0.07, {"status": 502}),
    Mishap(CREATE, "reset_after", 0.05),
    Mishap(CREATE, "drop_after", 0.03),
    Mishap(CREATE, "latency_after", 0.03, {"seconds": 3.0}),
    Mishap(CREATE, "malformed", 0.03),
    Mishap(REPLACE, "status", 0.03, {"status": 503}),
    Mishap(REPLACE, "status_after", 0.04, {"status": 502}),
    Mishap(REPLACE, "reset_before", 0.02),
    Mishap(REPLACE, "reset_after", 0.02),
    Mishap(REPLACE, "malformed", 0.02),
    Mishap(REPLACE, "drip", 0.01, {"seconds": 4.0}),
    Mishap(REPLACE, "latency", 0.10, {"seconds": 0.4}),
    Mishap(DETAILS, "status_after", 0.03, {"status": 500}),
    Mishap(DETAILS, "drop_before", 0.02),
    Mishap(ANY, "status", 0.008, {"status": 429, "headers": {"Retry-After": "4"}}),
    Mishap(ANY, "status", 0.005, {"status": 401}),
    Mishap(ANY, "huge", 0.002),
    Mishap(TOKEN, "status", 0.10, {"status": 503}),
)
"""Every kind of fault that a create or a reshuffle can meet, each before and after.

Resets, drops and bad answers come after the effect too, so that the product cannot
know what was done. One call in a hundred asks for a new token or for patience.
"""

CHANGEABLE: tuple[Mishap, ...] = (
    Mishap(REPLACE, "latency", 0.90, {"seconds": 0.12}),
    Mishap(REPLACE, "status_after", 0.20, {"status": 502}),
    Mishap(REPLACE, "reset_after", 0.20),
)
"""A Spotify as slow as the real one, with some doubt: 3 % of the calls."""


def let_loose(sandbox: SandboxControl, weather: tuple[Mishap, ...] = FOUL) -> None:
    """Let all of these faults strike until `clear_faults()`."""
    for mishap in weather:
        method, path = mishap.route
        sandbox.post(
            "faults",
            kind=mishap.kind,
            method=method,
            path=path,
            share=mishap.share,
            count=-1,
            **mishap.details,
        )
