"""The arithmetic that the proofs by the clock are judged with."""

import numpy as np
import pytest

from tests.storm.exposure import (
    busiest,
    exposure_of,
    fair_shares,
    gini,
    uniform_lists,
)


class TestBusiest:
    @pytest.mark.parametrize(
        ("moments_s", "most"),
        [
            ([], 0),
            ([5.0], 1),
            ([0.0, 30.0, 60.0], 1),
            ([0.0, 29.9, 30.0, 59.0], 3),
            ([59.0, 0.0, 30.0, 29.9], 3),
            ([1.0, 1.0, 1.0, 40.0], 3),
        ],
    )
    def test_counts_what_falls_into_a_window_open_at_its_beginning(
        self, moments_s: list[float], most: int
    ) -> None:
        assert busiest(moments_s, window_s=30) == most


class TestGini:
    @pytest.mark.parametrize(
        ("counts", "found"),
        [([3, 3, 3, 3], 0.0), ([0, 0, 0, 8], 0.75), ([0, 0], 0.0), ([1, 3], 0.25)],
    )
    def test_is_none_where_all_are_alike(self, counts: list[int], found: float) -> None:
        assert gini(np.array(counts)) == pytest.approx(found)


class TestExposure:
    def test_counts_uses_and_the_days_between_them(self) -> None:
        tracks, days = np.array([0, 2, 0, 2, 0]), np.array([10, 4, 1, 6, 4])
        found = exposure_of(tracks, days, library=4)
        assert (found.coverage, found.fewest, found.most) == (0.5, 0, 3)
        assert found.mean_rest_days == pytest.approx((3 + 6 + 2) / 3)

    def test_of_uniform_lists_is_known(self) -> None:
        tracks, days = uniform_lists([1, 6], size=50, library=50, seed=1)
        found = exposure_of(tracks, days, library=50)
        assert (found.coverage, found.gini, found.mean_rest_days) == (1.0, 0.0, 5.0)


class TestFairShares:
    @pytest.mark.parametrize(
        ("count", "shares"),
        [(0, [0, 0, 0]), (4, [2, 1, 1]), (8, [5, 2, 1]), (99, [9, 2, 1])],
    )
    def test_lets_all_take_turns_until_one_has_all_of_its_own(
        self, count: int, shares: list[int]
    ) -> None:
        assert fair_shares([9, 2, 1], count=count) == shares
