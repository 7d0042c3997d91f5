"""What falls due in the days to come."""

from dataclasses import dataclass
from datetime import datetime

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
    active = Playlist.objects.filter(
        status=Playlist.Status.ACTIVE, next_reshuffle_at__lt=until
    )
    needed = ("account__status", "name", "next_reshuffle_at", *spreading.COLUMNS)
    turns = []
    for playlist in active.select_related("account").only(*needed):
        waits = playlist.account.status != Account.Status.ACTIVE
        at = playlist.next_reshuffle_at
        while at is not None and at < until:
            turns.append(Turn(playlist.account_id, playlist.name, at, waits))
            at = spreading.next_due(playlist, settings, last_at=max(at, now))
    return turns
