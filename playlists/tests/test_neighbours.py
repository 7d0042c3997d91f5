"""Rest that reaches over the lists of an account or of the fleet."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.tests.factories import make_account
from automation import runtime
from automation.models import Run
from automation.tests.factories import make_run
from library.models import Track
from library.pool import recording_numbers
from library.tests.factories import make_track
from playlists import sampler
from playlists.effective import rules_for
from playlists.models import Playlist
from playlists.services import batches, planning
from playlists.services.neighbours import Neighbours
from playlists.tests.factories import (
    make_planned_snapshot,
    make_playlist,
    make_snapshot,
)
from vibe_engine import clock

pytestmark = pytest.mark.django_db


def drawn(playlist: Playlist) -> set[int]:
    plan = planning.draw_list(
        playlist=playlist, settings=runtime.load(), now=clock.now(), seed=1
    )
    return set(plan.track_ids)


def scoped(scope: str, **fields: Any) -> Playlist:
    rules = {"rest_scope": scope, "ladder": []}
    return make_playlist(rules=rules, size=10, cooldown_days=5, **fields)


class TestScope:
    def lists(self) -> tuple[list[Track], Playlist]:
        """Make four tracks: free, in a sister's list, left lately, in a stranger's."""
        tracks, now = [make_track() for _ in range(4)], clock.now()
        account = make_account()
        sister = make_playlist(account=account)
        make_snapshot(sister, tracks[1:2])
        gone = {"confirmed_at": now - timedelta(days=9)}
        make_snapshot(sister, tracks[2:3], replaced_at=now - timedelta(days=2), **gone)
        make_planned_snapshot(make_playlist(), tracks[3:], run=make_run())
        return tracks, sister

    @pytest.mark.parametrize(
        ("scope", "free"),
        [("playlist", [0, 1, 2, 3]), ("account", [0, 3]), ("fleet", [0])],
    )
    def test_says_whose_lists_count(self, scope: str, free: list[int]) -> None:
        tracks, sister = self.lists()
        playlist = scoped(scope, account=sister.account)
        assert drawn(playlist) == {tracks[place].pk for place in free}

    def test_lets_a_track_come_back_after_the_days(self) -> None:
        track, now = make_track(), clock.now()
        left = {"confirmed_at": now - timedelta(days=9)}
        make_snapshot(
            make_playlist(), [track], replaced_at=now - timedelta(days=5), **left
        )
        assert drawn(scoped("fleet")) == {track.pk}

    def test_passes_over_planned_lists_that_will_not_be_sent(self) -> None:
        track, ended = make_track(), make_run()
        Run.objects.filter(pk=ended.pk).update(
            state=Run.State.CANCELLED, finished_at=clock.now()
        )
        make_planned_snapshot(make_playlist(), [track], run=ended)
        make_planned_snapshot(
            make_playlist(),
            [track],
            run=make_run(),
            planned_at=clock.now() - timedelta(days=1),
        )
        assert drawn(scoped("fleet")) == {track.pk}

    def test_counts_the_lists_of_one_batch_among_each_other(self) -> None:
        tracks = {make_track().pk for _ in range(4)}
        account = make_account()
        both = [scoped("account", account=account) for _ in range(2)]
        Playlist.objects.update(size=2)
        for one in both:
            one.size = 2
        plans = [
            plan
            for _, plan in batches.draw_lists(
                playlists=both,
                settings=runtime.load(),
                now=clock.now(),
                seeds={one.pk: 3 for one in both},
            )
        ]
        found = [pk for plan in plans if plan for pk in plan.track_ids]
        assert len(found) == 4
        assert set(found) == tracks


class TestBeside:
    def test_tells_the_last_day_among_all_other_lists(self) -> None:
        tracks, now = [make_track() for _ in range(3)], clock.now()
        account = make_account()
        lists = [scoped("account", account=account) for _ in range(3)]
        gone = {"confirmed_at": now - timedelta(days=9)}
        for one, age, held in ((0, 3, tracks), (1, 1, tracks[:2]), (2, 2, tracks[:1])):
            left = now - timedelta(days=age)
            make_snapshot(lists[one], held, replaced_at=left, **gone)
        rules = rules_for(lists[0], runtime.load())
        neighbours, today = Neighbours(rules, now=now), sampler.day_of(now)
        numbers = recording_numbers([track.pk for track in tracks])
        told = [
            {
                place: today - days[numbers[track.pk]]
                for days in [neighbours.beside(one, sampler.Resting(today)).elsewhere]
                for place, track in enumerate(tracks)
                if numbers[track.pk] in days
            }
            for one in lists
        ]
        assert told == [{0: 1, 1: 1}, {0: 2, 1: 3, 2: 3}, {0: 1, 1: 1, 2: 3}]
