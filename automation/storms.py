"""The storm guard: pushes stop by themselves when they go wrong, or are far too many.

The engine asks in each round. What it finds begins the same stop that a person's
button begins, in the name of Vibe Engine and with the reason; so everything waits,
nothing is lost, and one button resumes. Only what happened after the last resume
counts, so that the same cause does not stop everything at once again.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count, Q
from django.db.models.functions import TruncDate

from automation import causes, holds, registry
from automation.causes import Reach
from automation.models import Hold, Run, RunQuerySet
from automation.runtime import RuntimeSettings
from vibe_engine import words

USUAL = timedelta(days=14)
"""How far back the busiest day is looked for that a surge is measured by."""
KNOWN = timedelta(hours=12)
"""How long something has been pushed before there is a usual day.

Else the first minutes of a long day's work would soon be what the rest is held to.
"""
SET_ASIDE = tuple(
    reason
    for reason, cause in causes.CAUSES.items()
    if cause.reach == Reach.PLAYLIST and cause.wants_a_person
)
"""Why a push is blocked that failed as far as its playlist is concerned."""
LONGEST_ERROR = 100


@dataclass(frozen=True)
class Tally:
    """How pushes ended since a moment; those set aside for a person are `failed`."""

    ended: int
    failed: int

    def is_storm(self, settings: RuntimeSettings) -> bool:
        """Whether more than the set share has failed, of enough pushes."""
        share = settings.guard_failed_percent
        is_enough = self.ended >= settings.guard_fewest_pushes
        return bool(share) and is_enough and 100 * self.failed > share * self.ended


def guard(*, settings: RuntimeSettings, now: datetime) -> bool:
    """Stop all pushes if they are in a storm; return whether they were stopped now."""
    last = Hold.objects.filter(kind=Hold.Kind.STOP).order_by("-pk").first()
    if last is not None and last.ended_at is None:
        return False
    since = now - window(settings)
    if last is not None and last.ended_at is not None:
        since = max(since, last.ended_at)
    reason = _failing(settings, since=since) or _surging(settings, since=since)
    return bool(reason) and holds.stop_writing(now=now, reason=reason)


def window(settings: RuntimeSettings) -> timedelta:
    """Return the time within which pushes are counted."""
    return timedelta(minutes=settings.guard_window_minutes)


def tally(*, since: datetime) -> Tally:
    """Count the pushes that ended, or were set aside, after a moment; one query."""
    ended = Q(state__in=(Run.State.DONE, Run.State.FAILED), finished_at__gt=since)
    counted = _pushes().filter(ended | _set_aside(since))
    counts = counted.aggregate(
        ended=Count("pk"), failed=Count("pk", filter=_failed(since))
    )
    return Tally(**counts)


def _failing(settings: RuntimeSettings, *, since: datetime) -> str:
    """Return that too many pushes fail, in words, "" if they do not."""
    found = tally(since=since)
    if not found.is_storm(settings):
        return ""
    span = words.duration(settings.guard_window_minutes * 60)
    text = f"{found.failed:,} of {found.ended:,} pushes failed within {span}."
    common = _pushes().filter(_failed(since)).exclude(error="").values_list("error")
    most = common.annotate(n=Count("pk")).order_by("-n", "error").first()
    if most is None or most[1] == 1:
        return text
    return f"{text} Most often: {most[0][:LONGEST_ERROR]}"


def _surging(settings: RuntimeSettings, *, since: datetime) -> str:
    """Return that schedules would change far too much, in words, "" if not.

    What people ask for has been confirmed by them and does not count. A fleet that
    began to push less than half a day ago, or after two weeks, has no usual day to
    measure by.
    """
    if not settings.guard_surge_factor:
        return ""
    opened = _routine(since)
    if opened < settings.guard_fewest_changes:
        return ""
    usual = _busiest_day(before=since)
    if not usual or opened <= settings.guard_surge_factor * usual:
        return ""
    span = words.duration(settings.guard_window_minutes * 60)
    return (
        f"Schedules would change {opened:,} playlists within {span}; on the busiest "
        f"day of the last two weeks it was {usual:,}."
    )


def _routine(since: datetime) -> int:
    """Return how many playlists the work changes that schedules opened since then."""
    opened = _pushes().filter(
        Q(state__in=Run.ACTIVE) | Q(finished_at__gt=since),
        created_at__gt=since,
        priority__lt=Run.Priority.INTERACTIVE,
    )
    left = opened.exclude(state=Run.State.CANCELLED)
    return int(left.aggregate(n=Count("subject", distinct=True))["n"])


def _busiest_day(*, before: datetime) -> int:
    """Return how many playlists were changed on the busiest day of two weeks.

    0 where nothing was pushed for so long, but for the last half day.
    """
    done = _pushes().filter(
        state=Run.State.DONE,
        finished_at__gt=before - USUAL,
        finished_at__lte=before,
    )
    if not done.filter(finished_at__lte=before - KNOWN).exists():
        return 0
    days = done.values_list(TruncDate("finished_at", tzinfo=UTC))
    counts = days.annotate(n=Count("subject", distinct=True)).order_by("-n")
    return next((n for _, n in counts[:1]), 0)


def _pushes() -> RunQuerySet:
    """Return the runs that write to Spotify."""
    single = Run.objects.filter(is_bulk=False, kind__in=registry.writing())
    return single.order_by()


def _failed(since: datetime) -> Q:
    failed = Q(state=Run.State.FAILED, finished_at__gt=since)
    return failed | _set_aside(since)


def _set_aside(since: datetime) -> Q:
    return Q(state=Run.State.BLOCKED, reason__in=SET_ASIDE, started_at__gt=since)
