"""The draw: from library, rules and rest to the tracks of one list."""

from dataclasses import dataclass

from playlists.sampler.library import Library
from playlists.sampler.pool import Pool
from playlists.sampler.report import Report
from playlists.sampler.rest import Resting
from playlists.sampler.rules import Rules


@dataclass(frozen=True)
class Draw:
    """The drawn rows of the library in drawing order, their track ids, the report."""

    rows: tuple[int, ...]
    track_ids: tuple[int, ...]
    report: Report


def draw(
    library: Library,
    rules: Rules,
    resting: Resting,
    seed: tuple[int, int, int],
    *,
    pool: Pool | None = None,
) -> Draw:
    """Draw one list; the same arguments always give the same list.

    `seed` is (seed, playlist, batch), none negative. `pool` may be handed in where
    many draws share one library and rule set.
    """
    raise NotImplementedError
