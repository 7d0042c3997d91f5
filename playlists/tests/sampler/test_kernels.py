"""What the kernels of the draw stand on: random words, and the look-up of a row."""

import numpy as np
import pytest

from playlists.sampler import Rules, build_pool
from playlists.sampler.bits import Bits
from playlists.tests.sampler.libraries import make_library


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
