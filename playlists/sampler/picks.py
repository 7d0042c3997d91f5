"""The tracks picked so far, and what they leave room for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from playlists.sampler.arrays import DENSE, Flags, Int32s, Int64s, contains
from playlists.sampler.credits import CreditTable, Sameness
from playlists.sampler.library import Library
from playlists.sampler.rules import Rules
from playlists.sampler.shares import (
    OUTSIDE,
    Members,
    Room,
    Share,
    kept_places,
    members_of,
)
from playlists.sampler.songs import Version

PART = 64
"""Candidates that are looked at together: most lists are full before the next."""
MANY = 5_000
"""From so many credits on they are counted as columns."""


@dataclass(frozen=True)
class Caps:
    """How many tracks one artist and one album may have; None is as many as it has.

    `outside` are the caps of tracks outside sets of shares, see `shares.Room`;
    `taken` says how much of a cap is not to be had, by its number.
    """

    artist: int
    album: int | None = None
    outside: tuple[int, ...] = ()
    taken: Mapping[int, int] = field(default_factory=dict)

    def of(self, key: int) -> int:
        """Return the cap of one artist, of one album or of those outside (below 0)."""
        taken = self.taken.get(key, 0)
        if key <= OUTSIDE:
            return self.outside[OUTSIDE - key] - taken
        return (self.artist if key >= 0 or self.album is None else self.album) - taken

    def of_each(self, keys: Int64s) -> Int64s:
        """Return `of` of many keys."""
        return np.array([self.of(key) for key in keys.tolist()], np.int64)


class Picks:
    """A growing list that keeps the caps and holds no recording twice.

    `rows` are the picks in drawing order. `credits` says which artists count, and
    which albums where their cap does; `caps` how often each may. Both may be
    exchanged while picks stand, and so may `sameness`, what must not stand twice,
    and `room`, the places that are kept for shares. `fixed` picks never leave;
    `pinned` ones among them take no place of a share.
    """

    def __init__(self, library: Library, rules: Rules) -> None:
        self.rows: list[int] = []
        self.caps = Caps(rules.artist_cap, rules.album_cap)
        self.credits = bins_of(
            library, album_cap=rules.album_cap, primary_only=rules.primary_only
        )
        self.sameness = sameness_of(library, rules, rules.same_song)
        self.fixed: frozenset[int] = frozenset()
        self.pinned: frozenset[int] = frozenset()
        self.shares: tuple[Share, ...] = ()
        self.room: Room | None = None
        self._library = library
        self._rules = rules
        self._counts: dict[int, int] = {}
        self._full: set[int] = set()
        self._full_keys: Int64s | None = None
        self._row_of: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def key_of(self, row: int) -> int:
        """Return what must not stand twice: the recording, or the track itself."""
        return row if self.sameness is None else int(self.sameness.keys[row])

    def keys_of(self, rows: Int64s | Int32s) -> Int64s | Int32s:
        """Return `key_of` of many rows."""
        return rows if self.sameness is None else self.sameness.keys[rows]

    def try_add(self, row: int) -> bool:
        """Pick a row if nothing speaks against it."""
        key, artists = self.key_of(row), self.credits.of(row)
        if key in self._row_of or not self._full.isdisjoint(artists):
            return False
        if self.room is not None:
            if not self.room.is_open(row):
                return False
            self.room.take((row,))
        self._row_of[key] = row
        self.rows.append(row)
        self._credit(artists)
        return True

    def add_in_order(self, rows: Int64s | Int32s, goal: int) -> None:
        """Add what fits, first come first served, until there are `goal` picks."""
        if self.room is not None:
            rows = rows[self.room.open_rows(rows)]
        for start in range(0, len(rows), PART):
            if len(self.rows) < goal:
                self._add_part(rows[start : start + PART], goal)

    def _add_part(self, rows: Int64s | Int32s, goal: int) -> None:
        """Do what `try_add` does for many rows, in one loop, until the goal is met."""
        row_of, pick, room = self._row_of, self.rows.append, self.room
        counts, count_of, full = self._counts, self._counts.get, self._full
        has_room, cap, cap_of = full.isdisjoint, self.caps.artist, self.caps.of
        self._full_keys = None
        left = goal - len(self.rows)
        keys = self.keys_of(rows).tolist()
        for row, key, artists in zip(
            rows.tolist(), keys, self.credits.each(rows), strict=True
        ):
            if key in row_of or not has_room(artists):
                continue
            if room is not None:
                if not room.is_open(row):
                    continue
                room.take((row,))
            row_of[key] = row
            pick(row)
            for one in artists:
                counts[one] = count = count_of(one, 0) + 1
                if count >= (cap if one >= 0 else cap_of(one)):
                    full.add(one)
            left -= 1
            if not left:
                return

    def become(self, rows: Sequence[int]) -> None:
        """Hold other rows, which the caller knows to fit; what stays keeps its place."""
        standing = set(self.rows)
        coming = iter(row for row in rows if row not in standing)
        staying = set(rows)
        kept = [row if row in staying else next(coming, None) for row in self.rows]
        self.rows = [row for row in kept if row is not None] + list(coming)
        self._row_of = {self.key_of(row): row for row in self.rows}
        self.count(self.credits, self.caps)
        self.reserve(self.shares)

    def pin(self, row: int) -> bool:
        """Pick a row for good, beside the shares, if nothing speaks against it."""
        if not self.try_add(row):
            return False
        self.pinned |= {row}
        self.fixed |= {row}
        return True

    def hold(self, row: int) -> bool:
        """Pick a row for good, if nothing speaks against it."""
        if not self.try_add(row):
            return False
        self.fixed |= {row}
        return True

    def reserve(self, shares: tuple[Share, ...]) -> None:
        """Keep places for shares from now on; none for no shares."""
        self.shares, self.room = shares, None
        if shares:
            size = self._rules.size - len(self.pinned)
            self.room = Room(self._members(shares), self._kept(shares), size)
            self.room.take(self.unpinned())
            self.caps = replace(self.caps, outside=self.room.caps)

    def unpinned(self) -> list[int]:
        """Return the picks that are not pinned, in drawing order."""
        return [row for row in self.rows if row not in self.pinned]

    def share_places(self, shares: tuple[Share, ...]) -> tuple[int, int]:
        """Return how many places shares keep, and how many of them could be met."""
        kept = self._kept(shares)
        members = self._members(shares)
        return sum(kept), kept_places(members, self.unpinned(), kept)

    def keeps_shares(self, shares: tuple[Share, ...]) -> bool:
        """Tell whether every pick has a place beside the shares."""
        if not shares:
            return True
        size = self._rules.size - len(self.pinned)
        wanted, met = self.share_places(shares)
        return len(self.unpinned()) - met <= size - wanted

    def _kept(self, shares: tuple[Share, ...]) -> list[int]:
        size = self._rules.size - len(self.pinned)
        return [share.places(size) for share in shares]

    def _members(self, shares: tuple[Share, ...]) -> Members:
        known, library = self._library.memberships, self._library
        if shares not in known:
            known[shares] = members_of(shares, library.collections, len(library))
        return known[shares]

    def closed_rows(self) -> Int64s:
        """Return the rows for which the shares leave no place."""
        return np.zeros(0, np.int64) if self.room is None else self.room.closed_rows()

    def bins_of(self, row: int) -> list[int]:
        """Return all caps that a row counts for."""
        bins = self.credits.of(row)
        return bins if self.room is None else bins + self.room.bins_of(row)

    def beside_fixed(self) -> "Picks":
        """Return picks of the same rules that hold the fixed ones alone."""
        twin = self.copy()
        twin.become([row for row in self.rows if row in self.fixed])
        return twin

    def tell_apart(self, sameness: Sameness | None) -> None:
        """Keep other rows from standing together from now on; None for none."""
        self.sameness = sameness
        self._row_of = {self.key_of(row): row for row in self.rows}

    def count(self, credits: CreditTable, caps: Caps) -> None:
        """Keep other caps from now on, counted over other credits."""
        self.credits, self.caps = credits, caps
        self._counts = counts_of(credits, self.rows)
        self._fill_up()

    def most_by_one(self, credits: CreditTable) -> int:
        """Return how many tracks the artist who has the most of them has."""
        return max(counts_of(credits, self.rows).values(), default=0)

    def most_of_one_album(self) -> int:
        """Return how many tracks the album that has the most of them has."""
        counts = Counter(self._library.album_ids[self.rows].tolist())
        return max(counts.values(), default=0)

    def keeps_apart(self, same_song: tuple[Version, ...]) -> bool:
        """Tell whether no two picks are the same under a rule about songs."""
        keys = self._library.sameness(same_song).keys[self.rows]
        return not same_song or len(np.unique(keys)) == len(self.rows)

    def is_full(self, key: int) -> bool:
        """Tell whether an artist, or an album (below 0), has reached the cap."""
        return key in self._full

    def full_keys(self) -> Int64s:
        """Return, ascending, the albums (below 0) and artists that are at the cap."""
        if self._full_keys is None:
            full = np.fromiter(self._full, np.int64, len(self._full))
            self._full_keys = np.sort(full)
        return self._full_keys

    def full_artists(self) -> Int64s:
        """Return, ascending, the artists that have reached the cap."""
        full = self.full_keys()
        return full[np.searchsorted(full, 0) :]

    def full_albums(self) -> Int64s:
        """Return the albums that have reached the cap, as their numbers below 0."""
        full = self.full_keys()
        return full[: np.searchsorted(full, 0)]

    def capped_rows(self) -> Int64s:
        """Return the rows whose artists or album have reached the cap."""
        return self.credits.rows_of(self.full_keys())

    def same_rows(self) -> Int64s:
        """Return the rows that are picked, or may not join because they are the same."""
        if self.sameness is None:
            return np.array(self.rows, np.int64)
        keys = np.array(list(self._row_of), np.int64)
        return self.sameness.groups.find(keys)

    def ascending(self) -> Int64s:
        """Return the picks in the order of rows."""
        return np.sort(np.array(self.rows, np.int64))

    def fitting(self, rows: Int64s) -> Flags:
        """Tell which of many rows could be picked next."""
        if len(rows) < len(self._library) // DENSE:
            return self._fitting_few(rows)
        fits = np.ones(len(self._library), np.bool_)
        fits[self.capped_rows()] = False
        fits[self.same_rows()] = False
        answer: Flags = fits[rows]
        return answer if self.room is None else answer & self.room.open_rows(rows)

    def _fitting_few(self, rows: Int64s) -> Flags:
        """Tell the same as `fitting`, row by row instead of over the library."""
        keys = np.sort(np.array(list(self._row_of), np.int64))
        fits = ~contains(keys, self.keys_of(rows))
        owner = np.repeat(np.arange(len(rows)), self.credits.lengths[rows])
        fits[owner[contains(self.full_keys(), self.credits.flat(rows))]] = False
        return fits if self.room is None else fits & self.room.open_rows(rows)

    def copy(self) -> "Picks":
        """Return an independent copy."""
        twin = Picks(self._library, self._rules)
        twin.rows = list(self.rows)
        twin.fixed, twin.pinned = self.fixed, self.pinned
        twin.tell_apart(self.sameness)
        twin.credits, twin.caps = self.credits, self.caps
        twin._counts, twin._full = dict(self._counts), set(self._full)
        twin.reserve(self.shares)
        return twin

    def _credit(self, artists: Sequence[int]) -> None:
        counts, cap = self._counts, self.caps.artist
        for key in artists:
            counts[key] = count = counts.get(key, 0) + 1
            if count >= (cap if key >= 0 else self.caps.of(key)):
                self._full.add(key)
                self._full_keys = None

    def _fill_up(self) -> None:
        """Look again who is at the cap."""
        artist, of, self._full_keys = self.caps.artist, self.caps.of, None
        self._full = {
            key
            for key, count in self._counts.items()
            if count >= (artist if key >= 0 else of(key))
        }


def counts_of(credits: CreditTable, rows: Sequence[int]) -> dict[int, int]:
    """Return on how many of some rows each artist is."""
    places = np.array(rows, np.int64)
    if credits.lengths[places].sum() < MANY or credits.has_repeats:
        return Counter(artist for row in rows for artist in credits.of(row))
    names, counts = np.unique(credits.flat(places), return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


def bins_of(
    library: Library, *, album_cap: int | None, primary_only: bool
) -> CreditTable:
    """Return what caps are counted over: artists and, where it is capped, the album."""
    if album_cap is None:
        return library.credit_table(primary_only=primary_only)
    return library.bin_table(primary_only=primary_only)


def sameness_of(
    library: Library, rules: Rules, same_song: tuple[Version, ...]
) -> Sameness | None:
    """Return what may stand once, None where that is the track itself alone."""
    if same_song or rules.title_separation:
        return library.sameness(same_song)
    return None
