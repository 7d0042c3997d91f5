"""The columns that the sampler draws from."""

import numpy as np
import pytest

from playlists.tests.sampler.libraries import make_library


class TestLibrary:
    def test_sorts_rows_that_come_in_any_order(self) -> None:
        library = make_library(
            [[7], [8, 9], []],
            track_ids=[30, 10, 20],
            year=[2001, 2002, 2003],
            features={"energy": [0.1, 0.2, 0.3]},
        )
        assert library.track_ids.tolist() == [10, 20, 30]
        assert [library.credits.of(row) for row in range(3)] == [[8, 9], [], [7]]
        assert library.year.tolist() == [2002, 2003, 2001]
        assert library.features["energy"] == pytest.approx([0.2, 0.3, 0.1])

    def test_refuses_a_track_twice(self) -> None:
        with pytest.raises(ValueError, match="ascend"):
            make_library([[1], [1]], track_ids=[5, 5])

    def test_refuses_columns_of_different_length(self) -> None:
        with pytest.raises(ValueError, match="energy has 1 of 2"):
            make_library([[1], [1]], features={"energy": np.zeros(1)})

    def test_refuses_credits_that_do_not_add_up(self) -> None:
        library = make_library([[1], [2]])
        columns = {**vars(library), "credit_artist_ids": np.array([1])}
        with pytest.raises(ValueError, match="span all credits"):
            type(library)(**columns)


class TestCredits:
    def test_name_each_artist_of_a_track_once(self) -> None:
        library = make_library([[4, 5, 4]])
        assert library.credits.of(0) == [4, 5]

    def test_find_the_rows_of_artists(self) -> None:
        library = make_library([[1], [2, 1], [3], [3, 2]])
        rows = library.credits.rows_of(np.array([1, 3]))
        assert sorted(rows.tolist()) == [0, 1, 2, 3]
        assert library.credits.rows_of(np.array([9])).tolist() == []

    def test_know_the_primary_artist_alone(self) -> None:
        library = make_library([[2, 1], [], [3, 2]])
        assert [library.primary_credits.of(row) for row in range(3)] == [[2], [], [3]]

    def test_give_tracks_by_the_same_artists_one_signature(self) -> None:
        one, other, third = make_library([[1, 2], [2, 1], [1, 3]]).credits.signatures
        assert one == other
        assert one != third


class TestRowsOf:
    @pytest.mark.parametrize("apart", [1, 100])
    def test_finds_what_is_there_and_nothing_else(self, apart: int) -> None:
        library = make_library([[1], [2], [3]], track_ids=[5, 5 + apart, 5 + 2 * apart])
        wanted = np.array([5 + apart, 4, 5, 6 + 2 * apart, 5 + 2 * apart, -1])
        assert library.rows_of(wanted).tolist() == [1, -1, 0, -1, 2, -1]

    def test_finds_nothing_in_an_empty_library(self) -> None:
        assert make_library([]).rows_of(np.array([1, 0])).tolist() == [-1, -1]


class TestReleasedAgain:
    def test_marks_every_release_of_such_a_recording(self) -> None:
        library = make_library([[1]] * 5, recording_ids=[7, 8, 7, 9, 8])
        flags = library.is_released_again.tolist()
        assert flags == [True, True, True, False, True]


class TestEach:
    @pytest.mark.parametrize("guests", [2, 100])
    @pytest.mark.parametrize("twice", [False, True])
    def test_says_of_many_rows_what_it_says_of_one(
        self, guests: int, *, twice: bool
    ) -> None:
        crowd = [*range(guests), *([1] if twice else [])]
        credits = make_library([[3], [], crowd, [4, 5]]).credits
        rows = np.array([2, 0, 1, 3])
        each = [list(artists) for artists in credits.each(rows)]
        assert each == [credits.of(row) for row in rows.tolist()]
