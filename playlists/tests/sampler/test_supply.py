"""What a library carries: counted by hand, and held against fleets that really draw."""

from collections.abc import Sequence

import numpy as np
import pytest

from playlists.sampler import Choice, Library, Resting, Rules, Supply, build_pool, draw
from playlists.tests.sampler.libraries import make_library

INTERVAL_DAYS, TURNS = 5, 7
FIRST_DAY = 20_000


def artists_with(*tracks: int) -> list[list[int]]:
    """Return credits: one artist with so many tracks each."""
    return [[artist] for artist, count in enumerate(tracks) for _ in range(count)]


def with_guests(count: int, artists: int) -> list[list[int]]:
    """Return credits of which every third names a guest, few artists having many."""
    random = np.random.default_rng(3)
    first = random.zipf(1.6, size=count) % artists
    guest = random.integers(artists, size=count)
    return [
        [one] if number % 3 or one == two else [one, two]
        for number, (one, two) in enumerate(
            zip(first.tolist(), guest.tolist(), strict=True)
        )
    ]


def lists_given_way(library: Library, rules: Rules, lists: int) -> int:
    """Let a fleet draw all its lists every five days; count those not to the rules.

    Rest is across the fleet. Counted are lists that were short or loosened a rule.
    """
    pool = build_pool(library, rules)
    standing: dict[int, list[int]] = {}
    left: list[dict[int, int]] = [{} for _ in range(lists)]
    gave_way = 0
    for turn in range(TURNS):
        today = FIRST_DAY + turn * INTERVAL_DAYS
        for one in range(lists):
            elsewhere: dict[int, int] = {}
            for other in set(range(lists)) - {one}:
                for recording, day in left[other].items():
                    elsewhere[recording] = max(day, elsewhere.get(recording, day))
                elsewhere |= dict.fromkeys(standing.get(other, ()), today)
            resting = Resting(today, standing.get(one, ()), left[one], elsewhere)
            found = draw(library, rules, resting, (7, one, today), pool=pool)
            gave_way += bool(found.report.shortfall or found.report.rungs)
            left[one] |= dict.fromkeys(standing.get(one, ()), today)
            standing[one] = library.recording_ids[list(found.rows)].tolist()
    return gave_way


class TestSupply:
    def test_counts_recordings_and_not_releases(self) -> None:
        library = make_library([[1], [1], [2]], recording_ids=[5, 5, 6])
        supply = Supply.of(library, Rules())
        assert (supply.recordings, supply.artists) == (2, 2)

    def test_counts_what_passes_the_filters(self) -> None:
        rules = Rules(choices=(Choice("artist", (1,), out=True),))
        supply = Supply.of(make_library([[1], [2], [3]]), rules)
        assert (supply.recordings, supply.artists) == (2, 2)

    @pytest.mark.parametrize(("lists", "places"), [(1, 5), (2, 7), (5, 13), (9, 13)])
    def test_gives_an_artist_no_more_places_than_the_cap(
        self, lists: int, places: int
    ) -> None:
        supply = Supply.of(make_library(artists_with(10, 2, 1)), Rules(artist_cap=2))
        assert supply.admissible(lists) == places

    def test_counts_guests_towards_the_cap(self) -> None:
        credits = [[1, 9], [2, 9], [3, 9], [4, 9]]
        supply = Supply.of(make_library(credits), Rules(artist_cap=2))
        assert supply.admissible(1) == 2
        alone = Supply.of(make_library(credits), Rules(artist_cap=2, primary_only=True))
        assert alone.admissible(1) == 4

    def test_counts_the_album_cap(self) -> None:
        library = make_library([[n] for n in range(10)], album_ids=[1] * 8 + [2, 3])
        assert Supply.of(library, Rules(album_cap=3)).admissible(1) == 5

    def test_holds_lists_until_the_recordings_are_used_up(self) -> None:
        supply = Supply.of(make_library(artists_with(*[1] * 400)), Rules())
        assert supply.most_lists(20) == 19
        assert supply.most_lists(20, taken=0.5) == 9

    def test_holds_none_where_the_cap_leaves_no_full_list(self) -> None:
        supply = Supply.of(make_library(artists_with(*[10] * 10)), Rules(artist_cap=2))
        assert supply.admissible(1) == 20
        assert supply.most_lists(50) == 0
        assert supply.most_lists(20) >= 1

    def test_says_how_much_larger_a_library_would_do(self) -> None:
        supply = Supply.of(make_library(artists_with(*[2] * 100)), Rules())
        growth = supply.growth_for(50, 8)
        assert growth is not None
        assert 2.0 <= growth < 2.5
        larger = Supply.of(
            make_library(artists_with(*[2] * round(100 * growth + 1))), Rules()
        )
        assert larger.holds(50, 8)

    def test_knows_an_empty_library(self) -> None:
        supply = Supply.of(make_library([]), Rules())
        assert supply.most_lists(50) == supply.admissible(3) == 0
        assert supply.growth_for(50, 1) is None


@pytest.mark.parametrize(
    ("credits", "size", "cooldown_days"),
    [
        (artists_with(*[5] * 160), 20, 5),
        (artists_with(*[5] * 160), 20, 7),
        (artists_with(*[40] * 25), 40, 5),
        (artists_with(900, *[1] * 139), 20, 5),
        (with_guests(1_000, 250), 20, 5),
    ],
    ids=["even", "longer rest", "few artists", "one giant", "guests"],
)
class TestTheForecast:
    """A library of these credits, drawn from by a whole fleet that shares its rest."""

    def test_is_kept_by_a_fleet_below_it(
        self, credits: Sequence[Sequence[int]], size: int, cooldown_days: int
    ) -> None:
        library, rules, most = foretold(credits, size, cooldown_days)
        assert lists_given_way(library, rules, max(1, most * 95 // 100)) == 0

    def test_is_missed_by_a_fleet_clearly_above_it(
        self, credits: Sequence[Sequence[int]], size: int, cooldown_days: int
    ) -> None:
        library, rules, most = foretold(credits, size, cooldown_days)
        assert lists_given_way(library, rules, max(most + 1, most * 115 // 100)) > 0


def foretold(
    credits: Sequence[Sequence[int]], size: int, cooldown_days: int
) -> tuple[Library, Rules, int]:
    """Return a library, its rules, and how many playlists it is said to carry."""
    library = make_library(credits)
    rules = Rules(size=size, cooldown_days=cooldown_days, rest_scope="fleet")
    lists_each = 1 + -(-cooldown_days // INTERVAL_DAYS)
    return library, rules, Supply.of(library, rules).most_lists(size) // lists_each
