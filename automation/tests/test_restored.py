"""A database out of a backup starts with pushes stopped; the usual one does not."""

import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from automation import holds
from automation.engine import Engine
from automation.models import Hold, Installation
from automation.restored import MEMORY, REASON, Witness, _file_place
from vibe_engine import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    """A witness whose memory is the test's own, at a database that runs well."""
    witness = Witness(tmp_path)
    witness.look(now=clock.now())
    for minute in range(5):
        witness.beat(now=clock.now() + timedelta(minutes=minute))
    return witness


@pytest.mark.portable
class TestLook:
    def test_lets_the_usual_database_run(self, witness: Witness) -> None:
        assert not witness.look(now=clock.now())
        assert not holds.open_holds().exists()

    def test_lets_a_new_database_run_beside_an_old_memory(
        self, witness: Witness
    ) -> None:
        Installation.objects.all().delete()
        assert not witness.look(now=clock.now())

    def test_stops_a_database_that_has_gone_back(self, witness: Witness) -> None:
        Installation.objects.update(beats=1)
        assert witness.look(now=clock.now())
        hold = holds.open_holds().get()
        assert (hold.kind, hold.reason, hold.began_by) == ("stop", REASON, None)

    def test_forgives_one_beat_that_a_crash_has_lost(self, witness: Witness) -> None:
        here = Installation.objects.get()
        Installation.objects.update(beats=here.beats - 1)
        assert not witness.look(now=clock.now())

    def test_stops_a_database_that_has_moved(self, witness: Witness) -> None:
        Installation.objects.update(place="table 1")
        assert witness.look(now=clock.now())

    def test_stops_once_and_stays_resumed(
        self, witness: Witness, tmp_path: Path
    ) -> None:
        Installation.objects.update(beats=1)
        witness.look(now=clock.now())
        holds.resume_writing(now=clock.now())
        assert not witness.look(now=clock.now())
        assert not Witness(tmp_path).look(now=clock.now())
        assert Hold.objects.count() == 1

    def test_is_not_deceived_by_a_host_that_lags_behind(
        self, witness: Witness, tmp_path: Path
    ) -> None:
        Installation.objects.update(beats=1_000)
        assert not Witness(tmp_path).look(now=clock.now())

    @pytest.mark.parametrize("text", ["", "{}", "[1]", '{"identity": 1, "beats": "x"}'])
    def test_takes_an_unreadable_memory_for_none(
        self, witness: Witness, tmp_path: Path, text: str
    ) -> None:
        (tmp_path / MEMORY).write_text(text)
        assert not witness.look(now=clock.now())


@pytest.mark.portable
class TestBeat:
    def test_counts_once_a_minute(self, tmp_path: Path) -> None:
        witness, now = Witness(tmp_path), clock.now()
        for second in range(0, 121, 2):
            witness.beat(now=now + timedelta(seconds=second))
        assert Installation.objects.get().beats == 3

    def test_survives_a_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        witness = Witness(tmp_path / "missing")
        witness.beat(now=clock.now())
        assert Installation.objects.get().beats == 1


class TestPlace:
    @pytest.mark.django_db(transaction=True)
    def test_of_a_table_that_was_loaded_anew_is_another(self, tmp_path: Path) -> None:
        witness = Witness(tmp_path)
        witness.look(now=clock.now())
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE installation RENAME TO installation_dumped")
            cursor.execute("CREATE TABLE installation AS TABLE installation_dumped")
            try:
                assert witness.look(now=clock.now())
            finally:
                cursor.execute("DROP TABLE installation")
                cursor.execute("ALTER TABLE installation_dumped RENAME TO installation")

    @pytest.mark.portable
    def test_of_a_copied_file_is_another(self, tmp_path: Path) -> None:
        first, second = tmp_path / "vibe.db", tmp_path / "copy.db"
        sqlite3.connect(first).close()
        first.touch()
        shutil.copy(first, second)
        assert _file_place(str(first)) != _file_place(str(second))
        assert _file_place(":memory:") == ""


@pytest.mark.portable
class TestEngine:
    def test_stops_before_it_rings_anything(self) -> None:
        engine = Engine()
        engine.round(now=clock.now())
        Installation.objects.update(place="elsewhere")
        engine.round(now=clock.now())
        assert holds.open_holds().get().reason == REASON
