"""The fleet's figures at one moment, written down once a slot."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Avg, Count, Q, Sum

from accounts.models import Account, Usage
from automation.models import Run
from automation.runtime import RuntimeSettings
from library.models import Track
from metrics.models import MetricSnapshot
from metrics.services.rests import count_rests
from playlists.models import Playlist, PlaylistSnapshot
from playlists.services import outlook

DAY = timedelta(days=1)
MOST_REPORTS = 2_000
"""Newest lists of the day from whose reports the mean rest is taken."""


@dataclass(frozen=True)
class Figures:
    """What one snapshot holds; the last 24 hours where a name says so.

    `coverage` is the share (0 to 1) of the usable tracks that a list has held,
    `mean_rest_days` how long the tracks of the day's new lists had rested; both are
    None where nothing can be said.
    """

    accounts: int
    playlists: int
    tracks: int
    usable: int
    done_24h: int
    failed_24h: int
    calls_24h: int
    tracks_per_playlist: float | None
    coverage: float | None
    mean_rest_days: float | None
    short_lists: int = 0
    """Lists on Spotify that hold fewer tracks than their playlist asked for."""


def slot_of(grain: str, moment: datetime) -> datetime:
    """Return the hour or the day (both of UTC) that a moment belongs to."""
    hour = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return hour if grain == MetricSnapshot.Grain.HOURLY else hour.replace(hour=0)


def take(
    *,
    grain: str,
    slot: datetime,
    now: datetime,
    settings: RuntimeSettings | None = None,
) -> bool:
    """Write the figures of `now` down as those of a slot, unless they stand there.

    Returns whether they were written. A slot that nobody looked at stays a gap. With
    settings it also holds how much is used of what bounds the fleet (1 is all of it).
    """
    if MetricSnapshot.objects.filter(grain=grain, slot=slot).exists():
        return False
    figures = asdict(measure(now=now)) | (_used(settings) if settings else {})
    _, is_new = MetricSnapshot.objects.get_or_create(
        grain=grain, slot=slot, defaults={"taken_at": now, "figures": figures}
    )
    return is_new


def measure(*, now: datetime) -> Figures:
    """Count the fleet's figures with nine queries."""
    since = now - DAY
    library = Track.objects.aggregate(
        tracks=Count("pk"),
        usable=Count("pk", filter=_USABLE),
        used=Count("pk", filter=_USABLE & Q(use_count__gt=0)),
    )
    lists = PlaylistSnapshot.objects.current()
    used = library.pop("used")
    return Figures(
        accounts=Account.objects.count(),
        playlists=Playlist.objects.managed().count(),
        **library,
        done_24h=_ended(Run.State.DONE, since),
        failed_24h=_ended(Run.State.FAILED, since),
        calls_24h=_calls(since),
        tracks_per_playlist=lists.aggregate(n=Avg("track_count"))["n"],
        coverage=used / library["usable"] if library["usable"] else None,
        mean_rest_days=_mean_rest_days(since),
        short_lists=lists.filter(report__shortfall__gt=0).count(),
    )


def _used(settings: RuntimeSettings) -> dict[str, float]:
    """Return how much of each bound is used, by the name of the figure."""
    accounts = list(Account.objects.for_table())
    ratios = outlook.look_ahead(settings=settings, accounts=accounts).ratios()
    return {f"{name}_used": ratio for name, ratio in ratios.items()}


_USABLE = Q(is_usable=True, is_playable=True)


def _ended(state: str, since: datetime) -> int:
    return Run.objects.filter(
        kind="playlists.reshuffle", state=state, is_bulk=False, finished_at__gte=since
    ).count()


def _calls(since: datetime) -> int:
    hours = Usage.objects.filter(hour__gte=since)
    return hours.aggregate(n=Sum("calls"))["n"] or 0


def _mean_rest_days(since: datetime) -> float | None:
    lists = PlaylistSnapshot.objects.current().filter(confirmed_at__gte=since)
    rested = count_rests(lists.order_by("-confirmed_at")[:MOST_REPORTS])
    if not rested:
        return None
    return sum(days * number for days, number in rested.items()) / rested.total()
