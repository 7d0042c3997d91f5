"""What falls due in the days to come."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, ExpressionWrapper, Q

from accounts.models import Account
from automation.runtime import RuntimeSettings
from metrics.reads import day_start
from playlists.models import Playlist
from playlists.services import spreading

DAYS_AHEAD = 7


@dataclass(frozen=True)
class Turn:
    """One coming reshuffle; `waits` says that its account cannot work now."""

    account: int
    name: str
    at: datetime
    waits: bool


def agenda(*, settings: RuntimeSettings, now: datetime) -> list[Turn]:
    """Return what falls due up to a week ahead, repeated turns of one playlist too.

    Turns that are over but not taken yet stand at their time.
    """
    until = day_start(now, days=DAYS_AHEAD)
    works = Q(account__status=Account.Status.ACTIVE)
    waits = ExpressionWrapper(~works, output_field=BooleanField())
    active = Playlist.objects.filter(
        status=Playlist.Status.ACTIVE, next_reshuffle_at__lt=until
    )
    columns = ("account", "name", "next_reshuffle_at", waits, "pk", *spreading.COLUMNS)
    turns = []
    for account, name, at, is_held, *values in active.values_list(*columns):
        rhythm = spreading.Rhythm.of_values(*values, settings=settings)
        while at < until:
            turns.append(Turn(account, name, at, is_held))
            at = spreading.due_after(rhythm, last_at=max(at, now), settings=settings)
    return turns
