"""Many draws over many days: does the whole library come round?"""

import heapq
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from automation.runtime import RuntimeSettings
from playlists.sampler import Resting, Rules, build_pool, draw, preference
from playlists.services.spreading import GOLDEN, Rhythm, due_after
from playlists.tests.sampler.libraries import TODAY, generate_library, make_library

IS_STORM = os.environ.get("VIBE_STORM") == "1"
TRACKS, LISTS = (75_000, 1_000) if IS_STORM else (15_000, 200)
DAYS, INTERVAL_DAYS = 90, 5
SETTINGS = RuntimeSettings()
FIRST_NOON = datetime(1970, 1, 1, 12, tzinfo=UTC) + timedelta(days=TODAY)
LOOK = timedelta(minutes=5)
"""What is due is looked for so often."""


@dataclass
class Past:
    """How often each track was used in ninety days, and how long uses lay apart."""

    uses: npt.NDArray[np.int32]
    rests: list[float]

    @property
    def coverage(self) -> float:
        """Return the share of the library that was used at all."""
        return float(np.count_nonzero(self.uses) / len(self.uses))


def due_by_day() -> Iterator[tuple[int, list[int]]]:
    """Yield for each of ninety days the lists that have their turn then, in order.

    A fifth of them is created at each of the first five noons, all at one moment;
    then each is taken at the first look after it is due.
    """
    queue = [
        (FIRST_NOON + timedelta(days=number % INTERVAL_DAYS), number)
        for number in range(LISTS)
    ]
    heapq.heapify(queue)
    for day in range(DAYS):
        midnight, turns = FIRST_NOON + timedelta(days=day, hours=12), []
        while queue[0][0] < midnight:
            due_at, number = heapq.heappop(queue)
            last_at = due_at + LOOK - (due_at - FIRST_NOON) % LOOK
            rhythm = Rhythm(number * GOLDEN % 1, INTERVAL_DAYS)
            next_at = due_after(rhythm, last_at=last_at, settings=SETTINGS)
            assert (next_at.date() - due_at.date()).days == INTERVAL_DAYS
            heapq.heappush(queue, (next_at, number))
            turns.append(number)
        yield TODAY + day, turns


def ninety_days(*, indifferent: bool) -> Past:
    """Reshuffle lists every five days, each when it is due.

    An indifferent sampler is told that nothing was ever used, so it draws uniformly.
    """
    library = generate_library(TRACKS, used=False)
    uses, last = library.use_count.copy(), library.last_used_day.copy()
    past = Past(uses, [])
    current: list[set[int]] = [set() for _ in range(LISTS)]
    left: list[dict[int, int]] = [{} for _ in range(LISTS)]
    for today, turns in due_by_day():
        if not indifferent:
            library = replace(library, use_count=uses.copy(), last_used_day=last.copy())
        pool = build_pool(library, Rules())
        for number in turns:
            resting = Resting(today, current[number], left[number])
            drawn = draw(library, Rules(), resting, (1, number, today), pool=pool)
            assert drawn.report.rungs == ()
            rows = list(drawn.rows)
            left[number] |= dict.fromkeys(current[number], today)
            current[number] = set(library.recording_ids[rows].tolist())
            again = last[rows] >= 0
            past.rests += (today - last[rows][again]).tolist()
            uses[rows] += 1
            last[rows] = today
    return past


def gini(counts: npt.NDArray[np.int32]) -> float:
    """Return the Gini coefficient: 0 all alike, 1 everything on one."""
    ranks = np.arange(1, len(counts) + 1)
    weights = 2 * ranks - len(counts) - 1
    return float(weights @ np.sort(counts) / (len(counts) * counts.sum()))


class TestNinetyDays:
    def test_use_the_library_more_evenly_than_uniform_choice(self) -> None:
        ours, uniform = ninety_days(indifferent=False), ninety_days(indifferent=True)
        assert ours.uses.sum() == uniform.uses.sum() == LISTS * DAYS // 5 * 50
        assert ours.coverage == 1 >= uniform.coverage
        assert gini(ours.uses) < 0.5 * gini(uniform.uses)
        assert np.mean(ours.rests) > np.mean(uniform.rests)
        assert ours.uses.min() > 3 * uniform.uses.min()


class TestPreference:
    def test_never_shuts_a_track_out(self) -> None:
        uses = preference.use_weight(np.array([0, 5, 10**6], np.int32), 5.0)
        rests = preference.rest_weight(np.array([TODAY, TODAY - 900, -1]), TODAY, 100.0)
        assert uses.min() >= preference.FLOOR
        assert rests.min() >= preference.FLOOR
        assert max(uses.max(), rests.max()) <= 1

    def test_falls_with_use_and_grows_with_rest(self) -> None:
        uses = preference.use_weight(np.arange(30, dtype=np.int32), 9.0)
        days = TODAY - np.arange(30)
        rests = preference.rest_weight(days, TODAY, TODAY - 9.0)
        assert (np.diff(uses) <= 0).all()
        assert (np.diff(rests) >= 0).all()
        assert (uses[9], rests[9]) == (0.5, 0.5)
        assert uses[0] > 0.9 > 0.1 > uses[-1]
        assert rests[0] < 0.1 < 0.8 < rests[-1]

    def test_is_even_where_nothing_was_ever_used(self) -> None:
        library = make_library([[artist] for artist in range(5)])
        pool = build_pool(library, Rules())
        assert np.diff(pool.prefix, prepend=0).tolist() == [0.5] * 5
