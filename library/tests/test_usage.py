"""Uses of tracks, and holding them back."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from library import services
from library.models import Album, LibraryVersion, Track
from library.tests.factories import make_album, make_track, make_tracks
from vibe_engine.errors import InputError

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

MONDAY, TUESDAY = date(2026, 5, 4), date(2026, 5, 5)


class TestMarkUsed:
    def test_counts_a_use_and_notes_the_day(self) -> None:
        used, other = make_track(), make_track()
        services.mark_used([used.pk], on=MONDAY)
        services.mark_used([used.pk], on=TUESDAY)
        used.refresh_from_db()
        other.refresh_from_db()
        assert (used.use_count, used.last_used_on) == (2, TUESDAY)
        assert (other.use_count, other.last_used_on) == (0, None)

    def test_never_moves_the_day_back(self) -> None:
        track = make_track(last_used_on=TUESDAY)
        services.mark_used([track.pk], on=MONDAY)
        track.refresh_from_db()
        assert track.last_used_on == TUESDAY

    def test_leaves_the_version_alone(self) -> None:
        track = make_track()
        before = LibraryVersion.stamp()
        services.mark_used([track.pk], on=MONDAY)
        assert LibraryVersion.stamp() == before

    def test_takes_the_same_queries_for_any_number_of_tracks(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        tracks = make_tracks(100)
        with transaction.atomic(), django_assert_num_queries(4):
            services.mark_used([track.pk for track in tracks], on=MONDAY)


class TestHoldTracks:
    def test_keeps_the_reason_of_tracks_that_are_held_already(self) -> None:
        make_track(is_usable=False, held_reason="First")
        make_track()
        count = services.hold_tracks(tracks=Track.objects.all(), reason=" Two\nlines ")
        assert count == 1
        reasons = Track.objects.order_by("pk").values_list("held_reason", flat=True)
        assert list(reasons) == ["First", "Two lines"]
        assert not Track.objects.usable().exists()

    def test_refuses_an_empty_reason(self) -> None:
        make_track()
        with pytest.raises(InputError) as refused:
            services.hold_tracks(tracks=Track.objects.all(), reason="  ")
        assert refused.value.field == "reason"

    def test_tells_the_pools_only_when_something_changed(self) -> None:
        make_track()
        before = LibraryVersion.objects.get().version
        services.hold_tracks(tracks=Track.objects.none(), reason="x")
        assert LibraryVersion.objects.get().version == before
        services.hold_tracks(tracks=Track.objects.all(), reason="x")
        assert LibraryVersion.objects.get().version == before + 1


class TestReleaseTracks:
    def test_gives_them_back(self) -> None:
        track = make_track(is_usable=False, held_reason="x")
        assert services.release_tracks(tracks=Track.objects.all()) == 1
        track.refresh_from_db()
        assert (track.is_usable, track.held_reason) == (True, "")


class TestConstraints:
    @pytest.mark.parametrize(
        "fields",
        [
            {"is_usable": False, "held_reason": ""},
            {"spotify_id": ""},
            {"recording_key": ""},
            {"popularity": 101},
            {"energy": 1.01},
            {"key": 12},
            {"mode": 2},
        ],
    )
    def test_refuse_a_track_that_makes_no_sense(self, fields: dict[str, Any]) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            make_track(**fields)

    def test_refuse_the_same_spotify_id_twice(self) -> None:
        track, album = make_track(), make_album()
        for make in (
            lambda: make_track(spotify_id=track.spotify_id),
            lambda: make_album(spotify_id=album.spotify_id),
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                make()
        assert Album.objects.filter(spotify_id=album.spotify_id).count() == 1
