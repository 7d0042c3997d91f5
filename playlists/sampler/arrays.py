"""Kinds of columns, and the few set operations on rows that numpy lacks or slows."""

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Int16s = npt.NDArray[np.int16]
Int8s = npt.NDArray[np.int8]
Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

PART = 1 << 16
"""Rows that are reckoned with at a time, where all at once would take memory."""
DENSE = 16
"""Beyond one row in sixteen, marking rows in a table is quicker than sorting them."""


def ranges(start: Int64s, stop: Int64s) -> Int64s:
    """Return `start[0]..stop[0]-1, start[1]..stop[1]-1, …` as one array."""
    lengths = stop - start
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    steps: Int64s = np.arange(total) + np.repeat(start - (ends - lengths), lengths)
    return steps


def ascends(values: Int64s, *, by_at_least: int) -> bool:
    """Tell whether values ascend, part by part: a copy of many would take memory."""
    for start in range(0, len(values), PART):
        part = values[start : start + PART + 1]
        if (part[1:] < part[:-1] + by_at_least).any():
            return False
    return True


def contains(ascending: Int64s, rows: Int64s | Int32s) -> Flags:
    """Tell which of `rows` are in an ascending array."""
    if not len(ascending):
        return np.zeros(len(rows), np.bool_)
    place = ascending.searchsorted(rows)
    found: Flags = ascending.take(place, mode="clip") == rows
    return found


def marked(rows: Int64s | Int32s, count: int) -> Flags:
    """Return `count` flags, set at `rows`."""
    flags = np.zeros(count, np.bool_)
    flags[rows] = True
    return flags


def distinct(rows: Int64s | Int32s, count: int) -> Int64s:
    """Return rows below `count` in ascending order, each once."""
    if len(rows) > count // DENSE:
        return np.flatnonzero(marked(rows, count))
    ascending = np.sort(rows.astype(np.int64))
    once: Int64s = ascending[np.diff(ascending, prepend=-1) != 0]
    return once


def run_lengths(values: Int64s) -> Int64s:
    """Return how often each distinct value comes."""
    ascending = np.sort(values)
    starts = np.flatnonzero(ascending[1:] != ascending[:-1]) + 1
    return np.diff(starts, prepend=0, append=len(values))


def with_few(ascending: Int64s, few: Int64s) -> Int64s:
    """Return an ascending array with a few more values, these ascending too."""
    if not len(few):
        return ascending
    few = few[~contains(ascending, few)]
    return np.insert(ascending, np.searchsorted(ascending, few), few)


def without_few(ascending: Int64s, few: Int64s) -> Int64s:
    """Return an ascending array without a few values."""
    if not len(few):
        return ascending
    places = np.searchsorted(ascending, few[contains(ascending, few)])
    return np.delete(ascending, places)
