"""Drawing an earlier list again."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from automation import runtime
from library.tests.factories import make_track, make_tracks
from playlists.models import Playlist, PlaylistSnapshot
from playlists.services import planning, pushing, replaying
from playlists.tests.factories import make_playlist
from vibe_engine import clock

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def bring(playlist: Playlist, *, now: datetime, seed: int) -> PlaylistSnapshot:
    """Draw a list and write down that Spotify has it."""
    settings = runtime.load()
    plan = planning.draw_list(playlist=playlist, settings=settings, now=now, seed=seed)
    with transaction.atomic():
        snapshot = planning.new_snapshot(
            playlist=playlist,
            origin=PlaylistSnapshot.Origin.RESHUFFLE,
            now=now,
            **plan.columns(),
        )
        snapshot.save()
        pushing.confirm(
            snapshot, playlist, remote_version="v", settings=settings, now=now
        )
    return snapshot


def past() -> list[PlaylistSnapshot]:
    """Bring lists of two playlists over weeks, some of them on one day."""
    make_tracks(400, artists=80)
    one, other = make_playlist(), make_playlist()
    return [
        bring(playlist, now=NOON + timedelta(days=4 * turn, hours=hour), seed=turn)
        for turn in range(5)
        for hour, playlist in enumerate((one, other, one))
    ]


def replay(snapshot: PlaylistSnapshot) -> list[int]:
    now = NOON + timedelta(days=30)
    return replaying.replay_list(snapshot=snapshot, now=now).track_ids


class TestReplay:
    def test_draws_every_list_of_the_past_again(self) -> None:
        for snapshot in past():
            assert replay(snapshot) == snapshot.track_ids()

    def test_says_that_the_library_has_changed(self) -> None:
        (*_, snapshot) = past()
        make_track()
        with pytest.raises(replaying.ReplayError, match="library has changed since"):
            replay(snapshot)

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"algorithm_version": "0"}, "version 0 of the algorithm"),
            ({"origin": PlaylistSnapshot.Origin.RESTORE}, "was not drawn"),
            ({"rules_hash": "x"}, "other collections"),
            ({"seed": 99}, "comes out differently"),
        ],
    )
    def test_says_what_else_is_different(
        self, changes: dict[str, Any], words: str
    ) -> None:
        (*_, snapshot) = past()
        for name, value in changes.items():
            setattr(snapshot, name, value)
        with pytest.raises(replaying.ReplayError, match=words):
            replay(snapshot)


class TestCommand:
    def test_prints_the_list(self) -> None:
        make_tracks(200, artists=80)
        snapshot = bring(make_playlist(), now=clock.now(), seed=3)
        out = StringIO()
        options: dict[str, Any] = {"dry_run": True, "json": True, "stdout": out}
        call_command("reshuffle", replay=str(snapshot.pk), **options)
        assert json.loads(out.getvalue())["track_ids"] == snapshot.track_ids()

    def test_refuses_what_it_cannot_do(self) -> None:
        with pytest.raises(CommandError, match="There is no list 5"):
            call_command("reshuffle", "--dry-run", "--replay", "5")
        with pytest.raises(CommandError, match="goes with --dry-run"):
            call_command("reshuffle", "--replay", "5")
