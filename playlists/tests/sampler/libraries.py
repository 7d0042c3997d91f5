"""Libraries for the tests: small ones spelt out, large ones generated."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from playlists.sampler import FEATURES, Library

TODAY = 20_000
"""The day on which the tests draw (4 October 2024), in days since 1970."""


def make_library(credits: Sequence[Sequence[int]], **columns: Any) -> Library:
    """Return a library with one track for each list of credited artists.

    Track ids are 1, 2, 3, …; every track is a recording of its own, never used and
    without features, unless `columns` says otherwise.
    """
    count = len(credits)
    values: dict[str, Any] = {
        "track_ids": np.arange(1, count + 1),
        "recording_ids": np.arange(1, count + 1),
        "album_ids": np.arange(1, count + 1),
        "credit_offsets": np.cumsum([0, *map(len, credits)]),
        "credit_artist_ids": np.array([a for artists in credits for a in artists], int),
        "popularity": np.full(count, -1),
        "year": np.zeros(count),
        "duration_ms": np.full(count, 200_000),
        "explicit": np.zeros(count),
        "last_used_day": np.full(count, -1),
        "use_count": np.zeros(count),
        "total_tracks": count,
    }
    return Library.from_unsorted(**_typed(values | columns))


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    types: dict[str, type[np.generic]] = {
        "popularity": np.int16,
        "year": np.int16,
        "explicit": np.int8,
        "song_bits": np.int16,
        "duration_ms": np.int32,
        "last_used_day": np.int32,
        "use_count": np.int32,
    }
    features = values.pop("features", {})
    typed = {
        name: np.asarray(value, types.get(name, np.int64)) if np.ndim(value) else value
        for name, value in values.items()
    }
    typed["features"] = {k: np.asarray(v, np.float32) for k, v in features.items()}
    return typed


def generate_library(count: int, seed: int = 1, *, used: bool = True) -> Library:
    """Return a realistic library of `count` tracks.

    Releases of realistic sizes, artists of a Zipf-like frequency, a second artist on
    15 % of the tracks and a third on 3 %, one recording in 20 released again, audio
    features on all.
    """
    random = np.random.default_rng(seed)
    album_ids = np.repeat(*_releases(random, count))[:count]
    artists = max(50, int(album_ids[-1] / 2.2))
    law = np.cumsum(1 / np.power(np.arange(artists) + 8.0, 0.85))
    of_album = np.searchsorted(law, random.random(album_ids[-1] + 1) * law[-1])
    credits = [of_album[album_ids]]
    credits += [np.searchsorted(law, random.random(count) * law[-1]) for _ in range(2)]
    has = np.stack([np.ones(count), *(random.random((1, count)) < [[0.15], [0.03]])])
    kept = has.T.astype(bool)
    recordings = np.arange(count)
    again = np.flatnonzero(random.random(count) < 0.05)
    recordings[again] = random.integers(0, count, len(again))
    played = random.random(count) < (0.8 if used else 0)
    return Library(
        track_ids=np.arange(1, count + 1),
        recording_ids=recordings,
        album_ids=album_ids,
        credit_offsets=np.concatenate(([0], np.cumsum(kept.sum(axis=1)))),
        credit_artist_ids=np.stack(credits).T[kept],
        popularity=random.integers(0, 101, count).astype(np.int16),
        year=(2026 - random.exponential(12, count)).clip(1950).astype(np.int16),
        duration_ms=random.integers(60_000, 400_000, count).astype(np.int32),
        explicit=(random.random(count) < 0.12).astype(np.int8),
        last_used_day=np.where(
            played, TODAY - random.integers(0, 90, count), -1
        ).astype(np.int32),
        use_count=np.where(played, random.poisson(5, count), 0).astype(np.int32),
        total_tracks=count,
        features=_features(random, count),
    )


def _releases(
    random: np.random.Generator, count: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return album numbers and their sizes: singles, EPs, albums, compilations."""
    kinds = random.choice(4, size=count, p=[0.45, 0.15, 0.37, 0.03])
    low, high = np.array([1, 3, 8, 18])[kinds], np.array([2, 7, 17, 41])[kinds]
    return np.arange(count), random.integers(low, high)


def _features(
    random: np.random.Generator, count: int
) -> dict[str, npt.NDArray[np.float32]]:
    features = {name: random.beta(2.5, 2.5, count) for name in FEATURES}
    features["tempo"] = random.normal(121, 26, count).clip(50, 220)
    features["key"] = random.integers(0, 12, count).astype(float)
    features["mode"] = (random.random(count) < 0.6).astype(float)
    features["loudness"] = random.normal(-8, 3, count)
    return {name: values.astype(np.float32) for name, values in features.items()}
