"""Exchanging picks where a greedy list stops short of a possible one."""

import os
import random
from collections import Counter

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from playlists.sampler import Library, Resting, Rules, draw
from playlists.sampler.packing import Budget
from playlists.sampler.picks import Picks
from playlists.sampler.repair import MOST_CANDIDATES, repair
from playlists.tests.sampler.libraries import TODAY, make_library

STORM = os.environ.get("VIBE_STORM") == "1"
CAP_1 = Rules(size=3, artist_cap=1, ladder=())


def repaired(library: Library, rules: Rules, picked: list[int]) -> Picks:
    picks = Picks(library, rules)
    assert all(picks.try_add(row) for row in picked)
    repair(picks, np.arange(len(library)), rules.size, Budget())
    return picks


class TestRepair:
    def test_exchanges_one_track_by_three_artists_for_three(self) -> None:
        library = make_library([[1, 2, 3], [1], [2], [3]])
        assert sorted(repaired(library, CAP_1, [0]).rows) == [1, 2, 3]

    def test_follows_a_chain_of_exchanges(self) -> None:
        library = make_library([[2, 3], [4, 5], [1, 2], [3, 4], [5, 6]])
        assert sorted(repaired(library, CAP_1, [0, 1]).rows) == [2, 3, 4]

    def test_keeps_the_place_of_an_exchanged_pick(self) -> None:
        library = make_library([[1, 2], [9], [1], [2]])
        rows = repaired(library, CAP_1, [0, 1]).rows
        assert rows[1] == 1
        assert set(rows) == {1, 2, 3}

    def test_exchanges_a_release_for_another_of_the_same_recording(self) -> None:
        library = make_library([[1], [2], [1]], recording_ids=[5, 5, 6])
        assert sorted(repaired(library, CAP_1, [0]).rows) == [1, 2]

    def test_leaves_alone_what_cannot_grow(self) -> None:
        library = make_library([[1, 2], [1], [1, 3]])
        assert repaired(library, CAP_1, [0]).rows == [0]

    def test_finds_a_rare_way_out_among_many_like_tracks(self) -> None:
        many = [[1, 2]] * (2 * MOST_CANDIDATES)
        library = make_library([*many, [1], [2], [3]])
        assert len(repaired(library, CAP_1, [7]).rows) == 3

    @pytest.mark.parametrize("looks", [0, 1, 5, 60])
    def test_looks_no_longer_than_the_budget_of_a_draw(self, looks: int) -> None:
        dice = random.Random(3)
        credits = [dice.sample(range(40), 3) for _ in range(300)]
        library, rules = make_library(credits), Rules(size=100, artist_cap=2)
        picks, budget = Picks(library, rules), Budget(pricing=100_000, looks=looks)
        for _ in range(4):
            picks.add_in_order(np.arange(300), 100)
            repair(picks, np.arange(300), 100, budget)
        assert 0 <= budget.looks <= looks
        assert -300_000 < budget.pricing < 100_000
        counts = Counter(artist for row in picks.rows for artist in credits[row])
        assert max(counts.values()) == 2

    def test_stops_when_the_budget_is_used_up(self) -> None:
        library = make_library([[1, 2], [1], [2]])
        picks = Picks(library, CAP_1)
        picks.try_add(0)
        repair(picks, np.arange(3), 3, Budget(0))
        assert picks.rows == [0]

    @pytest.mark.parametrize("seed", range(2_000 if STORM else 60))
    def test_reaches_what_an_exact_solver_reaches(self, seed: int) -> None:
        dice = random.Random(seed)
        artists = dice.randint(4, 20)
        credits = [
            dice.sample(range(artists), dice.choice([1, 2, 2, 3]))
            for _ in range(dice.randint(20, 60))
        ]
        rules = Rules(size=50, artist_cap=dice.choice([1, 2]), ladder=())
        drawn = draw(make_library(credits), rules, Resting(TODAY), (seed, 1, 1))
        assert len(drawn.rows) == longest_list(credits, rules.artist_cap)


def longest_list(credits: list[list[int]], cap: int) -> int:
    """Return how many tracks a list can hold at most, by integer programming."""
    artists = sorted(Counter(artist for track in credits for artist in track))
    credited = np.array([[a in track for track in credits] for a in artists], float)
    answer = milp(
        -np.ones(len(credits)),
        constraints=LinearConstraint(credited, -np.inf, cap),
        integrality=np.ones(len(credits)),
        bounds=Bounds(0, 1),
    )
    return int(np.rint(-answer.fun))
