"""Places that are set before the draw: pins, and what stays of the list that stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from playlists.sampler.arrays import Int64s
from playlists.sampler.bits import STAY_STREAM, Bits
from playlists.sampler.library import Library
from playlists.sampler.picks import Picks
from playlists.sampler.pins import Pin
from playlists.sampler.pool import Pool
from playlists.sampler.rest import Standing

PinTrouble = Literal["absent", "filter", "same", "cap", "full"]
"""Why a pinned track cannot come: not among the tracks that the list draws from; kept
out by a filter or the explicit rule; the same recording or song is pinned already; an
artist or the album of it has reached the cap; the list is full of pins."""


@dataclass(frozen=True)
class Fixed:
    """What was set before the draw.

    `places` are positions from 1 by row; a pin for any place has none. `leaving` are
    the rows that stand in the list, could stay, and are to go. `troubles` says of
    pinned tracks, by their number, why they could not come.
    """

    places: Mapping[int, int] = field(default_factory=dict)
    leaving: Int64s = field(default_factory=lambda: np.zeros(0, np.int64))
    troubles: Mapping[int, PinTrouble] = field(default_factory=dict)


def fix_places(
    pool: Pool,
    picks: Picks,
    standing: Sequence[Standing],
    today: int,
    seed: tuple[int, int, int],
) -> Fixed:
    """Put pins into empty picks, keep the places of shares, then let tracks stay.

    Pins come whatever rests. As many tracks stay as the rules say; those that have
    stood in the most lists in a row go first, chance decides between equals.
    """
    stands = _stands(pool, standing)
    places, troubles = _pin_all(pool, picks, stands, today)
    picks.reserve(pool.rules.shares)
    if pool.rules.refresh_share == 100:
        return Fixed(places, troubles=troubles)
    _let_stay(pool, picks, stands, places, Bits(seed, STAY_STREAM))
    leaving = sorted(set(stands) - set(picks.rows))
    return Fixed(places, np.array(leaving, np.int64), troubles)


def pin_troubles(pool: Pool, day: int) -> dict[int, PinTrouble]:
    """Say of the tracks pinned on a day, by their number, why they could not come."""
    return _pin_all(pool, Picks(pool.library, pool.rules), {}, day)[1]


def row_of(library: Library, track: int) -> int | None:
    """Return the row of a track, None where the library does not hold it."""
    place = int(np.searchsorted(library.track_ids, track))
    is_here = place < len(library) and library.track_ids[place] == track
    return place if is_here else None


def _stands(pool: Pool, standing: Sequence[Standing]) -> dict[int, Standing]:
    """Return what stands and may go on standing, by row."""
    stands: dict[int, Standing] = {}
    for place in standing:
        row = row_of(pool.library, place.track)
        if row is not None and pool.mask[row]:
            stands.setdefault(row, place)
    return stands


def _pin_all(
    pool: Pool, picks: Picks, stands: Mapping[int, Standing], day: int
) -> tuple[dict[int, int], dict[int, PinTrouble]]:
    places: dict[int, int] = {}
    troubles: dict[int, PinTrouble] = {}
    for pin in _pins_on(pool, day):
        row = row_of(pool.library, pin.track)
        trouble = _trouble(pool, picks, row)
        if trouble is None and row is not None:
            picks.pin(row)
            if pin.position is not None:
                _give_place(places, row, min(pin.position, pool.rules.size))
        elif trouble is not None:
            troubles[pin.track] = trouble
    for row in picks.rows:
        if row not in places and row in stands:
            _keep_place(places, row, stands[row].position, pool.rules.size)
    return places, troubles


def _pins_on(pool: Pool, day: int) -> list[Pin]:
    """Return the pins of a day: those with a place first, then by track."""
    pins = [pin for pin in pool.rules.pins if pin.holds_on(day)]
    return sorted(pins, key=lambda pin: (pin.position or 1_000, pin.track))


def _trouble(pool: Pool, picks: Picks, row: int | None) -> PinTrouble | None:
    if row is None:
        return "absent"
    if not pool.mask[row]:
        return "filter"
    if len(picks) >= pool.rules.size:
        return "full"
    if picks.key_of(row) in map(picks.key_of, picks.rows):
        return "same"
    return "cap" if any(map(picks.is_full, picks.credits.of(row))) else None


def _give_place(places: dict[int, int], row: int, position: int) -> None:
    """Set a row on a place or, where that is taken, on the next free one before."""
    taken = set(places.values())
    free = [place for place in range(position, 0, -1) if place not in taken]
    if free:
        places[row] = free[0]


def _keep_place(places: dict[int, int], row: int, position: int, size: int) -> bool:
    if position > size or position in places.values():
        return False
    places[row] = position
    return True


def _let_stay(
    pool: Pool,
    picks: Picks,
    stands: Mapping[int, Standing],
    places: dict[int, int],
    bits: Bits,
) -> None:
    rules = pool.rules
    staying = sum(places.get(row) == stands[row].position for row in stands)
    moving = max(rules.changes, len(picks) - staying)
    chance = dict(zip(sorted(stands), bits.uniforms(len(stands)), strict=True))
    newest_first = sorted(stands, key=lambda row: (stands[row].lists, chance[row]))
    for row in newest_first:
        if staying >= rules.size - moving:
            return
        position = stands[row].position
        if row in picks.fixed or position > rules.size or position in places.values():
            continue
        if picks.hold(row):
            places[row] = position
            staying += 1
