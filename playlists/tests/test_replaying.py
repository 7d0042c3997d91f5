"""Drawing an earlier list again."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.tests.factories import make_account
from automation import runtime
from automation.tests.factories import make_run
from library.models import Artist, Track
from library.services import aliasing, blocking
from library.tests.factories import (
    make_album,
    make_collection,
    make_track,
    make_tracks,
)
from playlists.models import Playlist, PlaylistSnapshot
from playlists.services import planning, pushing, replaying
from playlists.services.details import describe_current_list
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


def plan_of_today(playlist: Playlist) -> PlaylistSnapshot:
    """Plan a list that is still to be sent."""
    settings, now = runtime.load(), NOON - timedelta(hours=2)
    plan = planning.draw_list(playlist=playlist, settings=settings, now=now, seed=5)
    return planning.insert_snapshot(
        playlist=playlist,
        run=make_run(),
        origin=PlaylistSnapshot.Origin.RESHUFFLE,
        now=now,
        **plan.columns(),
    )


def replay(snapshot: PlaylistSnapshot) -> list[int]:
    now = NOON + timedelta(days=30)
    return replaying.replay_list(snapshot=snapshot, now=now).track_ids


class TestReplay:
    def test_draws_every_list_of_the_past_again(self) -> None:
        for snapshot in past():
            assert replay(snapshot) == snapshot.track_ids()

    @pytest.mark.parametrize("scope", ["account", "fleet"])
    def test_knows_what_other_lists_held_then(self, scope: str) -> None:
        make_tracks(300, artists=80)
        account = make_account()
        rules = {"rest_scope": scope, "ladder": []}
        lists = [
            make_playlist(account=account, rules=rules, cooldown_days=2, size=20)
            for _ in range(3)
        ]
        stranger = make_playlist(size=20)
        snapshots = [
            bring(playlist, now=NOON + timedelta(days=turn, hours=hour), seed=turn)
            for turn in range(4)
            for hour, playlist in enumerate((*lists, stranger, lists[0]))
        ]
        for snapshot in snapshots:
            assert replay(snapshot) == snapshot.track_ids()

    @pytest.mark.parametrize("given_up_before", [True, False])
    def test_tries_plans_that_were_given_up_at_an_unknown_time(
        self, *, given_up_before: bool
    ) -> None:
        make_tracks(300, artists=80)
        rules = {"rest_scope": "fleet", "ladder": []}
        playlist = make_playlist(rules=rules, size=30)
        plan = plan_of_today(make_playlist(size=100))
        if given_up_before:
            planning.abandon_plan(plan.playlist, now=NOON)
        snapshot = bring(playlist, now=NOON, seed=1)
        planning.abandon_plan(plan.playlist, now=NOON + timedelta(hours=1))
        assert set(snapshot.track_ids()).isdisjoint(plan.track_ids()) != given_up_before
        assert replay(snapshot) == snapshot.track_ids()

    def test_says_that_other_lists_may_have_gone(self) -> None:
        make_tracks(300, artists=80)
        rules = {"rest_scope": "fleet", "ladder": []}
        other, playlist = make_playlist(size=100), make_playlist(rules=rules, size=50)
        gone = bring(other, now=NOON - timedelta(hours=1), seed=1)
        snapshot = bring(playlist, now=NOON, seed=1)
        PlaylistSnapshot.objects.filter(pk=gone.pk).update(state="shadow")
        with pytest.raises(replaying.ReplayError, match="that it rested from"):
            replay(snapshot)

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


class TestReplayOfWhatStays:
    def test_draws_lists_again_of_which_a_part_stayed(self) -> None:
        make_tracks(300, artists=60)
        track = make_track(name="Anthem")
        rules = {"version": 3, "refresh_share": 30, "pins": [{"track": track.pk}]}
        playlist = make_playlist(rules=rules)
        lists = [
            bring(playlist, now=NOON + timedelta(days=4 * turn), seed=turn)
            for turn in range(5)
        ]
        for before, after in pairwise(lists):
            places = list(zip(before.track_ids(), after.track_ids(), strict=True))
            assert sum(old == new for old, new in places) == 35
            assert track.pk in after.track_ids()
        assert all(replay(one) == one.track_ids() for one in lists)
        told = describe_current_list(playlist, runtime.load())
        assert "15 of 50" in told or "15 of its 50" in told

    def test_lets_every_track_go_in_its_turn(self) -> None:
        make_tracks(300, artists=60)
        playlist = make_playlist(rules={"version": 3, "refresh_share": 50})
        lists = [
            bring(playlist, now=NOON + timedelta(days=4 * turn), seed=turn)
            for turn in range(4)
        ]
        for before, after in zip(lists, lists[2:], strict=False):
            assert set(before.track_ids()).isdisjoint(after.track_ids())

    def test_knows_shares_and_songs(self) -> None:
        night = make_collection(albums=[make_album(tracks=30)])
        make_tracks(100, artists=60)
        rules = {
            "version": 3,
            "same_song": ["live"],
            "shares": [{"collection": night.pk, "percent": 4}],
        }
        snapshot = bring(make_playlist(rules=rules), now=NOON, seed=3)
        (source,) = snapshot.report["sources"]
        assert source["came"] >= source["wanted"] == 2
        assert replay(snapshot) == snapshot.track_ids()

    def test_says_that_something_was_blocked_since(self) -> None:
        make_tracks(100, artists=60)
        snapshot = bring(make_playlist(), now=NOON, seed=3)
        first = Track.objects.order_by("pk")[0]
        blocking.add_blocks(
            kind="track", lines=[first.spotify_id], reason="x", by=None, now=NOON
        )
        with pytest.raises(replaying.ReplayError, match="library has changed since"):
            replay(snapshot)

    def test_says_that_artists_became_the_same_since(self) -> None:
        make_tracks(100, artists=60)
        snapshot = bring(make_playlist(), now=NOON, seed=3)
        artist, other = Artist.objects.order_by("pk")[:2]
        aliasing.add_alias(artist=artist, other=other, by=None, now=NOON)
        with pytest.raises(replaying.ReplayError, match="library has changed since"):
            replay(snapshot)
