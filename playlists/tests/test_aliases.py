"""Lists drawn where several artists are the same one."""

import random
from datetime import date
from itertools import pairwise

import pytest

from library.models import Alias, Artist, TrackArtist
from library.services import aliasing
from library.tests.factories import make_artist, make_track
from playlists import sampler
from playlists.services import stock
from vibe_engine import clock

pytestmark = [pytest.mark.django_db, pytest.mark.portable]

DAY = date(2026, 3, 1)
SEEDS = range(60)


def say_same(main: Artist, *others: Artist) -> None:
    for other in others:
        aliasing.add_alias(artist=main, other=other, by=None, now=clock.now())


def draw_list(rules: sampler.Rules, seed: int = 1) -> tuple[list[int], sampler.Report]:
    """Return the tracks of a list in order, and its report."""
    found = stock.find_stock(rules=rules, collection_ids=(), on=DAY)
    rest, seeds = sampler.Resting(20_500), (seed, 1, 1)
    drawn = sampler.draw(found.library, rules, rest, seeds, pool=found.pool)
    rows, order = sampler.sequence(found.library, drawn.rows, rules, seeds)
    tracks = found.library.track_ids[rows].tolist()
    return tracks, drawn.report.with_order(order)


class TestDraw:
    @pytest.fixture
    def main_of(self) -> dict[int, int]:
        """Eighty tracks by twelve artists, who are seven; the main one of each."""
        dice = random.Random(7)
        artists = [make_artist() for _ in range(12)]
        for _ in range(80):
            first, *guests = dice.sample(artists, dice.choice((1, 1, 2, 3)))
            make_track(artist=first, guests=guests)
        say_same(artists[1], artists[0], artists[3], artists[2])
        say_same(artists[4], artists[5])
        say_same(artists[7], artists[6])
        aliases = Alias.objects.values_list("artist", "main")
        return {artist.pk: artist.pk for artist in artists} | dict(aliases)

    def test_keeps_cap_and_separation_of_a_group_as_of_one(
        self, main_of: dict[int, int]
    ) -> None:
        groups_of: dict[int, set[int]] = {}
        for track, artist in TrackArtist.objects.values_list("track", "artist"):
            groups_of.setdefault(track, set()).add(main_of[artist])
        for seed in SEEDS:
            size, cap, apart = random.Random(seed).choice(
                ((5, 1, 8), (10, 2, 4), (10, 3, 8), (20, 3, 2))
            )
            rules = sampler.Rules(
                size=size, artist_cap=cap, artist_separation=apart, ladder=()
            )
            tracks, report = draw_list(rules, seed)
            places: dict[int, list[int]] = {}
            for place, track in enumerate(tracks):
                for group in groups_of[track]:
                    places.setdefault(group, []).append(place)
            assert max(map(len, places.values())) <= cap
            gaps = [b - a for at in places.values() for a, b in pairwise(at)]
            assert report.order is not None
            assert report.order.achieved == min(gaps, default=None)


class TestReport:
    def test_names_the_main_artist_as_what_binds(self) -> None:
        ada, bea = make_artist(), make_artist()
        for artist in (ada, bea) * 5:
            make_track(artist=artist)
        say_same(bea, ada)
        _, report = draw_list(sampler.Rules(size=5, artist_cap=2, ladder=()))
        assert report.drawn == 2
        assert report.binding_rule is not None
        assert report.binding_rule.rule == "artist_cap"
        assert report.binding_rule.artist_ids == (bea.pk,)
        assert {step.key: step.taken for step in report.funnel}["artist_cap"] == 8


class TestChoices:
    @pytest.mark.parametrize("named", [0, 1])
    def test_mean_an_artist_under_all_names(self, named: int) -> None:
        same = [make_artist(), make_artist()]
        tracks = [make_track(artist=artist) for artist in (*same, make_artist())]
        say_same(*same)
        out = sampler.Choice("artist", (same[named].pk,), out=True)
        assert draw_list(sampler.Rules(choices=(out,)))[0] == [tracks[2].pk]
        only = sampler.Choice("artist", (same[named].pk,))
        drawn, _ = draw_list(sampler.Rules(choices=(only,)))
        assert set(drawn) == {tracks[0].pk, tracks[1].pk}
