"""Random numbers that stay the same on every machine and numpy release."""

from collections.abc import Sequence

import numpy as np

from playlists.sampler.arrays import Float64s, Int64s

DRAW_STREAM = 0
SEQUENCE_STREAM = 1
STAY_STREAM = 2
POOL_WORDS = 4
"""So many words of a seed come before the key of a stream, or zeros in their place."""


class Bits:
    """Uniform numbers made from the raw 64-bit words of a seeded PCG64.

    numpy promises the words of `SeedSequence` and `PCG64` for good, but not those of
    its distributions. Streams of one seed are independent of each other.

    :raises ValueError: when a word of the seed is negative.
    """

    def __init__(self, seed: Sequence[int], stream: int) -> None:
        words = [word for number in seed for word in _words_of(number)]
        words += [0] * (POOL_WORDS - len(words))
        root = np.random.SeedSequence(np.array([*words, stream], np.uint32))
        self._words = np.random.PCG64(root)

    def uniforms(self, count: int) -> Float64s:
        """Return numbers in [0, 1), multiples of 2**-53."""
        words = np.asarray(self._words.random_raw(count), np.uint64)
        words >>= np.uint64(11)
        return words.astype(np.float64) * 2.0**-53

    def exponentials(self, count: int) -> Float64s:
        """Return numbers of the standard exponential law, by -log of a uniform."""
        return np.negative(np.log(1.0 - self.uniforms(count)))

    def permutation(self, count: int) -> Int64s:
        """Return 0..count-1 in random order."""
        return np.argsort(self.uniforms(count), kind="stable")


def _words_of(number: int) -> list[int]:
    """Return the 32-bit words of a whole number, the lowest first.

    `SeedSequence` would do the same, in several times as long.
    """
    if number < 0:
        raise ValueError("A seed is made of non-negative numbers")
    words = [number & 0xFFFFFFFF]
    while number := number >> 32:
        words.append(number & 0xFFFFFFFF)
    return words
