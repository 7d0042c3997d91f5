"""The tracks picked so far, and what they leave room for."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from playlists.sampler.arrays import Flags, Int32s, Int64s
from playlists.sampler.library import CreditTable, Library
from playlists.sampler.rules import Rules


class Picks:
    """A growing list that keeps the artist cap and holds no recording twice.

    `rows` are the picks in drawing order. `credits` says which artists count and
    `cap` how often each may; both may be exchanged while picks stand.
    """

    def __init__(self, library: Library, rules: Rules) -> None:
        self.rows: list[int] = []
        self.cap = rules.artist_cap
        self.credits = library.credit_table(primary_only=rules.primary_only)
        self._library = library
        self._rules = rules
        self._is_by_recording = rules.title_separation
        self._rows_by: dict[int, list[int]] = {}
        self._row_of: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def key_of(self, row: int) -> int:
        """Return what must not stand twice: the recording, or the track itself."""
        return int(self._library.recording_ids[row]) if self._is_by_recording else row

    def keys_of(self, rows: Int64s | Int32s) -> Int64s | Int32s:
        """Return `key_of` of many rows."""
        return self._library.recording_ids[rows] if self._is_by_recording else rows

    def try_add(self, row: int) -> bool:
        """Pick a row if nothing speaks against it."""
        key = self.key_of(row)
        if key in self._row_of:
            return False
        artists = self.credits.of(row)
        if not self._has_room(artists):
            return False
        self._row_of[key] = row
        self.rows.append(row)
        self._credit(row, artists)
        return True

    def add_in_order(self, rows: Int64s | Int32s, goal: int) -> None:
        """Add what fits, first come first served, until there are `goal` picks."""
        keys = self.keys_of(rows).tolist()
        for row, key, artists in zip(
            rows.tolist(), keys, self.credits.each(rows), strict=True
        ):
            if len(self.rows) >= goal:
                return
            if key not in self._row_of and self._has_room(artists):
                self._row_of[key] = row
                self.rows.append(row)
                self._credit(row, artists)

    def _has_room(self, artists: Sequence[int]) -> bool:
        return all(len(self._rows_by.get(artist, ())) < self.cap for artist in artists)

    def become(self, rows: Sequence[int]) -> None:
        """Hold other rows, which the caller knows to fit; what stays keeps its place."""
        coming = iter(row for row in rows if row not in set(self.rows))
        staying = set(rows)
        kept = [row if row in staying else next(coming, None) for row in self.rows]
        self.rows = [row for row in kept if row is not None] + list(coming)
        self._row_of = {self.key_of(row): row for row in self.rows}
        self.count(self.credits, self.cap)

    def count(self, credits: CreditTable, cap: int) -> None:
        """Keep another cap from now on, counted over other credits."""
        self.credits, self.cap = credits, cap
        self._rows_by = {}
        for row in self.rows:
            self._credit(row, credits.of(row))

    def most_by_one(self, credits: CreditTable) -> int:
        """Return how many tracks the artist who has the most of them has."""
        counts = Counter(artist for row in self.rows for artist in credits.of(row))
        return max(counts.values(), default=0)

    def is_full(self, artist: int) -> bool:
        """Tell whether an artist has reached the cap."""
        return len(self._rows_by.get(artist, ())) >= self.cap

    def full_artists(self) -> Int64s:
        """Return the artists that have reached the cap."""
        return np.array([a for a in self._rows_by if self.is_full(a)], np.int64)

    def capped_rows(self) -> Int64s:
        """Return the rows that credit an artist who has reached the cap."""
        return self.credits.rows_of(self.full_artists())

    def same_rows(self) -> Int64s:
        """Return the rows that are picked, or may not join because they are the same."""
        if not self._is_by_recording:
            return np.array(self.rows, np.int64)
        keys = np.array(list(self._row_of), np.int64)
        return self._library.by_recording.find(keys)

    def ascending(self) -> Int64s:
        """Return the picks in the order of rows."""
        return np.sort(np.array(self.rows, np.int64))

    def fitting(self, rows: Int64s) -> Flags:
        """Tell which of many rows could be picked next."""
        fits = np.ones(len(self._library), np.bool_)
        fits[self.capped_rows()] = False
        fits[self.same_rows()] = False
        answer: Flags = fits[rows]
        return answer

    def copy(self) -> "Picks":
        """Return an independent copy."""
        twin = Picks(self._library, self._rules)
        twin.rows = list(self.rows)
        twin._row_of = dict(self._row_of)
        twin.count(self.credits, self.cap)
        return twin

    def _credit(self, row: int, artists: list[int]) -> None:
        for artist in artists:
            self._rows_by.setdefault(artist, []).append(row)
