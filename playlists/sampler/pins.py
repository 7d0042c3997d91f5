"""Pins: tracks that are always in, from a day to a day, at a place or anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from playlists.sampler.filters import RulesError

MOST_PINS = 100


@dataclass(frozen=True)
class Pin:
    """A track that stands in the list on purpose.

    `track` is the library's number of the track; `position` counts from 1, None is
    any place. `first_day` and `last_day` are days since 1970-01-01 UTC, both
    included; None is open.

    :raises RulesError: when the place is out of range or the days are crossed.
    """

    track: int
    position: int | None = None
    first_day: int | None = None
    last_day: int | None = None

    def __post_init__(self) -> None:
        if self.position is not None and not 1 <= self.position <= MOST_PINS:
            raise RulesError(f"A pin's place is 1 to {MOST_PINS}, not {self.position}.")
        if None not in (self.first_day, self.last_day) and self._first > self._last:
            raise RulesError("A pin ends before it begins.")

    @property
    def _first(self) -> float:
        return float("-inf") if self.first_day is None else self.first_day

    @property
    def _last(self) -> float:
        return float("inf") if self.last_day is None else self.last_day

    def holds_on(self, day: int) -> bool:
        """Tell whether the track is pinned on a day."""
        return self._first <= day <= self._last

    def meets(self, other: "Pin") -> bool:
        """Tell whether both hold on some day."""
        return self._first <= other._last and other._first <= self._last


def check_pins(pins: Sequence[Pin]) -> None:
    """Refuse pins that contradict each other.

    :raises RulesError: when a track or a place is pinned twice on one day, or there
        are too many.
    """
    if len(pins) > MOST_PINS:
        raise RulesError(f"At most {MOST_PINS} tracks can be pinned, not {len(pins)}.")
    for pin, other in combinations(pins, 2):
        if not pin.meets(other):
            continue
        if pin.track == other.track:
            raise RulesError("A track is pinned twice at the same time.")
        if pin.position is not None and pin.position == other.position:
            raise RulesError(f"Place {pin.position} is pinned twice at the same time.")


def days_to_look_at(pins: Sequence[Pin], today: int) -> list[int]:
    """Return the days from today on which pins begin to hold, today first.

    Whatever pins hold together on any later day hold together on one of these.
    """
    days = {max(today, pin.first_day or today) for pin in pins}
    return sorted(days | {today})
