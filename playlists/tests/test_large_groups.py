"""A group's report beside a large library, whose size PostgreSQL estimates."""

import pytest
from django.db import connection

from library.tests.factories import make_tracks
from playlists.services import grouping, labelling
from playlists.tests.factories import make_playlist, make_snapshot
from vibe_engine import clock

pytestmark = pytest.mark.django_db


class TestReport:
    def test_counts_no_large_library(self) -> None:
        playlist, tracks = make_playlist(), make_tracks(3)
        make_snapshot(playlist, tracks)
        labelling.set_labels(playlist=playlist, names=["g"], now=clock.now())
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE pg_class SET reltuples = 20000 WHERE oid = 'tracks'::regclass"
            )
        label = labelling.find_label("g")
        report = grouping.report_on_group(label=label, now=clock.now())
        assert str(report.pool) == "about 20,000"
        assert report.coverage_percent == pytest.approx(0.015)
