"""The page that Prometheus reads."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Developer
from automation.models import Run
from automation.runtime import RuntimeSettings
from automation.tests.factories import make_run
from metrics import prometheus
from metrics.services import snapshots
from metrics.tests.factories import beat_engine, make_fleet
from vibe_engine import configuration

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

MOST_QUERIES = 12


def scrape(now: datetime) -> dict[tuple[str, ...], float]:
    """Return every sample by name and its labels' values, by label."""
    text = prometheus.exposition(now=now).decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class TestExposition:
    def test_is_parsed_on_an_empty_installation(self, noon: datetime) -> None:
        samples = scrape(noon)
        assert samples["vibe_playlists_due",] == 0
        assert samples["vibe_accounts", "active"] == 0
        assert 0 < samples["vibe_disk_used_ratio",] <= 1

    def test_tells_the_facts_of_a_fleet(self, noon: datetime) -> None:
        make_fleet(accounts=2, playlists=3, now=noon)
        beat_engine(noon - timedelta(seconds=7))
        snapshots.take(grain="hourly", slot=noon, now=noon, settings=RuntimeSettings())
        samples = scrape(noon)
        assert samples["vibe_accounts", "active"] == 2
        assert samples["vibe_playlists", "active"] == 6
        assert samples["vibe_playlists_due",] == 2
        assert samples["vibe_engine_silent_seconds",] == pytest.approx(7)
        assert samples["vibe_figure", "playlists"] == 6
        assert samples["vibe_capacity_used_ratio", "places"] == 6 / 400
        assert samples["vibe_capacity_used_ratio", "library"] > 1
        assert ("vibe_figure", "places_used") not in samples
        calls = [n for key, n in samples.items() if key[0] == "vibe_spotify_calls_24h"]
        assert sum(calls) == 6

    def test_tells_what_waits_and_what_ended(self, noon: datetime) -> None:
        late = make_run(kind="playlists.reshuffle")
        Run.objects.filter(pk=late.pk).update(due_at=noon - timedelta(seconds=90))
        for hours in (0.5, 2):
            ended = make_run(kind="playlists.reshuffle", subject=f"playlist:{hours}")
            Run.objects.filter(pk=ended.pk).update(
                state=Run.State.FAILED, finished_at=noon - timedelta(hours=hours)
            )
        samples = scrape(noon)
        assert samples["vibe_oldest_due_run_seconds",] == pytest.approx(90)
        assert samples["vibe_runs", "planned"] == 1
        assert samples["vibe_runs_ended_1h", "playlists.reshuffle", "failed"] == 1

    def test_tells_how_long_calls_rest(self, noon: datetime) -> None:
        make_fleet(accounts=1, playlists=1, now=noon)
        Developer.objects.update(
            circuit_open_until=noon + timedelta(hours=1), circuit_cause="rate"
        )
        key = str(Developer.objects.get().pk)
        assert scrape(noon)["vibe_spotify_closed_seconds", "rate", key] == 3600

    def test_asks_as_much_for_a_larger_fleet(
        self, noon: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        make_fleet(accounts=3, playlists=4, now=noon)
        with django_assert_max_num_queries(MOST_QUERIES):
            scrape(noon)


class TestDoor:
    @pytest.mark.parametrize(
        ("token", "networks", "header", "status"),
        [
            ("", [], "", 404),
            ("", [], "Bearer ", 404),
            ("s3cret", [], "", 404),
            ("s3cret", [], "Bearer s3cre", 404),
            ("s3cret", [], "Basic s3cret", 404),
            ("s3cret", [], "Bearer s3cret", 200),
            ("", ["127.0.0.0/8"], "", 200),
            ("", ["10.0.0.0/8", "::1/128"], "", 404),
        ],
    )
    def test_lets_in_who_is_named(
        self,
        client: Client,
        settings: Settings,
        token: str,
        networks: list[str],
        header: str,
        status: int,
    ) -> None:
        settings.METRICS_TOKEN = token
        settings.METRICS_ALLOWED_NETWORKS = configuration.networks("N", networks)
        headers: dict[str, Any] = {"Authorization": header} if header else {}
        answer = client.get("/metrics", headers=headers)
        assert answer.status_code == status
        if status == 200:
            assert answer.headers["Content-Type"].startswith("text/plain; version=")
            assert b"vibe_playlists_due 0.0" in answer.content

    def test_refuses_what_is_no_network(self) -> None:
        with pytest.raises(ImproperlyConfigured, match="METRICS_ALLOWED_NETWORKS"):
            configuration.networks("METRICS_ALLOWED_NETWORKS", ["10.0.0.1/8"])
