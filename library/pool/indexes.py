"""Indexes over the columns: which rows hold a recording or an artist, where an id is.

They are made once, beside the columns in files, so that no process that draws has to
make and hold them for itself.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from library.pool.columns import Int32s, Int64s, PoolColumns

MOST_SPREAD = 4
"""Ids may be so many times as far apart as they are many for a table of all."""


def indexes_of(columns: PoolColumns) -> dict[str, npt.NDArray[Any]]:
    """Return the indexes of some columns, by name.

    `recording_keys` and `artist_keys` ascend, with the row of each beside them in
    `recording_rows` and `artist_rows`, ascending for the same key. `released_again`
    marks rows whose recording has another row; `row_of_id` has the row of each track
    id from the first to the last, -1 for none, where they lie close enough together.
    """
    every = np.arange(len(columns), dtype=np.int32)
    owners = np.repeat(every, np.diff(columns.credit_offsets))
    recordings, rows = _grouped(columns.recording_ids, every)
    artists, credited = _grouped(columns.credit_artist_ids, owners)
    found: dict[str, npt.NDArray[Any]] = {
        "recording_keys": recordings,
        "recording_rows": rows,
        "artist_keys": artists,
        "artist_rows": credited,
        "released_again": np.zeros(len(columns), np.bool_),
    }
    is_same = recordings[1:] == recordings[:-1]
    found["released_again"][rows[1:][is_same]] = True
    found["released_again"][rows[:-1][is_same]] = True
    ids = columns.track_ids
    if len(ids) and ids[-1] - ids[0] < MOST_SPREAD * len(ids):
        found["row_of_id"] = np.full(ids[-1] - ids[0] + 1, -1, np.int32)
        found["row_of_id"][ids - ids[0]] = every
    return found


def _grouped(keys: Int64s, rows: Int32s) -> tuple[Int64s, Int32s]:
    order = np.argsort(keys, kind="stable")
    return keys[order], rows[order]
