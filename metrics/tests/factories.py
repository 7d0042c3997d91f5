"""A fleet at one moment, for the pages that show it."""

from datetime import datetime, timedelta

from accounts.models import Account, Usage
from accounts.tests.factories import make_account, make_app
from automation.models import EngineLease
from library.tests.factories import make_tracks
from playlists.models import Playlist
from playlists.tests.factories import make_playlist, make_snapshot

PLACES = 5


def beat_engine(now: datetime) -> None:
    """Let the engine have made a round just now."""
    EngineLease.objects.update_or_create(
        pk=1,
        defaults={
            "holder": "test",
            "heartbeat_at": now,
            "lease_until": now + timedelta(seconds=30),
        },
    )


def make_fleet(*, accounts: int, playlists: int, now: datetime) -> list[Playlist]:
    """Save accounts with as many playlists each; the first of each is due.

    Every playlist has a list of five tracks that is an hour old and one before it.
    """
    app = make_app(seats=100)
    made = []
    for _ in range(accounts):
        account = make_account(app=app, now=now - timedelta(days=40))
        make_usage(account, now=now)
        made += [
            make_playlist(
                account=account,
                created_at=now - timedelta(days=30 - number % 20),
                last_reshuffled_at=now - timedelta(hours=1),
                next_reshuffle_at=now + timedelta(hours=6 * number - 1),
            )
            for number in range(playlists)
        ]
    tracks = make_tracks(4 * PLACES)
    for playlist in made:
        hour_ago, week_ago = now - timedelta(hours=1), now - timedelta(days=6)
        make_snapshot(
            playlist, tracks[:PLACES], confirmed_at=week_ago, replaced_at=hour_ago
        )
        make_snapshot(playlist, tracks[PLACES : 2 * PLACES], confirmed_at=hour_ago)
    return made


def make_usage(account: Account, *, now: datetime, calls: int = 3) -> Usage:
    """Save calls of this hour."""
    return Usage.objects.create(
        developer=account.app.developer,
        account=account,
        hour=now.replace(minute=0, second=0, microsecond=0),
        group="playlist_write",
        calls=calls,
    )
