"""The kinds of run that this app can carry out."""

from dataclasses import asdict

from automation.models import Run
from automation.registry import kind
from library import services
from library.services.ingesting import KIND
from vibe_engine import clock


@kind(KIND)
def ingest_album(run: Run) -> dict[str, object]:
    """Take one album in, or read it again."""
    return asdict(services.ingest_album(run=run, now=clock.now()))
