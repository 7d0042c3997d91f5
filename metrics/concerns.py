"""What the figures show that needs a person."""

from datetime import datetime, timedelta

from django.urls import reverse

from automation.models import Topic
from automation.notices.concerns import Concern, Note
from automation.runtime import RuntimeSettings
from metrics.models import MetricSnapshot

FEWEST = 3
"""So few lists that are too short are nothing to tell of."""
DAY = timedelta(days=1)


def collect(*, note: Note, settings: RuntimeSettings, now: datetime) -> None:
    """Note that more lists are shorter than asked than a day ago."""
    hourly = MetricSnapshot.objects.filter(
        grain=MetricSnapshot.Grain.HOURLY, slot__gt=now - 2 * DAY, slot__lte=now
    )
    newest = hourly.order_by("-slot").first()
    if newest is None:
        return
    before = hourly.filter(slot__lte=newest.slot - DAY).order_by("-slot").first()
    if before is None:
        return
    short, was = (int(one.figures.get("short_lists", 0)) for one in (newest, before))
    if short >= FEWEST and short > was:
        note(_shortfall(short, was, since=before.slot))


def _shortfall(short: int, was: int, *, since: datetime) -> Concern:
    return Concern(
        topic=Topic.SHORTFALL,
        key="shortfall",
        title=f"{short:,} lists hold fewer tracks than asked",
        text=f"A day before it were {was:,}; the library grows too small for the rules.",
        todo="Take in more albums, or ease the rules of the playlists that are short.",
        path=reverse("playlists:list"),
        since=since,
    )
