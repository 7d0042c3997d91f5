"""The fleet against everything that bounds it: library, budgets, accounts."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from accounts.models import Account
from automation.runtime import RuntimeSettings
from library import reads as library
from library.services import freshness
from playlists.services import capacity
from playlists.services.capacity import LibraryLoad, WriteLoad
from playlists.services.supplies import Supplies

MOST_GROUPS = 8
"""Groups of playlists that are looked at, the largest first."""
FAR_TOO_MUCH = 1_000.0
"""Stands for any greater ratio, so that every one is a finite number."""


@dataclass(frozen=True)
class Load:
    """How much is asked of something, and how much it can give, in its own unit."""

    asked: int
    most: int

    @property
    def ratio(self) -> float:
        """What is asked against what is there."""
        if not self.asked:
            return 0.0
        return self.asked / self.most if self.most else math.inf


@dataclass(frozen=True)
class Outlook:
    """What each bound still carries.

    `library` has one entry for each of the largest groups of playlists with the same
    rules and collections; `other_groups` are not looked at. `places` counts playlists
    of the usable accounts, `albums` those that are kept fresh within the daily
    catalogue calls.
    """

    library: Sequence[LibraryLoad]
    other_groups: int
    writes: Sequence[WriteLoad]
    places: Load
    albums: Load

    def ratios(self) -> dict[str, float]:
        """Return for each sort of bound how much of it is used, the fullest counts."""
        by_sort: dict[str, Iterable[float]] = {
            "library": (load.ratio for load in self.library),
            "writes": (load.ratio for load in self.writes),
            "places": (self.places.ratio,),
            "catalogue": (self.albums.ratio,),
        }
        return {
            name: min(FAR_TOO_MUCH, max(ratios, default=0.0))
            for name, ratios in by_sort.items()
        }


def look_ahead(*, settings: RuntimeSettings, accounts: Sequence[Account]) -> Outlook:
    """Return how far library, budgets and accounts carry the fleet as it is.

    `accounts` come with their apps and developers. Three queries, and the reading of
    the library where it has changed.
    """
    fleet = capacity.read_fleet(settings=settings)
    supplies = Supplies()
    shown = fleet.groups[:MOST_GROUPS]
    writes = capacity.write_loads(fleet, accounts=accounts, settings=settings)
    usable = [one for one in accounts if one.status == Account.Status.ACTIVE]
    return Outlook(
        library=[
            capacity.library_load(one, others=shown, supplies=supplies) for one in shown
        ],
        other_groups=len(fleet.groups) - len(shown),
        writes=list(writes.values()),
        places=Load(
            sum(one.playlists_count for one in usable),
            settings.max_playlists_per_account * len(usable),
        ),
        albums=Load(
            library.holdings().albums.number, _albums_kept_fresh(writes, settings)
        ),
    )


def _albums_kept_fresh(writes: dict[int, WriteLoad], settings: RuntimeSettings) -> int:
    """Return how many albums can be read again within their age, one call each."""
    calls = [load.developer.catalogue_calls_a_day for load in writes.values()]
    return max(calls, default=0) // freshness.SHARE * settings.content_max_age_days
