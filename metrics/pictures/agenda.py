"""What falls due in the days to come."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import Account
from automation.runtime import RuntimeSettings
from metrics.reads import day_start
from playlists.models import Playlist

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
    active = Playlist.objects.filter(
        status=Playlist.Status.ACTIVE, next_reshuffle_at__lt=until
    )
    columns = ("account_id", "name", "next_reshuffle_at", "interval_days")
    turns = []
    for account, name, due_at, days, status in active.values_list(
        *columns, "account__status"
    ):
        waits = status != Account.Status.ACTIVE
        interval = timedelta(days=days or settings.reshuffle_interval_days)
        at = due_at
        while at < until:
            turns.append(Turn(account, name, at, waits))
            at = max(at, now) + interval
    return turns
