"""Indexes that come with the columns are those that a library makes for itself."""

from dataclasses import replace

import numpy as np
import pytest

from library.pool import PoolColumns
from library.pool.indexes import indexes_of
from playlists.sampler import Library
from playlists.services.stock import as_library


def columns_of(track_ids: list[int], credits: list[list[int]]) -> PoolColumns:
    """Return columns of some tracks; each recording stands on about three of them."""
    count = len(track_ids)
    numbers = np.arange(count)
    flat = [artist for artists in credits for artist in artists]
    offsets = np.cumsum([0, *map(len, credits)])
    return PoolColumns(
        track_ids=np.array(track_ids, np.int64),
        recording_ids=numbers * 7_919 % (count // 3 + 1) << 40,
        album_ids=numbers,
        credit_offsets=offsets,
        credit_artist_ids=np.array(flat, np.int64),
        aliases=np.zeros((0, 2), np.int64),
        popularity=np.full(count, -1, np.int16),
        year=np.zeros(count, np.int16),
        duration_ms=np.full(count, 1_000, np.int32),
        explicit=np.zeros(count, np.int8),
        last_used_day=np.full(count, -1, np.int32),
        use_count=np.zeros(count, np.int32),
        features={},
        total_tracks=count,
        held_tracks=0,
        blocked_tracks=0,
        version=1,
        indexes={},
    )


def answers(library: Library, track_ids: list[int]) -> list[list[int]]:
    """Return what a library finds by its indexes."""
    wanted = np.array([*track_ids, 0, 10**9], np.int64)
    artists = np.unique(library.credit_artist_ids)
    return [
        library.rows_of(wanted).tolist(),
        library.is_released_again.tolist(),
        library.by_recording.find(library.recording_ids).tolist(),
        library.credits.rows_of(artists).tolist(),
    ]


class TestIndexesOf:
    @pytest.mark.parametrize("apart", [1, 3, 100])
    @pytest.mark.parametrize("count", [0, 1, 40])
    def test_answer_as_a_library_does_without_them(
        self, count: int, apart: int
    ) -> None:
        track_ids = [5 + number * apart for number in range(count)]
        credits = [[1 + n % 7, 2**35 + n % 3][: n % 3] for n in range(count)]
        columns = columns_of(track_ids, credits)
        indexed = as_library(replace(columns, indexes=indexes_of(columns)))
        assert answers(indexed, track_ids) == answers(as_library(columns), track_ids)
        is_close = count == 1 or (count > 1 and apart < 100)
        assert ("row_of_id" in indexed.indexes) == is_close
