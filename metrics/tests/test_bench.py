"""The bench, small: what is gated are ratios, queries and growth, never times."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.plugin import DjangoDbBlocker

from library.tests.factories import make_artist, make_track
from metrics.bench import pages, verdicts
from metrics.bench.database import BenchError
from metrics.bench.measure import why_busy
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
    """Figures of two sizes, ten times apart; the bench has databases of its own."""
    small = ("--runs", "2", "--playlists", "6", "--database", "sqlite")
    with django_db_blocker.unblock():
        figures = bench("sampler", "--tracks", "1000", "10000", *small)
    sizes: list[dict[str, Any]] = figures["sizes"]
    return sizes


class TestBenchSampler:
    def test_tells_what_was_promised(self, sizes: list[dict[str, Any]]) -> None:
        assert set(sizes[0]) >= SAMPLER_KEYS
        assert [figures["tracks"] for figures in sizes] == [1_000, 10_000]

    def test_says_of_each_goal_whether_it_is_met(
        self, sizes: list[dict[str, Any]]
    ) -> None:
        small, large = ({line["goal"] for line in one["goals"]} for one in sizes)
        assert {"Pick kernel", "Order : long annealing"} < small
        assert large - small == {
            "order_by('?') : read and pick",
            "Naive : end to end with the write",
        }

    def test_selects_with_two_queries(self, sizes: list[dict[str, Any]]) -> None:
        assert [figures["queries"] for figures in sizes] == [2, 2]

    def test_beats_the_others_by_far(self, sizes: list[dict[str, Any]]) -> None:
        assert sizes[1]["ratio_order_by_random"] > 5
        assert sizes[1]["ratio_naive_end_to_end"] > 5

    def test_orders_a_single_list_nearly_as_well_as_annealing(
        self, sizes: list[dict[str, Any]]
    ) -> None:
        for figures in sizes:
            assert figures["annealing_ratio"] < 1.3
            assert figures["random_ratio"] < 0.55
            assert figures["separation_breaches"] == 0

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


@pytest.mark.django_db(transaction=True)
class TestBenchPages:
    def test_keeps_every_page_light(self) -> None:
        figures = bench(
            *("pages", "--tracks", "2000", "--playlists", "40", "--history", "8000"),
            *("--runs", "3", "--database", "sqlite"),
        )
        assert figures["history"] == 8_000
        for page in figures["pages"]:
            assert set(page) >= {"url", "queries", "p95_ms", "ratio_bare_view"}
            assert page["queries"] <= 12, page["url"]
            assert page["ratio_bare_cpu"] < 8, page["url"]
        assert {"/", "/library/tracks/", "/playlists/", "/automation/"} <= {
            page["url"] for page in figures["pages"]
        }


class TestTable:
    def test_gives_each_page_its_verdict(self) -> None:
        line = {"url": "/", "queries": 12, "p95_ms": 149.9, "ratio_bare_view": 4.99}
        slow = line | {"url": "/slow/", "queries": 13, "p95_ms": 150.0}
        lines = [one | {"ok": not pages.misses(one)} for one in (line, slow)]
        _, good, bad, sums = pages.table(lines)
        assert good.endswith("good")
        assert "more than 12 queries, 150 ms or more" in bad
        assert sums.startswith("1 of 2 pages")


@pytest.mark.django_db
class TestCheck:
    def test_refuses_a_wrong_list(self) -> None:
        artist = make_artist()
        tracks = [make_track(artist=artist).pk for _ in range(3)]
        with pytest.raises(BenchError, match="short, double, resting, over the cap"):
            check([*tracks, tracks[0]], {tracks[0]}, all_artists=True)


def figures_of(tracks: int, **more: float) -> dict[str, Any]:
    return {"tracks": tracks, "pick_ms": 0.1, "select_ms": 0.5, **more}


class TestVerdicts:
    def test_hold_each_size_to_its_own_limit(self) -> None:
        ratio = {"ratio_order_by_random": 50.0}
        met = [
            line["met"]
            for size in (9_999, 10_000, 100_000, 1_000_000)
            for line in verdicts.verdicts(figures_of(size, **ratio))
            if line["goal"].startswith("order_by")
        ]
        assert met == [True, False, False]

    def test_hold_growth_to_the_smallest_and_the_largest(self) -> None:
        sizes = [figures_of(1_000_000), figures_of(10_000)]
        assert [line["met"] for line in verdicts.growth(sizes)] == [True, True]
        sizes[0] |= {"pick_ms": 0.21, "select_ms": 1.1}
        assert [line["met"] for line in verdicts.growth(sizes)] == [False, False]

    def test_are_told_line_by_line_and_counted(self) -> None:
        lines = [*verdicts.table("Here", verdicts.verdicts(figures_of(10)))]
        assert lines[0] == "Here"
        assert lines[1].split()[-4:] == ["ms", "<=", "0.2", "met"]
        assert lines[-1].strip() == "1 of 1 goals are met."


class TestWhyBusy:
    def test_says_nothing_of_a_quiet_machine(self) -> None:
        assert why_busy(share=0.1, waited=1.02) == []

    def test_names_what_others_use_and_what_waited(self) -> None:
        others, waited = why_busy(share=0.8, waited=1.5)
        assert "80% of the cores" in others
        assert "1.50 times" in waited


class TestBadInput:
    def test_is_refused_in_words(self) -> None:
        with pytest.raises(CommandError, match="At least 50 tracks"):
            call_command("bench", "sampler", "--tracks", "3")
