"""The alert rules and the dashboard ask for what `/metrics` tells."""

import json
import re

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from metrics import prometheus
from metrics.services import snapshots
from metrics.tests.factories import beat_engine, make_fleet
from vibe_engine import clock
from vibe_engine.testing.environment import ROOT

DOCS = ROOT / "docs" / "monitoring"


def told() -> set[str]:
    """Names of the metrics of a living installation."""
    now = clock.now()
    make_fleet(accounts=1, playlists=1, now=now)
    beat_engine(now)
    snapshots.take(grain="hourly", slot=now, now=now)
    text = prometheus.exposition(now=now).decode()
    return {family.name for family in text_string_to_metric_families(text)}


def asked(text: str) -> set[str]:
    return set(re.findall(r"\bvibe_[a-z0-9_]+", text))


@pytest.mark.django_db
class TestDocs:
    def test_alerts_ask_for_what_is_told(self) -> None:
        rules = yaml.safe_load((DOCS / "alerts.yml").read_text(encoding="utf-8"))
        (group,) = rules["groups"]
        wanted = set().union(*(asked(rule["expr"]) for rule in group["rules"]))
        assert wanted
        assert wanted <= told()
        for rule in group["rules"]:
            assert set(rule["annotations"]) == {"summary", "action"}

    def test_dashboard_asks_for_what_is_told(self) -> None:
        board = json.loads((DOCS / "grafana.json").read_text(encoding="utf-8"))
        wanted = asked(json.dumps(board["panels"]))
        assert wanted
        assert wanted <= told()

    def test_page_names_all_that_is_told(self) -> None:
        named = asked((DOCS / "README.md").read_text(encoding="utf-8"))
        assert named == told()
