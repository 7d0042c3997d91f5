"""What a process does between loading and serving."""

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest

from vibe_engine.settling import settle
from vibe_engine.testing.live import ROOT, test_database_url


@pytest.fixture
def collector() -> Iterator[None]:
    """Leave the garbage collector as it was."""
    gc.unfreeze()
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


@pytest.mark.usefixtures("collector")
class TestSettle:
    def test_takes_what_is_loaded_from_the_collector(self) -> None:
        loaded = len(gc.get_objects())
        settle()
        assert gc.get_freeze_count() > 0.5 * loaded
        assert len(gc.get_objects()) < 0.1 * loaded

    def test_lets_pages_go_by_between_collections(self) -> None:
        before = gc.get_threshold()
        settle()
        after = gc.get_threshold()
        assert all(one > other for one, other in zip(after, before, strict=True))

    def test_lets_it_collect_what_comes_later(self) -> None:
        settle()
        circle: list[object] = []
        circle.append(circle)
        del circle
        assert gc.collect() > 0


SHOW = """
import vibe_engine.gunicorn_conf, django, os
os.environ["DJANGO_SETTINGS_MODULE"] = "vibe_engine.settings"
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    for name in {names}:
        cursor.execute("SHOW " + name)
        print(cursor.fetchone()[0])
"""


@pytest.mark.django_db
class TestPageStatements:
    def test_are_bounded_and_stay_on_one_core(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", test_database_url())
        monkeypatch.delenv("PGOPTIONS", raising=False)
        names = ["statement_timeout", "max_parallel_workers_per_gather", "lock_timeout"]
        argv = [sys.executable, "-c", SHOW.format(names=names)]
        shown = subprocess.run(
            argv, cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert shown.stdout.split() == ["30s", "0", "15s"]
