"""What a change of many playlists would give: counted and tried beforehand."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from automation import runtime
from library import pool
from library.tests.factories import make_album, make_collection, make_track, make_tracks
from playlists.models import Playlist
from playlists.ruleforms import BulkRulesForm
from playlists.services import foreseeing
from playlists.services.foreseeing import Change, Foreseen
from playlists.tests.factories import make_playlist, make_playlists
from vibe_engine import clock

pytestmark = pytest.mark.django_db


def foresee(**change: Any) -> Foreseen:
    return foreseeing.foresee(
        playlists=Playlist.objects.managed(),
        change=Change(**change),
        settings=runtime.load(),
        now=clock.now(),
    )


def typed(**values: Any) -> dict[str, Any]:
    """Return what the form of rules posts as it opens, with other values."""
    initial = BulkRulesForm.defaults(runtime.load())
    shown = {k: v for k, v in initial.items() if v is not None and v is not False}
    return shown | values


def count(client: Client, name: str, values: dict[str, Any]) -> str:
    """Post a form as it is being typed; return the fragment."""
    answer = client.post(
        reverse(f"playlists:{name}"), values, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    return answer.content.decode()


class TestForesee:
    def test_puts_playlists_together_that_would_draw_alike(self) -> None:
        late = make_collection(name="Late", albums=[make_album(tracks=7)])
        early = make_collection(name="Early", albums=[make_album(tracks=5)])
        make_playlists(2, collections=[late, early])
        make_playlist(collections=[early])
        found = foresee()
        said = [(k.playlists, k.matching, list(k.collections)) for k in found.kinds]
        assert said == [(2, 12, ["Early", "Late"]), (1, 5, ["Early"])]
        assert (found.fewest, found.most, found.playlists) == (5, 12, 3)

    def test_counts_under_the_rules_as_they_would_be(self) -> None:
        make_tracks(5, energy=0.9, explicit=False)
        make_track(energy=0.9, explicit=True)
        make_tracks(3, energy=0.1, explicit=False)
        make_playlist(rules={"explicit": "exclude"})
        make_playlist()
        ranges = [{"column": "energy", "minimum": 0.5, "maximum": None}]
        found = foresee(rules={"ranges": ranges})
        assert (found.fewest, found.most) == (5, 6)

    def test_tells_whose_lists_would_come_out_short(self) -> None:
        make_tracks(30)
        make_playlists(3, size=10)
        make_playlist(size=20)
        assert foresee(numbers={"artist_cap": 100}).short == 0
        changed = foresee(numbers={"size": 31, "artist_cap": 100})
        assert (changed.short, changed.kinds[0].reachable) == (4, 30)

    def test_tells_whose_rest_would_be_shortened(self) -> None:
        make_tracks(30)
        make_playlist(size=10, artist_cap=100, interval_days=5, cooldown_days=5)
        assert foresee().hurried == 0
        assert foresee(numbers={"cooldown_days": 60}).hurried == 1

    def test_draws_from_everything_without_collections(self) -> None:
        chosen = make_collection(albums=[make_album(tracks=2)])
        make_tracks(4)
        make_playlist(collections=[chosen])
        assert [foresee(collection_ids=[]).most, foresee().most] == [6, 2]

    def test_names_those_that_cannot_have_it(self) -> None:
        make_playlist(rules={"version": 99})
        make_playlist()
        found = foresee()
        assert (found.refused, len(found.kinds), found.playlists) == (1, 1, 2)
        assert found.reason

    def test_says_what_it_has_not_counted(self) -> None:
        for size in range(1, foreseeing.MOST_KINDS + 3):
            make_playlist(size=size)
        assert foresee().uncounted == 2

    def test_stores_nothing(self) -> None:
        playlist = make_playlist()
        foresee(rules={"explicit": "only"}, numbers={"size": 9})
        playlist.refresh_from_db()
        assert (playlist.rules, playlist.size) == ({}, None)

    def test_reads_no_more_for_more_playlists_and_collections(self) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as seen:
                foresee()
            return len(seen)

        make_playlist(collections=[make_collection()])
        few = queries()
        for size in range(10, 16):
            one = make_collection(albums=[make_album(tracks=1)])
            make_playlists(2, size=size, collections=[one])
        assert queries() == few


class TestCounting:
    def test_answers_the_rules_as_they_are_typed(self, operator: Client) -> None:
        one, two = make_playlists(2)
        make_tracks(8, energy=0.7)
        make_tracks(4, energy=0.1)
        values = typed(energy_min="0.6", pk=[one.pk, two.pk])
        assert ">12</b>" in count(operator, "count_rules_of_many", values)
        ticked = values | {"change": ["ranges"]}
        page = count(operator, "count_rules_of_many", ticked)
        assert ">8</b>" in page
        assert "Too few for 2 of 2 lists" in page
        assert "<h1" not in page

    def test_answers_an_edit_as_it_is_typed(self, operator: Client) -> None:
        playlist = make_playlist()
        make_tracks(12)
        values = {"pk": [playlist.pk], "size": "4", "artist_cap": "4"}
        assert "Too few" in count(operator, "count_edit_of_many", values)
        ticked = values | {"change": ["size", "artist_cap"]}
        assert "Too few" not in count(operator, "count_edit_of_many", ticked)

    @pytest.mark.parametrize(
        ("name", "wrong"),
        [
            ("count_rules_of_many", {"energy_min": "7"}),
            ("count_edit_of_many", {"size": "1000"}),
        ],
    )
    def test_tells_what_is_not_right_yet(
        self, operator: Client, name: str, wrong: dict[str, str]
    ) -> None:
        values = {"pk": [make_playlist().pk]} | wrong
        page = count(operator, name, values)
        assert "not right yet" in page
        assert "less than or equal" in page

    @pytest.mark.parametrize("name", ["count_rules_of_many", "count_edit_of_many"])
    def test_shows_the_whole_form_without_a_script(
        self, operator: Client, name: str
    ) -> None:
        make_tracks(3)
        values = typed(pk=[make_playlist().pk], change=["caps"], artist_cap="7")
        if name == "count_edit_of_many":
            values |= {"change": ["size"], "size": "5"}
        page = operator.post(reverse(f"playlists:{name}"), values).content.decode()
        assert "<h1" in page
        assert ">3</b>" in page

    def test_stays_within_twelve_queries(self, operator: Client) -> None:
        rows = [
            make_playlist(size=size, collections=[make_collection()])
            for size in range(20, 24)
        ]
        values = typed(pk=[row.pk for row in rows], change=["ranges"])
        pool.load_library(on=clock.now().date())
        with CaptureQueriesContext(connection) as seen:
            count(operator, "count_rules_of_many", values)
        assert len(seen) <= 12

    def test_leads_to_the_list_without_a_selection(self, operator: Client) -> None:
        answer = operator.post(
            reverse("playlists:count_rules_of_many"), headers={"HX-Request": "true"}
        )
        assert answer["HX-Redirect"] == reverse("playlists:list")


class TestPreview:
    def test_draws_for_one_of_the_selection(self, operator: Client) -> None:
        one, two = make_playlists(2, size=3)
        make_tracks(5, energy=0.9)
        make_tracks(5, energy=0.1)
        values = typed(pk=[one.pk, two.pk], sample=two.pk, size="9")
        values |= {"change": ["ranges"], "energy_min": "0.5", "year_min": ""}
        page = operator.post(
            reverse("playlists:preview_rules_of_many"), values
        ).content.decode()
        assert two.name in page
        assert "3 tracks" in page
        assert list(Playlist.objects.values_list("rules", flat=True)) == [{}, {}]

    def test_knows_no_playlist_beside_the_selection(self, operator: Client) -> None:
        one, other = make_playlists(2)
        values = typed(pk=[one.pk], sample=other.pk)
        answer = operator.post(reverse("playlists:preview_rules_of_many"), values)
        assert answer.status_code == 404
