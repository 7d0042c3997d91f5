"""How large each storm is at each scale, and on what ground it is held."""

from dataclasses import dataclass
from typing import TypedDict

SCALES = ("storm", "medium", "test")


@dataclass(frozen=True, slots=True)
class Size:
    """`rounds` of what a scenario does, each on so many `runs` (or seconds)."""

    rounds: int
    runs: int = 0


class Place(TypedDict, total=False):
    """The ground's options; see `Ground`."""

    database: str
    broker: str


SIZES: dict[str, tuple[Size, Size, Size]] = {
    "kills": (Size(1_000), Size(200), Size(50)),
    "broker": (Size(20, 1_000), Size(4, 300), Size(1, 100)),
    "no_broker": (Size(2, 200), Size(2, 100), Size(2, 15)),
    "postgres": (Size(20, 100), Size(6, 100), Size(1, 60)),
    "zombies": (Size(200), Size(40), Size(5)),
    "crowd": (Size(20, 100), Size(5, 100), Size(1, 100)),
    "sqlite": (Size(1, 60), Size(1, 30), Size(1, 15)),
    "due": (Size(1, 5_000), Size(1, 1_000), Size(1, 50)),
    "season": (Size(90, 200), Size(30, 40), Size(11, 20)),
}
"""By scenario, in the order of `SCALES`; for sqlite the runs are seconds.

The rounds of no_broker are two brokers: a silent one, and none. For due and season the
runs are playlists, and the rounds of season are days.
"""
BY_THE_CLOCK = ("due", "season")
"""Proofs of long times on a clock that moves on; held where they are named."""
STORMS = tuple(name for name in SIZES if name not in BY_THE_CLOCK)
"""What is held where nothing is named."""
PLACES: dict[str, Place] = {
    "no_broker": {"broker": "silent"},
    "sqlite": {"database": "sqlite"},
}


def size_of(scenario: str, scale: str) -> Size:
    """Return how large a scenario is at a scale."""
    return SIZES[scenario][SCALES.index(scale)]
