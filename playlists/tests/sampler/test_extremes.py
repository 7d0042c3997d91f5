"""No input takes long: the worst that is known, by the processor's own clock."""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from playlists.sampler import (
    DEFAULT_LADDER,
    Library,
    Resting,
    Rules,
    Share,
    Standing,
    draw,
    sequence,
    sequence_around,
)
from playlists.tests.sampler.libraries import TODAY, make_library

MOST_S = 0.5
"""Five times the goal of 100 ms: a guard against runaway work, not a measurement."""
TRIES = 5
"""A busy machine also makes work longer by the processor's own clock, now and then."""

Case = tuple[Library, Rules, Resting]
REST = Resting(TODAY)
TIGHT = Rules(size=100, artist_cap=1)


def one_artist() -> Case:
    return make_library([[1]] * 20_000), Rules(allow_cap_relaxation=True), REST


def all_held() -> Case:
    return make_library([], total_tracks=9, held_tracks=9), Rules(), REST


def one_track() -> Case:
    return make_library([[1]]), Rules(), REST


def five_thousand_credits() -> Case:
    credits = [list(range(5_000)), *([artist] for artist in range(20_000))]
    return make_library(credits), TIGHT, REST


def all_resting() -> Case:
    library = make_library([[row % 50, row * 7 % 60] for row in range(5_000)])
    left = {recording: TODAY - recording % 364 for recording in range(1, 5_001)}
    return (
        library,
        Rules(size=100, artist_cap=1, cooldown_days=365),
        Resting(TODAY, left=left),
    )


def cap_one_over_fifty_artists() -> Case:
    return make_library([[row % 50] for row in range(20_000)]), TIGHT, REST


def pairs_of_fifty_artists() -> Case:
    credits = [[row % 50, row // 50 % 50] for row in range(20_000)]
    return make_library(credits), TIGHT, REST


def triples_of_fifty_artists() -> Case:
    dice = np.random.default_rng(5)
    credits = [dice.choice(50, 3, replace=False).tolist() for _ in range(5_000)]
    return make_library(credits), Rules(size=100, artist_cap=2), REST


def one_recording() -> Case:
    library = make_library([[row] for row in range(20_000)], recording_ids=[7] * 20_000)
    return library, Rules(), REST


def crowds() -> Case:
    library = make_library([list(range(5_000))] * 200)
    return library, Rules(allow_cap_relaxation=True), REST


def hundreds_of_credits() -> Case:
    dice = np.random.default_rng(1)
    credits = [dice.choice(20_000, 300, replace=False).tolist() for _ in range(2_000)]
    return make_library(credits), Rules(size=100, artist_cap=100), REST


def thousands_of_credits() -> Case:
    dice = np.random.default_rng(1)
    credits = [dice.choice(40_000, 5_000, replace=False).tolist() for _ in range(120)]
    return make_library(credits), Rules(size=50), REST


def four_hard_shares() -> Case:
    dice = np.random.default_rng(6)
    credits = [list(set(dice.integers(0, 120, 3).tolist())) for _ in range(5_000)]
    library = make_library(credits, album_ids=dice.integers(0, 30, 5_000))
    rare = {pk: np.sort(dice.choice(5_000, 5, replace=False)) for pk in (2, 3)}
    halves = {1: np.arange(2_500), 4: np.arange(2_500, 5_000)}
    shares = tuple(Share(pk, 25) for pk in (1, 2, 3, 4))
    rules = Rules(size=50, artist_cap=1, album_cap=2, shares=shares, ladder=())
    return replace(library, collections=halves | rare), rules, REST


def shares_and_a_year_of_rest() -> Case:
    library, rules, _ = four_hard_shares()
    left = {recording: TODAY - recording % 364 for recording in range(1, 5_001)}
    resting = Resting(TODAY, left=left, elsewhere=left)
    return library, replace(rules, cooldown_days=365, ladder=DEFAULT_LADDER), resting


def one_artist_resting() -> Case:
    left = {recording: TODAY - recording % 364 for recording in range(1, 20_001)}
    rules = replace(TIGHT, cooldown_days=365, allow_cap_relaxation=True)
    return make_library([[1]] * 20_000), rules, Resting(TODAY, left=left)


def guests_everywhere() -> Case:
    credits = [[row, *range(20_000, 20_005)] for row in range(20_000)]
    rules = replace(TIGHT, allow_cap_relaxation=True, ladder=())
    return make_library(credits), rules, REST


def crowds_that_stay() -> Case:
    library, rules, _ = hundreds_of_credits()
    standing = tuple(Standing(place, place) for place in range(1, 101))
    return library, replace(rules, refresh_share=30), Resting(TODAY, standing=standing)


CASES: list[Callable[[], Case]] = [
    one_artist,
    all_held,
    one_track,
    five_thousand_credits,
    all_resting,
    cap_one_over_fifty_artists,
    pairs_of_fifty_artists,
    triples_of_fifty_artists,
    one_recording,
    crowds,
    hundreds_of_credits,
    thousands_of_credits,
    four_hard_shares,
    shares_and_a_year_of_rest,
    one_artist_resting,
    guests_everywhere,
    crowds_that_stay,
]


def time_of(case: Case) -> float:
    """Return the seconds of the processor that a list takes."""
    library, rules, resting = case
    started = time.process_time()
    drawn = draw(library, rules, resting, (1, 1, 1))
    if drawn.places:
        sequence_around(library, drawn.rows, rules, (1, 1, 1), drawn.places)
    else:
        sequence(library, drawn.rows, rules, (1, 1, 1))
    return time.process_time() - started


class TestExtremes:
    @pytest.mark.parametrize("make_case", CASES)
    def test_end_soon(self, make_case: Callable[[], Case]) -> None:
        assert any(time_of(make_case()) < MOST_S for _ in range(TRIES))
