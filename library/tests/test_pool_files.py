"""Columns in files, shared by processes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection

from library.models import LibraryVersion
from library.pool import PoolColumns, cache, files, reading
from library.pool.indexes import indexes_of
from library.tests.factories import make_track, make_tracks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.portable]

TODAY = date(2026, 5, 1)


@pytest.fixture(autouse=True)
def _every_library_is_large(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any
) -> None:
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(cache, "FILES_FROM_TRACKS", 1)


def load() -> PoolColumns:
    """Load as a process that has loaded nothing yet."""
    return cache._Cache().columns((), TODAY)


def same(one: PoolColumns, other: PoolColumns) -> bool:
    """Tell whether all columns are equal."""
    names = {field.name for field in fields(PoolColumns)} - {"features", "indexes"}
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in names
    ) and all(
        np.array_equal(column, other.features[name], equal_nan=True)
        for name, column in one.features.items()
    )


def folders() -> list[Path]:
    return [path for path in files.root().iterdir() if path.is_dir()]


class TestFiles:
    def test_hold_what_the_database_holds(self) -> None:
        make_tracks(30)
        mapped = load()
        assert same(mapped, reading.read_columns(on=TODAY)[1])
        assert len(folders()) == 1
        assert not mapped.track_ids.flags.writeable

    def test_are_built_by_one_and_mapped_by_all(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_tracks(20)
        built: list[date | None] = []
        read = reading.read_columns

        def counted(*, on: date | None) -> Any:
            built.append(on)
            return read(on=on)

        def load_and_leave(_: int) -> PoolColumns:
            try:
                return load()
            finally:
                connection.close()

        monkeypatch.setattr(cache, "read_columns", counted)
        with ThreadPoolExecutor(4) as threads:
            loaded = list(threads.map(load_and_leave, range(8)))
        assert built == [TODAY]
        assert all(same(loaded[0], other) for other in loaded)

    def test_stay_readable_for_who_has_them_while_newer_ones_come(self) -> None:
        make_tracks(5)
        first = load()
        before = first.track_ids.tolist()
        for _ in range(4):
            make_track()
            assert len(load()) > 5
        assert first.track_ids.tolist() == before
        assert len(folders()) == files.KEPT

    def test_are_not_written_in_a_transaction_that_may_be_rolled_back(self) -> None:
        from django.db import transaction

        with transaction.atomic():
            make_tracks(5)
            assert len(load()) == 5
        assert folders() == []

    def test_are_never_half_there(self) -> None:
        make_tracks(5)
        (files.root() / ".draft-left").mkdir()
        stamp = LibraryVersion.stamp()
        assert stamp is not None
        assert files.open_columns(cache._name(stamp, TODAY)) is None
        load()
        assert not (files.root() / ".draft-left").exists()

    def test_give_way_where_another_release_wrote_other_columns(self) -> None:
        make_tracks(5)
        load()
        (folder,) = folders()
        (folder / "track_ids.npy").unlink()
        assert same(load(), reading.read_columns(on=TODAY)[1])
        assert folders() == [folder]

    def test_give_way_where_they_are_of_another_format(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_tracks(5)
        with monkeypatch.context() as earlier:
            earlier.setattr(files, "FORMAT", files.FORMAT - 1)
            load()
        (folder,) = folders()
        assert files.open_columns(folder.name) is None
        assert same(load(), reading.read_columns(on=TODAY)[1])
        assert folders() == [folder]

    def test_hold_indexes_too_though_not_of_a_part(self) -> None:
        tracks = make_tracks(5)
        mapped = load()
        assert mapped.indexes.keys() == indexes_of(mapped).keys()
        assert not mapped.indexes["artist_keys"].flags.writeable
        assert mapped.of_albums([tracks[0].album_id]).indexes == {}


class TestReading:
    def test_begins_again_when_the_library_changed_meanwhile(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_tracks(5)
        read = reading._read
        disturbed: list[object] = []

        def disturb(stamp: reading.Stamp | None, on: date | None) -> PoolColumns:
            columns = read(stamp, on)
            if len(disturbed) < 2:
                disturbed.append(make_track())
            return columns

        monkeypatch.setattr(reading, "_read", disturb)
        stamp, columns = reading.read_columns(on=TODAY)
        assert stamp == LibraryVersion.stamp()
        assert len(columns) == 5 + len(disturbed) == 7

    def test_holds_changes_off_when_they_never_end(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_tracks(5)
        read = reading._read

        def disturb(stamp: reading.Stamp | None, on: date | None) -> PoolColumns:
            columns = read(stamp, on)
            if not connection.in_atomic_block:
                make_track()
            return columns

        monkeypatch.setattr(reading, "_read", disturb)
        stamp, columns = reading.read_columns(on=TODAY)
        assert stamp == LibraryVersion.stamp()
        assert len(columns) == 5 + reading.TRIES
