"""What the kernels of the draw stand on: random words, and the look-up of a row."""

import numpy as np
import pytest

from playlists.sampler import Resting, Rules, build_pool
from playlists.sampler.arrays import Int64s
from playlists.sampler.bits import Bits
from playlists.sampler.preference import rest_weight
from playlists.sampler.rest import RestTable
from playlists.tests.sampler.libraries import TODAY, make_library


class TestBits:
    @pytest.mark.parametrize(
        "seed", [(0, 0, 0), (1, 2, 3), (2**32 - 1, 2**32, 2**70 + 5), (1, 2, 3, 4, 5)]
    )
    def test_are_the_words_of_a_stream_of_the_seed(self, seed: tuple[int, ...]) -> None:
        root = np.random.SeedSequence(list(seed), spawn_key=(1,))
        words = np.random.PCG64(root).random_raw(20)
        wanted = [int(word) // 2**11 / 2**53 for word in words]
        assert Bits(seed, 1).uniforms(20).tolist() == wanted

    def test_refuse_a_seed_below_zero(self) -> None:
        with pytest.raises(ValueError, match="non-negative"):
            Bits((1, -2, 3), 0)


class TestAt:
    @pytest.mark.parametrize("count", [1, 2, 3, 50, 1_000])
    def test_points_where_the_running_sums_reach_a_number(self, count: int) -> None:
        dice = np.random.default_rng(count)
        uses = np.where(dice.random(count) < 0.5, 0, dice.integers(0, 900, count))
        library = make_library([[1]] * count, use_count=uses.tolist())
        pool = build_pool(library, Rules())
        uniforms = np.concatenate((dice.random(5_000), [0.0, 1.0 - 2.0**-53]))
        weights = uniforms * pool.prefix[-1]
        wanted = np.searchsorted(pool.prefix, weights, side="right")
        assert (pool.at(uniforms) == wanted.clip(0, count - 1)).all()


class TestChances:
    @pytest.mark.parametrize("cooldown", [0, 1, 7, 40])
    @pytest.mark.parametrize("known", [0, 3, 150])
    @pytest.mark.parametrize("has_others", [False, True])
    def test_are_those_of_the_longest_rest_and_none_where_it_lasts(
        self, cooldown: int, known: int, *, has_others: bool
    ) -> None:
        dice = np.random.default_rng(known + cooldown)
        used = dice.integers(TODAY - 60, TODAY + 3, 400)
        used[dice.random(400) < 0.3] = -1
        library = make_library([[1]] * 400, last_used_day=used.tolist())
        recordings = (dice.permutation(400)[:known] + 1).tolist()
        left = {one: int(dice.integers(TODAY - 60, TODAY + 2)) for one in recordings}
        elsewhere = {5: TODAY, 6: TODAY - 30} if has_others else {}
        resting = Resting(TODAY, set(recordings[::5]), left, elsewhere)
        rest = RestTable.of(library, resting)
        pool = build_pool(library, Rules(cooldown_days=cooldown))
        rows = dice.integers(0, 400, 1_000)
        chances = pool.chances(rows, rest)
        days = np.maximum(used[rows], _days_left(left, rows))
        wanted = rest_weight(days, TODAY, pool.mean_day)
        wanted[np.isin(rows, rest.barred(cooldown))] = 0.0
        assert chances.tolist() == wanted.tolist()
        assert (chances == 0.0).any() == bool(cooldown and (known or has_others))


def _days_left(left: dict[int, int], rows: Int64s) -> Int64s:
    """Return on which day each row's recording, one more than the row, last left."""
    return np.array([left.get(row + 1, -1) for row in rows.tolist()], np.int64)
