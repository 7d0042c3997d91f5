"""How a group of playlists is doing."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import CharField, Count, Min, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from automation.models import Run
from library.models import Track
from library.reads import Tally, holdings
from playlists.models import Label, Playlist, PlaylistSnapshot

DAY = timedelta(days=1)
KIND = "playlists.reshuffle"
MOST_LISTS = 2_000
MOST_REPORTS = 200
"""Mean rest is taken from so many of the newest lists: each report is some kB."""


@dataclass(frozen=True)
class GroupState:
    """How many playlists of a group are in which state, and when the next is due."""

    playlists: int
    active: int
    due: int
    paused: int
    missing: int
    next_at: datetime | None


@dataclass(frozen=True)
class GroupReport:
    """What a group's lists hold, and how its last reshuffles ended.

    `tracks` are the different tracks in its present lists, of `pool` usable ones that
    its playlists draw from, `places` all their places; `most_lists` is in how many of
    them the most exposed track stands. `mean_rest_days` is None where nothing has
    come back yet.
    """

    done_24h: int
    failed_24h: int
    lists: int
    places: int
    tracks: int
    pool: Tally
    most_lists: int
    mean_rest_days: float | None

    @property
    def coverage_percent(self) -> float:
        """Share of the pool that stands in a list now, in percent."""
        pool = self.pool.number
        return 100 * min(1.0, self.tracks / pool) if pool else 0.0


def playlists_of(label: Label) -> QuerySet[Playlist]:
    """Return the managed playlists that carry a label."""
    return Playlist.objects.managed().filter(labels=label)


def state_of_group(*, label: Label, now: datetime) -> GroupState:
    """Count a group's playlists by state, with one query."""
    active = Q(status=Playlist.Status.ACTIVE)
    due = Q(pk__in=Playlist.objects.due(now=now).values("pk"))
    ahead = active & Q(next_reshuffle_at__gt=now)
    return GroupState(
        **playlists_of(label).aggregate(
            playlists=Count("pk"),
            active=Count("pk", filter=active),
            due=Count("pk", filter=due),
            paused=Count("pk", filter=Q(status=Playlist.Status.PAUSED)),
            missing=Count("pk", filter=Q(status=Playlist.Status.MISSING)),
            next_at=Min("next_reshuffle_at", filter=ahead),
        )
    )


def report_on_group(*, label: Label, now: datetime) -> GroupReport:
    """Look into a group's present lists and last runs, with seven queries.

    Of larger groups the newest two thousand lists are looked into.
    """
    playlists = playlists_of(label)
    current = PlaylistSnapshot.objects.current().filter(playlist__in=playlists)
    newest = current.order_by("-confirmed_at", "pk")
    plans = newest.values_list("plan", flat=True)[:MOST_LISTS]
    unpacked = [PlaylistSnapshot.unpack(plan) for plan in plans]
    exposed = Counter(pk for plan in unpacked for pk in plan)
    return GroupReport(
        done_24h=current.filter(confirmed_at__gte=now - DAY).count(),
        failed_24h=_failed(playlists, since=now - DAY),
        lists=len(unpacked),
        places=sum(map(len, unpacked)),
        tracks=len(exposed),
        pool=_count_pool(playlists),
        most_lists=max(exposed.values(), default=0),
        mean_rest_days=_mean_rest_days(newest),
    )


def _failed(playlists: QuerySet[Playlist], *, since: datetime) -> int:
    subject = Concat(Value("playlist:"), Cast("pk", CharField()))
    failed = Run.objects.filter(
        kind=KIND,
        state=Run.State.FAILED,
        finished_at__gte=since,
        subject__in=playlists.annotate(subject_of=subject).values("subject_of"),
    )
    return failed.count()


def _count_pool(playlists: QuerySet[Playlist]) -> Tally:
    """Count the usable tracks that the playlists draw from.

    Of a large library that is about what nobody holds back: counting takes long.
    """
    tracks = Track.objects.usable()
    if not playlists.filter(collections=None).exists():
        drawn = Playlist.collections.through.objects.filter(playlist__in=playlists)
        ids = drawn.values("collection_id")
        tracks = tracks.filter(album__collectionalbum__collection__in=ids).distinct()
        return Tally(tracks.count())
    whole = holdings()
    if whole.tracks.word:
        return Tally(whole.tracks.number - whole.held.number, whole.tracks.word)
    return Tally(tracks.count())


def _mean_rest_days(newest: QuerySet[PlaylistSnapshot]) -> float | None:
    """Return how long the tracks had rested that came back; days, from the reports."""
    reports = newest.values_list("report__per_track", "report__seed")[:MOST_REPORTS]
    rested = [
        seed[2] - last_day
        for notes, seed in reports
        for last_day, _ in (notes or {}).values()
        if last_day is not None and seed
    ]
    return sum(rested) / len(rested) if rested else None
