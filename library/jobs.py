"""The kinds of run that this app can carry out."""

from dataclasses import asdict
from datetime import datetime

from automation import runtime
from automation.models import Run
from automation.registry import kind
from library import services
from library.services import describing, freshness
from library.services.ingesting import KIND
from vibe_engine import clock


@kind(KIND)
def ingest_album(run: Run) -> dict[str, object]:
    """Take one album in, or read it again."""
    return asdict(services.ingest_album(run=run, now=clock.now()))


def _something_is_lacking(now: datetime) -> bool:
    return services.something_is_lacking(settings=runtime.load(), now=now)


@kind(describing.KIND, wanted=_something_is_lacking, schedulable=True)
def fetch_features(run: Run) -> dict[str, object]:
    """Ask the sources in order for the audio features that are lacking."""
    settings = runtime.load()
    return asdict(services.fetch_features(run=run, settings=settings, now=clock.now()))


def _something_is_stale(now: datetime) -> bool:
    return freshness.something_is_stale(settings=runtime.load(), now=now)


@kind(freshness.KIND, wanted=_something_is_stale, schedulable=True)
def refresh_content(run: Run) -> dict[str, object]:
    """Read again what is older than the settings say; forget what is far older."""
    settings, now = runtime.load(), clock.now()
    forgotten = freshness.forget_overdue(run=run, settings=settings, now=now)
    opened = freshness.refresh_stale(settings=settings, now=now)
    return {"opened": opened, "forgotten": forgotten}
