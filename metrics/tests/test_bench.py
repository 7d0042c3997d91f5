"""The bench, small: what is gated are ratios, queries and growth, never times."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.plugin import DjangoDbBlocker

from library.tests.factories import make_artist, make_track
from metrics.bench.database import BenchError
from metrics.bench.sampler import check

SAMPLER_KEYS = {
    "tracks",
    "database",
    "pick_ms",
    "cooldown_read_ms",
    "select_ms",
    "sequence_p95_ms",
    "end_to_end_ms",
    "ratio_order_by_random",
    "ratio_naive_end_to_end",
    "peak_mb",
}


def bench(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("bench", *arguments, "--json", stdout=out)
    figures: dict[str, Any] = json.loads(out.getvalue())
    return figures


@pytest.fixture(scope="module")
def sizes(django_db_blocker: DjangoDbBlocker) -> list[dict[str, Any]]:
    """Figures of two sizes, ten times apart; the bench has a database of its own."""
    common = ("--runs", "6", "--database", "sqlite")
    with django_db_blocker.unblock():
        return [bench("sampler", "--tracks", n, *common) for n in ("2000", "20000")]


class TestBenchSampler:
    def test_tells_what_was_promised(self, sizes: list[dict[str, Any]]) -> None:
        assert set(sizes[0]) >= SAMPLER_KEYS
        assert [figures["tracks"] for figures in sizes] == [2_000, 20_000]

    def test_selects_with_two_queries(self, sizes: list[dict[str, Any]]) -> None:
        assert [figures["queries"] for figures in sizes] == [2, 2]

    def test_beats_the_others_by_far(self, sizes: list[dict[str, Any]]) -> None:
        assert sizes[1]["ratio_order_by_random"] > 5
        assert sizes[1]["ratio_naive_end_to_end"] > 5

    def test_hardly_grows_with_the_library(self, sizes: list[dict[str, Any]]) -> None:
        small, large = (figures["select_cpu_ms"] for figures in sizes)
        assert large < 2 * small


@pytest.mark.django_db(transaction=True)
class TestBenchBulk:
    def test_stores_a_list_for_every_playlist(self) -> None:
        figures = bench(
            *("bulk", "--tracks", "3000", "--playlists", "30", "--history", "9000"),
            *("--database", "sqlite"),
        )
        assert (figures["playlists"], figures["stored"]) == (30, 30)
        assert figures["history"] == 9_000
        assert figures["seconds"] > 0 < figures["peak_mb"]


@pytest.mark.django_db
class TestCheck:
    def test_refuses_a_wrong_list(self) -> None:
        artist = make_artist()
        tracks = [make_track(artist=artist).pk for _ in range(3)]
        with pytest.raises(BenchError, match="short, double, resting, over the cap"):
            check([*tracks, tracks[0]], {tracks[0]}, all_artists=True)


class TestBadInput:
    def test_is_refused_in_words(self) -> None:
        with pytest.raises(CommandError, match="At least 50 tracks"):
            call_command("bench", "sampler", "--tracks", "3")
