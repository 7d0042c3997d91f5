"""The columns that playlists are drawn from."""

from datetime import date

import numpy as np
import pytest

from library import pool, services
from library.models import LibraryVersion, Track
from library.tests.factories import (
    add_to_collection,
    make_album,
    make_artist,
    make_collection,
    make_track,
    make_tracks,
)

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

QUERIES_COLD = 8
QUERIES_WARM = 1


class TestLoadLibrary:
    def test_is_empty_on_an_empty_library(self) -> None:
        columns = pool.load_library()
        assert len(columns) == 0
        assert columns.credit_offsets.tolist() == [0]
        assert columns.total_tracks == columns.held_tracks == columns.version == 0

    def test_holds_one_sorted_row_for_each_usable_track(self) -> None:
        tracks = make_tracks(30)
        columns = pool.load_library()
        assert columns.track_ids.tolist() == sorted(track.pk for track in tracks)
        assert columns.total_tracks == 30

    def test_leaves_out_held_and_unplayable_tracks_and_counts_the_held(self) -> None:
        usable = make_track()
        make_track(is_usable=False, held_reason="Wrong language")
        make_track(is_playable=False)
        columns = pool.load_library()
        assert columns.track_ids.tolist() == [usable.pk]
        assert (columns.total_tracks, columns.held_tracks) == (3, 1)

    def test_says_what_is_known_of_a_track(self) -> None:
        track = make_track(
            album=make_album(release_year=1987),
            popularity=61,
            explicit=True,
            duration_ms=187_250,
            last_used_on=date(2026, 3, 4),
            use_count=7,
            energy=0.625,
            key=-1,
        )
        columns = pool.load_library()
        assert columns.album_ids.tolist() == [track.album_id]
        assert columns.year.tolist() == [1987]
        assert columns.popularity.tolist() == [61]
        assert columns.explicit.tolist() == [1]
        assert columns.duration_ms.tolist() == [187_250]
        assert columns.last_used_day.tolist() == [20_516]
        assert columns.use_count.tolist() == [7]
        assert columns.features["energy"].tolist() == [0.625]
        assert columns.features["key"].tolist() == [-1.0]

    def test_marks_what_is_unknown(self) -> None:
        make_track(album=make_album(release_year=None), popularity=None, explicit=None)
        columns = pool.load_library()
        assert columns.year.tolist() == [0]
        assert columns.popularity.tolist() == [-1]
        assert columns.explicit.tolist() == [-1]
        assert columns.last_used_day.tolist() == [-1]
        assert np.isnan(columns.features["energy"]).all()

    def test_lists_every_credited_artist_the_primary_one_first(self) -> None:
        first, second, third = (make_artist() for _ in range(3))
        make_track(artist=second)
        make_track(is_usable=False, held_reason="No", artist=third)
        make_track(artist=third, guests=[first, second])
        columns = pool.load_library()
        assert columns.credit_offsets.tolist() == [0, 1, 4]
        assert columns.credit_artist_ids.tolist() == [
            second.pk,
            third.pk,
            first.pk,
            second.pk,
        ]

    def test_gives_the_same_recording_the_same_number(self) -> None:
        keys = ("isrc:A", "isrc:B", "isrc:A")
        tracks = [make_track(recording_key=key) for key in keys]
        columns = pool.load_library()
        first, other, again = columns.recording_ids.tolist()
        assert first == again != other
        numbers = pool.recording_numbers([track.pk for track in tracks])
        assert list(numbers.values()) == [first, other, again]

    def test_draws_from_some_collections_alone(self) -> None:
        artist, guest = make_artist(), make_artist()
        for _ in range(3):
            make_track(artist=artist, guests=[guest])
        chosen = make_track(artist=guest, guests=[artist])
        also = make_track(artist=artist, energy=0.5)
        evening = make_collection(albums=[chosen.album])
        night = make_collection(albums=[chosen.album, also.album])
        only = pool.load_library(collection_ids=[evening.pk])
        both = pool.load_library(collection_ids=[evening.pk, night.pk])
        assert only.track_ids.tolist() == [chosen.pk]
        assert both.track_ids.tolist() == [chosen.pk, also.pk]
        assert both.credit_offsets.tolist() == [0, 2, 3]
        assert both.credit_artist_ids.tolist() == [guest.pk, artist.pk, artist.pk]
        assert both.features["energy"].tolist()[1] == 0.5
        assert both.total_tracks == 5

    def test_is_empty_for_an_empty_collection(self) -> None:
        make_tracks(5)
        columns = pool.load_library(collection_ids=[make_collection().pk])
        assert len(columns) == 0
        assert len(columns.credit_artist_ids) == 0

    def test_is_read_once_while_nothing_changes(
        self, django_assert_num_queries: pytest.FixtureRequest
    ) -> None:
        make_tracks(20)
        with django_assert_num_queries(QUERIES_COLD):  # type: ignore[operator]
            first = pool.load_library()
        with django_assert_num_queries(QUERIES_WARM):  # type: ignore[operator]
            again = pool.load_library()
        assert again.track_ids is first.track_ids

    def test_sees_a_change_of_the_library(self) -> None:
        make_track()
        pool.load_library()
        later = make_track()
        assert later.pk in pool.load_library().track_ids

    def test_sees_a_changed_collection(self) -> None:
        track = make_track()
        collection = make_collection()
        pool.load_library(collection_ids=[collection.pk])
        add_to_collection(collection, [track.album])
        assert len(pool.load_library(collection_ids=[collection.pk])) == 1

    def test_counts_uses_up_to_the_day_before(self) -> None:
        tracks = make_tracks(3)
        for day in (1, 1, 4, 4, 4):
            services.mark_used([tracks[1].pk], on=date(2026, 5, day))
        seen = {day: pool.load_library(on=date(2026, 5, day)) for day in (2, 4, 5)}
        assert [seen[day].use_count[1] for day in seen] == [2, 2, 5]
        assert [seen[day].last_used_day[1] for day in (2, 4, 5)] == [
            20_574,
            20_574,
            20_577,
        ]

    def test_stays_the_same_all_day(
        self, django_assert_num_queries: pytest.FixtureRequest
    ) -> None:
        tracks, today = make_tracks(5), date(2026, 5, 1)
        before = pool.load_library(on=today)
        services.mark_used([tracks[3].pk], on=today)
        with django_assert_num_queries(QUERIES_WARM):  # type: ignore[operator]
            assert pool.load_library(on=today) is before
        tomorrow = pool.load_library(on=date(2026, 5, 2))
        assert tomorrow.use_count.tolist() == [0, 0, 0, 1, 0]

    def test_is_not_taken_for_another_library_of_the_same_version(self) -> None:
        make_track()
        pool.load_library()
        LibraryVersion.objects.all().delete()
        Track.objects.all().delete()
        other = make_track()
        assert LibraryVersion.objects.get().version == 1
        assert pool.load_library().track_ids.tolist() == [other.pk]
