"""What the home page shows at once, in few queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Count, Max, Min, OuterRef, Q, Subquery, Sum
from django.utils import timezone

from accounts.models import Account, Usage
from automation.models import Run
from library import reads as library
from library.models import Track
from library.reads import Tally
from playlists.models import Playlist, PlaylistSnapshot

NEXT_UP = 7
LATEST = 6
WINDOW = 20_000
"""Newest keys among which runs are looked for that no schedule opened."""
LOOKED_THROUGH = 100
"""Newest runs among which the latest different ones are found."""


@dataclass(frozen=True)
class Fleet:
    """The playlists of the fleet at one moment; `today` is the person's day.

    `due` counts what should have been reshuffled by now, `to_come` what falls due
    later today, `next_at` is when the next one does.
    """

    playlists: int
    active: int
    paused: int
    due: int
    to_come: int
    done_today: int
    next_at: datetime | None
    last_sync: datetime | None

    @property
    def fresh(self) -> int:
        """Active playlists that are not due."""
        return self.active - self.due

    @property
    def today(self) -> int:
        """Playlists that have had or will have their turn today."""
        return self.done_today + self.due + self.to_come


@dataclass(frozen=True)
class Stock:
    """The library at one moment, as far as it can be counted quickly."""

    albums: Tally
    tracks: Tally
    held: Tally
    unused: Tally

    @property
    def usable(self) -> int:
        """Tracks that nobody holds back."""
        return self.tracks.number - self.held.number

    @property
    def used_percent(self) -> float:
        """Share of the usable tracks that a list has held, in percent.

        An upper bound where the unused ones are too many to count.
        """
        if self.usable <= 0:
            return 0.0
        return 100 * max(0, self.usable - self.unused.number) / self.usable


@dataclass(frozen=True)
class Coming:
    """A playlist whose turn comes next, with the energies of its present list."""

    playlist: Playlist
    energies: Sequence[float | None]


def day_start(now: datetime, *, days: int = 0) -> datetime:
    """Return when the person's day began, or that of so many days later."""
    day = timezone.localdate(now) + timedelta(days=days)
    return datetime.combine(day, time(), timezone.get_current_timezone())


def fleet(*, now: datetime) -> Fleet:
    """Return the fleet's figures with one query."""
    active = Q(status=Playlist.Status.ACTIVE)
    working = active & Q(account__status=Account.Status.ACTIVE)
    ahead = working & Q(next_reshuffle_at__gt=now)
    today, tomorrow = day_start(now), day_start(now, days=1)
    row = Playlist.objects.managed().aggregate(
        playlists=Count("pk"),
        active=Count("pk", filter=active),
        paused=Count("pk", filter=Q(status=Playlist.Status.PAUSED)),
        due=Count("pk", filter=working & Q(next_reshuffle_at__lte=now)),
        to_come=Count("pk", filter=ahead & Q(next_reshuffle_at__lt=tomorrow)),
        done_today=Count("pk", filter=Q(last_reshuffled_at__gte=today)),
        next_at=Min("next_reshuffle_at", filter=ahead),
        last_sync=Max("last_reshuffled_at"),
    )
    return Fleet(**row)


def stock() -> Stock:
    """Return the library's figures with one query."""
    held = library.holdings()
    return Stock(held.albums, held.tracks, held.held, held.unused)


def next_up(*, limit: int = NEXT_UP) -> list[Coming]:
    """Return the playlists whose turn comes next, with two queries."""
    current = PlaylistSnapshot.objects.current().filter(playlist=OuterRef("pk"))
    rows = list(
        Playlist.objects.filter(
            status=Playlist.Status.ACTIVE,
            account__status=Account.Status.ACTIVE,
            next_reshuffle_at__isnull=False,
        )
        .select_related("account")
        .annotate(plan=Subquery(current.values("plan")[:1]))
        .order_by("next_reshuffle_at", "pk")[:limit]
    )
    plans = [PlaylistSnapshot.unpack(row.plan or b"") for row in rows]  # type: ignore[attr-defined]
    heard = {pk for plan in plans for pk in plan}
    energies = dict(Track.objects.filter(pk__in=heard).values_list("pk", "energy"))
    return [
        Coming(row, [energies.get(pk) for pk in plan])
        for row, plan in zip(rows, plans, strict=True)
    ]


def calls_by_hour(*, now: datetime) -> list[int]:
    """Return the calls to Spotify in each of the last 24 hours, oldest first."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    first = this_hour - timedelta(hours=23)
    rows = Usage.objects.filter(hour__gte=first).values("hour").annotate(n=Sum("calls"))
    found = {row["hour"]: int(row["n"]) for row in rows.order_by("hour")}
    return [found.get(first + timedelta(hours=hour), 0) for hour in range(24)]


def latest_runs(*, limit: int = LATEST) -> list[Run]:
    """Return the newest runs that have ended, without a bulk's children.

    What a schedule does again and again shows once, by its latest run.
    """
    last = Run.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    runs = Run.objects.top_level().for_table().filter(pk__gt=last - WINDOW)
    ended = runs.filter(state__in=Run.TERMINAL)
    newest: dict[object, Run] = {}
    for run in ended.exclude(subject__startswith="schedule:")[:LOOKED_THROUGH]:
        newest.setdefault((run.kind, run.subject) if run.subject else run.pk, run)
    return list(newest.values())[:limit]
