"""What pages show of playlists, and how few queries it takes."""

from datetime import date, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from automation.models import Run
from automation.runtime import RuntimeSettings
from automation.tests.factories import make_run
from library.models import Track
from library.tests.factories import make_tracks
from playlists import reads
from playlists.models import Playlist, PlaylistSnapshot
from playlists.services import planning
from playlists.tests.factories import make_playlist, make_playlists, make_snapshot
from vibe_engine import clock

pytestmark = [pytest.mark.django_db, pytest.mark.portable]


class TestCurrentList:
    def test_shows_tracks_in_order_and_when_they_were_last_here(self) -> None:
        now, playlist, tracks = clock.now(), make_playlist(), make_tracks(3)
        earlier = now - timedelta(days=8)
        make_snapshot(
            playlist,
            tracks[:1],
            confirmed_at=now - timedelta(days=9),
            replaced_at=earlier,
        )
        make_snapshot(playlist, list(reversed(tracks)), confirmed_at=now)
        current = reads.latest_lists(playlist).current
        assert [row.track for row in current.tracks] == list(reversed(tracks))
        assert [row.position for row in current.tracks] == [1, 2, 3]
        assert [row.last_here for row in current.tracks] == [None, None, earlier.date()]

    def test_is_empty_without_a_list(self) -> None:
        assert reads.latest_lists(make_playlist()).current == reads.CurrentList(
            None, []
        )

    def test_takes_three_queries_however_long_it_is(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        playlist = make_playlist()
        make_snapshot(playlist, make_tracks(40))
        with django_assert_num_queries(3):
            for row in reads.latest_lists(playlist).current.tracks:
                assert row.track.album.name
                assert row.track.primary_artist

    def test_says_why_a_track_was_drawn(self) -> None:
        make_tracks(60, artists=60)
        playlist = make_playlist()
        snapshot = stored_draw(playlist)
        rows = reads.snapshot_list(snapshot).tracks
        assert {row.reason for row in rows} == {"Never in a list before"}


class TestSnapshotTimeline:
    def test_counts_what_came_went_and_stayed(self) -> None:
        now, playlist = clock.now(), make_playlist()
        tracks = make_tracks(6)
        times = [now - timedelta(days=days) for days in (2, 1, 0)]
        make_snapshot(playlist, tracks[:3], confirmed_at=times[0], replaced_at=times[1])
        make_snapshot(
            playlist, tracks[2:6], confirmed_at=times[1], replaced_at=times[2]
        )
        make_snapshot(playlist, tracks[:2], confirmed_at=times[2])
        steps = reads.snapshot_timeline(playlist)
        assert [(s.came_in, s.went_out, s.kept) for s in steps] == [
            (2, 4, 0),
            (3, 2, 1),
            (3, 0, 0),
        ]
        assert [step.is_current for step in steps] == [True, False, False]

    def test_is_cut_off_with_the_last_step_still_compared(self) -> None:
        now, playlist, tracks = clock.now(), make_playlist(), make_tracks(2)
        for days in (3, 2, 1):
            make_snapshot(
                playlist,
                tracks,
                confirmed_at=now - timedelta(days=days),
                replaced_at=now - timedelta(days=days - 1),
            )
        steps = reads.snapshot_timeline(playlist, limit=2)
        assert [step.kept for step in steps] == [2, 2]


class TestReportWords:
    def test_describes_a_draw_with_the_artists_names(self) -> None:
        make_tracks(20, artists=2)
        words = " ".join(reads.report_words(stored_draw(make_playlist())))
        assert "4 of 50 tracks" in words
        assert "Artist 0" in words

    def test_survives_a_report_of_another_version(self) -> None:
        snapshot = make_snapshot(make_playlist(), report={"asked": 50, "what": 1})
        assert reads.report_words(snapshot) == [
            "Its report was written by another version."
        ]

    def test_says_nothing_where_nothing_is_known(self) -> None:
        assert reads.report_words(make_snapshot(make_playlist())) == []


def stored_draw(playlist: Playlist) -> PlaylistSnapshot:
    """Return a saved list that was really drawn."""
    plan = planning.draw_list(
        playlist=playlist, settings=RuntimeSettings(), now=clock.now(), seed=1
    )
    tracks = Track.objects.in_bulk(plan.track_ids)
    return make_snapshot(
        playlist,
        [tracks[pk] for pk in plan.track_ids],
        report=plan.report.to_dict(),
    )


class TestMarksFor:
    def test_tells_the_most_urgent_thing_with_one_query(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        now = clock.now()
        working, waiting, blocked, calm = make_playlists(4)
        for playlist in (working, waiting, blocked):
            make_run(kind="playlists.reshuffle", subject=playlist.subject)
        runs = Run.objects.filter
        runs(subject=working.subject).update(
            state="working", lease_token="0" * 32, lease_until=now
        )
        runs(subject=blocked.subject).update(state="blocked", error="It is gone.")
        with django_assert_num_queries(1):
            marks = reads.marks_for([working, waiting, blocked, calm], now=now)
        assert {pk: mark.mark for pk, mark in marks.items()} == {
            working.pk: "working",
            waiting.pk: "waiting",
            blocked.pk: "warn",
        }
        assert marks[blocked.pk].detail == "It is gone."

    def test_forgets_a_failure_once_a_later_list_stands(self) -> None:
        now = clock.now()
        playlist = make_playlist(last_reshuffled_at=now)
        run = make_run(kind="playlists.reshuffle", subject=playlist.subject)
        failed = Run.objects.filter(pk=run.pk)
        failed.update(state="failed", finished_at=now + timedelta(seconds=1))
        assert reads.marks_for([playlist], now=now)[playlist.pk].word == "Failed"
        failed.update(finished_at=now - timedelta(seconds=1))
        assert reads.marks_for([playlist], now=now) == {}


def test_the_day_is_that_of_utc() -> None:
    now, playlist, tracks = clock.now(), make_playlist(), make_tracks(1)
    left = now.replace(year=2026, month=3, day=29, hour=23, minute=30)
    make_snapshot(
        playlist, tracks, confirmed_at=left - timedelta(days=1), replaced_at=left
    )
    make_snapshot(playlist, tracks, confirmed_at=now)
    (row,) = reads.latest_lists(playlist).current.tracks
    assert row.last_here == date(2026, 3, 29)
