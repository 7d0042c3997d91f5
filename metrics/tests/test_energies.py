"""The energies of the newest lists: kept in a large library, read in a small one."""

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account
from library.models import Track
from library.tests.factories import make_tracks
from metrics.models import Standing
from metrics.pictures import day_lanes
from metrics.services import energies, standing
from playlists.models import PlaylistSnapshot
from playlists.tests.factories import make_playlist, make_snapshot

pytestmark = [pytest.mark.django_db, pytest.mark.portable]


def make_lists(count: int, *, at: datetime, energy: float) -> list[PlaylistSnapshot]:
    tracks = make_tracks(2, energy=energy)
    return [
        make_snapshot(make_playlist(), tracks, confirmed_at=at) for _ in range(count)
    ]


def keep(*, now: datetime, took_ms: int = standing.SLOW_MS) -> None:
    """Count the hourly figures as if that had taken so long."""
    standing.keep(now=now)
    Standing.objects.update(took_ms=took_ms)


def shown(*, now: datetime) -> list[float | None]:
    """Return the energies of what is done on the accounts' days, the newest first."""
    lanes = day_lanes.lanes(accounts=list(Account.objects.all()), turns=[], now=now)
    marks = [mark for row in lanes.rows for mark in row.marks]
    newest = sorted(marks, key=lambda mark: mark.at, reverse=True)
    return [mark.energy and round(mark.energy, 3) for mark in newest]


class TestEnergies:
    def test_are_kept_where_counting_takes_long(self, noon: datetime) -> None:
        make_lists(2, at=noon - timedelta(hours=3), energy=0.5)
        keep(now=noon - timedelta(hours=1))
        Track.objects.update(energy=0.9)
        make_lists(1, at=noon - timedelta(minutes=5), energy=0.7)
        assert shown(now=noon) == [0.7, 0.5, 0.5]

    def test_are_read_in_a_small_library(self, noon: datetime) -> None:
        make_lists(2, at=noon - timedelta(hours=3), energy=0.5)
        keep(now=noon - timedelta(hours=1), took_ms=standing.SLOW_MS - 1)
        Track.objects.update(energy=0.9)
        assert shown(now=noon) == [0.9, 0.9]

    def test_are_read_when_nobody_has_counted_for_long(self, noon: datetime) -> None:
        make_lists(1, at=noon - timedelta(hours=3), energy=0.5)
        keep(now=noon - standing.STALE - timedelta(hours=1))
        assert shown(now=noon) == [0.5]

    def test_of_a_large_library_are_read_for_a_few_lists(
        self, noon: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(standing, "FRESH", 1)
        keep(now=noon - timedelta(hours=1))
        make_lists(1, at=noon - timedelta(minutes=20), energy=0.5)
        make_lists(1, at=noon - timedelta(minutes=10), energy=0.6)
        assert shown(now=noon) == [0.6, None]

    def test_miss_no_list_that_was_confirmed_while_they_were_counted(
        self, noon: datetime
    ) -> None:
        counted_at = noon - timedelta(minutes=30)
        keep(now=counted_at)
        make_lists(1, at=counted_at - energies.MEANWHILE / 2, energy=0.5)
        assert shown(now=noon) == [0.5]

    def test_bear_a_row_from_before_they_were_kept(self, noon: datetime) -> None:
        make_lists(1, at=noon - timedelta(hours=3), energy=0.5)
        keep(now=noon - timedelta(hours=1))
        row = Standing.objects.get()
        del row.figures["energies"]
        row.save(update_fields=["figures"])
        assert shown(now=noon) == [0.5]
        assert standing.look(now=noon).is_kept

    def test_take_as_many_queries_for_many_lists(
        self, noon: datetime, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        make_lists(3, at=noon - timedelta(hours=1), energy=0.5)
        accounts = list(Account.objects.all())
        with django_assert_num_queries(3):
            day_lanes.lanes(accounts=accounts, turns=[], now=noon)
