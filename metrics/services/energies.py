"""How driving the newest lists are, kept with the hourly figures: no list changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Avg, Case, FloatField, OuterRef, Subquery, When

from playlists.models import HistoryEntry, PlaylistSnapshot
from playlists.models.snapshots import PlaylistSnapshotQuerySet

MOST_KEPT = 2_000
KEPT_FOR = timedelta(hours=26)
"""The longest day, and an hour for the figures to come late."""
FRESH = 40
"""Newest lists whose tracks are read for a page where the library is large."""
MEANWHILE = timedelta(minutes=1)
"""Lists that were being confirmed while figures were counted may be younger."""


@dataclass(frozen=True)
class Energies:
    """The mean energies of lists by primary key, None for those of unknown energy.

    They were counted at `taken_at`, None where nothing is kept. Of lists that are not
    among them the newest `most` are read from their tracks.
    """

    kept: Mapping[int, float | None] = field(default_factory=dict)
    taken_at: datetime | None = None
    most: int = MOST_KEPT

    def of(self, pk: int, fresh: float | None) -> float | None:
        """Return a list's energy, as kept or as read just now."""
        return self.kept.get(pk, fresh)

    def fresh(self, lists: PlaylistSnapshotQuerySet) -> Case:
        """Return the column that reads what is not kept, empty in all other rows."""
        newer = lists.order_by("-confirmed_at", "pk")
        if self.taken_at is not None:
            newer = newer.filter(confirmed_at__gt=self.taken_at - MEANWHILE)
        read = newer.values("pk")[: self.most]
        return Case(When(pk__in=read, then=_mean()), output_field=FloatField())


def _mean() -> Subquery:
    entries = HistoryEntry.objects.filter(snapshot=OuterRef("pk")).order_by()
    means = entries.values("snapshot").annotate(mean=Avg("track__energy"))
    return Subquery(means.values("mean"))


def read_energies(*, now: datetime) -> dict[int, float | None]:
    """Return the energies of the lists of the last day, the newest if they are many."""
    lists = PlaylistSnapshot.objects.confirmed().filter(
        confirmed_at__gte=now - KEPT_FOR
    )
    newest = lists.order_by("-confirmed_at", "pk")[:MOST_KEPT]
    return dict(newest.annotate(energy=_mean()).values_list("pk", "energy"))
