"""The order of a list: artists apart, transitions smooth, energy along an arc."""

from collections.abc import Sequence

from playlists.sampler.library import Library
from playlists.sampler.report import SequenceReport
from playlists.sampler.rules import Rules


def sequence(
    library: Library,
    rows: Sequence[int],
    rules: Rules,
    seed: tuple[int, int, int],
    *,
    steps: int = 8,
) -> tuple[list[int], SequenceReport]:
    """Put drawn rows in order; `steps` bounds the improvement (8, in bulk 4)."""
    raise NotImplementedError
