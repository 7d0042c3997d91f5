"""Lists that are shorter than asked, as a growing number."""

from datetime import UTC, datetime, timedelta

import pytest

from automation.notices.concerns import Concern
from automation.runtime import RuntimeSettings
from metrics import concerns
from metrics.models import MetricSnapshot
from metrics.services import snapshots
from metrics.tests.factories import make_fleet
from playlists.models import PlaylistSnapshot

pytestmark = [pytest.mark.django_db, pytest.mark.portable]
NOW = datetime(2026, 6, 2, 12, 20, tzinfo=UTC)


def seen() -> list[Concern]:
    found: list[Concern] = []
    concerns.collect(note=found.append, settings=RuntimeSettings(), now=NOW)
    return found


def figures(hours_ago: int, short: int | None) -> None:
    """Save the hourly figures as they were written then."""
    slot = NOW.replace(minute=0) - timedelta(hours=hours_ago)
    MetricSnapshot.objects.create(
        grain="hourly",
        slot=slot,
        taken_at=slot,
        figures={} if short is None else {"short_lists": short},
    )


class TestShortfall:
    def test_is_told_when_it_grows(self) -> None:
        figures(24, 2)
        figures(0, 5)
        (found,) = seen()
        assert found.title == "5 lists hold fewer tracks than asked"
        assert found.text.startswith("A day before it were 2;")

    @pytest.mark.parametrize(("before", "after"), [(5, 5), (5, 4), (0, 2), (None, 0)])
    def test_is_not_told_else(self, before: int | None, after: int) -> None:
        figures(24, before)
        figures(0, after)
        assert seen() == []

    def test_needs_a_day_to_compare_with(self) -> None:
        assert seen() == []
        figures(23, 0)
        figures(0, 50)
        assert seen() == []

    def test_is_counted_from_the_lists_that_stand(self) -> None:
        make_fleet(accounts=1, playlists=3, now=NOW)
        assert snapshots.measure(now=NOW).short_lists == 0
        first = PlaylistSnapshot.objects.current().earliest("pk")
        PlaylistSnapshot.objects.filter(pk=first.pk).update(report={"shortfall": 7})
        assert snapshots.measure(now=NOW).short_lists == 1
