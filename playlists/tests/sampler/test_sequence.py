"""The order of a list."""

import random
from collections import Counter
from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pytest

from playlists.sampler import (
    Library,
    Resting,
    Rules,
    SequenceReport,
    draw,
    separation,
    sequence,
)
from playlists.sampler.arrange import _exchange_deltas, improve, mend
from playlists.sampler.flow import Costs, flow_costs
from playlists.sampler.moves import move_deltas
from playlists.sampler.separation import (
    best_gap,
    forced_level,
    needed_places,
    repeated,
    sharing,
    shortfall_of,
    smallest_gap,
    spread,
)
from playlists.tests.sampler.libraries import TODAY, generate_library, make_library

SEED = (1, 2, 3)


def ordered(
    credits: Sequence[Sequence[int]], *, asked: int = 100, **columns: object
) -> SequenceReport:
    library = make_library(credits, **columns)
    rules = Rules(artist_separation=asked)
    return sequence(library, range(len(credits)), rules, SEED)[1]


def flowing(count: int, seed: int = 1) -> dict[str, list[float]]:
    """Return features that let an order flow."""
    dice = random.Random(seed)
    return {
        "energy": [dice.random() for _ in range(count)],
        "tempo": [dice.uniform(70, 180) for _ in range(count)],
        "key": [dice.randrange(12) for _ in range(count)],
        "mode": [dice.randrange(2) for _ in range(count)],
    }


def one_artist_a_track(seed: int) -> list[list[int]]:
    """Return tracks whose artists stand unequally often."""
    dice = random.Random(seed)
    return [[dice.randint(1, dice.randint(1, 20))] for _ in range(dice.randint(2, 60))]


def drawn_list(seed: int) -> tuple[Library, tuple[int, ...]]:
    """Return a library with features and an ordinary list drawn from it."""
    library = generate_library(2_000, seed)
    return library, draw(library, Rules(), Resting(TODAY), (seed, 1, 1)).rows


def flowing_list(seed: int) -> tuple[Costs, list[int], list[list[int]]]:
    """Return the costs of an ordinary list, its order, and its credits."""
    library, rows = drawn_list(seed)
    costs = flow_costs(library, rows, "wave")
    assert costs is not None
    order = [rows.index(row) for row in sequence(library, rows, Rules(), SEED)[0]]
    return costs, order, [library.credits.of(row) for row in rows]


class TestBestGap:
    @pytest.mark.parametrize("seed", range(40))
    def test_is_what_the_best_of_all_orders_reaches(self, seed: int) -> None:
        dice = random.Random(seed)
        credits = [[dice.randint(1, 4)] for _ in range(dice.randint(2, 7))]
        gaps = [smallest_gap(p, credits) for p in permutations(range(len(credits)))]
        best = best_gap(credits)
        assert best == (None if None in gaps else max(g for g in gaps if g))


class TestSeparation:
    @pytest.mark.parametrize("seed", range(40))
    def test_reaches_the_optimum_by_spreading(self, seed: int) -> None:
        report = ordered(one_artist_a_track(seed))
        assert not report.has_flow
        assert report.achieved == report.optimum

    @pytest.mark.parametrize("seed", range(40))
    def test_reaches_the_optimum_with_flow_too(self, seed: int) -> None:
        credits = one_artist_a_track(seed)
        report = ordered(credits, features=flowing(len(credits)))
        assert report.achieved == report.optimum

    @pytest.mark.parametrize("seed", range(10))
    def test_reaches_what_is_asked_of_an_ordinary_list(self, seed: int) -> None:
        library, rows = drawn_list(seed)
        report = sequence(library, rows, Rules(), SEED)[1]
        assert report.has_flow
        assert report.achieved is None or report.achieved >= 8

    def test_counts_featured_artists(self) -> None:
        credits = [[1, 9], [2, 9], [3], [4], [5], [6]]
        assert ordered(credits, asked=5).achieved == 5

    def test_counts_primary_artists_alone_where_the_rules_do(self) -> None:
        library = make_library([[1, 9], [2, 9], [3]])
        rules = Rules(primary_only=True)
        assert sequence(library, range(3), rules, SEED)[1].achieved is None

    def test_says_when_less_was_reached_than_asked(self) -> None:
        report = ordered([[1], [1], [2]], asked=8)
        assert (report.achieved, report.optimum, report.reduced) == (2, 2, True)

    def test_has_nothing_to_say_when_no_artist_stands_twice(self) -> None:
        report = ordered([[1], [2], []], asked=8)
        assert (report.achieved, report.optimum, report.reduced) == (None, None, False)

    @pytest.mark.parametrize("credits", [[], [[1]], [[1], [1]], [[], []]])
    def test_takes_the_shortest_lists(self, credits: list[list[int]]) -> None:
        library = make_library(credits, features=flowing(len(credits)))
        rows, _ = sequence(library, range(len(credits)), Rules(), SEED)
        assert sorted(rows) == list(range(len(credits)))

    def test_takes_a_list_by_one_artist(self) -> None:
        assert ordered([[1]] * 100, features=flowing(100)).achieved == 1

    def test_takes_a_track_of_5000_credits(self) -> None:
        credits = [list(range(5_000)), *([artist] for artist in range(49))]
        assert ordered(credits, asked=8).achieved == 1


class TestSpread:
    def test_deals_random_lists_in_random_order(self) -> None:
        credits = [[artist] for artist in range(20)]
        library = make_library(credits)
        orders = {
            tuple(sequence(library, range(20), Rules(), (1, 1, batch))[0])
            for batch in range(10)
        }
        assert len(orders) == 10

    def test_goes_by_the_most_frequent_of_several_artists(self) -> None:
        credits = [[1, 9], [2, 9], [9], [3], [4], [5]]
        assert smallest_gap(spread(credits, range(6)), credits) == best_gap(credits)


class TestMend:
    def test_pulls_apart_what_the_constructions_left_together(self) -> None:
        credits = [[1], [1], [2], [3], [4], [5]]
        assert smallest_gap(mend(range(6), credits, 5), credits) == 5

    @pytest.mark.parametrize("seed", range(20))
    def test_never_makes_an_order_worse(self, seed: int) -> None:
        dice = random.Random(seed)
        credits = [dice.sample(range(15), dice.randint(1, 3)) for _ in range(30)]
        before = missed(range(30), credits, gap=5)
        after = mend(range(30), credits, 5)
        assert sorted(after) == list(range(30))
        assert missed(after, credits, gap=5) < before


def missed(order: Sequence[int], credits: list[list[int]], gap: int) -> int:
    return sum(
        gap - (second - first)
        for first in range(len(order))
        for second in range(first + 1, min(first + gap, len(order)))
        if set(credits[order[first]]) & set(credits[order[second]])
    )


class TestFlow:
    def test_costs_much_less_than_a_random_order(self) -> None:
        dice = random.Random(1)
        ours = chance = 0.0
        for seed in range(10):
            costs, order, _ = flowing_list(seed)
            ours += costs.total(order)
            chance += costs.total(dice.sample(range(50), 50))
        assert ours < 0.45 * chance

    def test_is_hardly_worse_than_what_endless_improvement_finds(self) -> None:
        ours = endless = 0.0
        for seed in range(10):
            costs, order, credits = flowing_list(seed)
            ours += costs.total(order)
            endless += costs.total(improve(order, credits, costs, 8, 1_000))
        assert ours < 1.05 * endless

    @pytest.mark.parametrize(("arc", "sign"), [("rise", 1), ("fall", -1)])
    def test_follows_a_simple_arc(self, arc: str, sign: int) -> None:
        energy = np.linspace(0, 1, 40)
        rules = Rules.from_dict({"arc": arc})
        order = along(make_flowing(energy.tolist()), rules)
        assert np.corrcoef(np.arange(40), energy[order])[0, 1] * sign > 0.9

    def test_follows_a_wave_by_default(self) -> None:
        energy = np.linspace(0, 1, 50)
        heard = energy[along(make_flowing(energy.tolist()), Rules())]
        assert heard[40:47].mean() > heard[10:17].mean() > heard[24:30].mean()

    def test_takes_half_and_double_time_as_one_tempo(self) -> None:
        library = make_library(
            [[1], [2], [3], [4]],
            features={"tempo": [80, 160, 80, 110], "energy": [0.5] * 4},
        )
        costs = flow_costs(library, range(4), "flat")
        assert costs is not None
        assert costs.step[0, 1] == costs.step[0, 2] < costs.step[0, 3]

    def test_takes_relative_and_neighbouring_keys_as_close(self) -> None:
        library = make_library(
            [[1], [2], [3], [4]],
            features={
                "tempo": [100] * 4,
                "energy": [0.5] * 4,
                "key": [0, 9, 7, 6],
                "mode": [1, 0, 1, 1],
            },
        )
        costs = flow_costs(library, range(4), "flat")
        assert costs is not None
        relative, fifth, tritone = costs.step[0, 1:]
        assert 0 < relative == fifth < tritone

    def test_is_left_out_where_too_few_tracks_have_features(self) -> None:
        features = {"tempo": [120, 120, np.nan, 0], "energy": [0.1, 0.2, 0.3, 0.4]}
        report = ordered([[1], [2], [3], [4]], features=features)
        assert not report.has_flow

    def test_bears_a_few_missing_features(self) -> None:
        features = {"tempo": [120, 100, np.nan, 90], "energy": [0.1, 0.2, 0.3, 0.4]}
        assert ordered([[1], [2], [3], [4]], features=features).has_flow


def make_flowing(energy: list[float]) -> Library:
    tempo = [120.0] * len(energy)
    features = {"energy": energy, "tempo": tempo}
    return make_library([[n] for n in range(len(energy))], features=features)


def along(library: Library, rules: Rules) -> list[int]:
    order, report = sequence(library, range(len(library)), rules, SEED)
    assert report.has_flow
    return order


class TestImprove:
    @pytest.mark.parametrize("seed", range(20))
    def test_saves_exactly_what_its_moves_promise(self, seed: int) -> None:
        dice = np.random.default_rng(seed)
        count = 9
        step = dice.integers(0, 1_000, (count, count))
        costs = Costs(step + step.T, dice.integers(0, 1_000, (count, count)))
        now = list(range(count))
        for _ in range(30):
            better = improve(now, [[n] for n in now], costs, 1, 1)
            assert costs.total(better) == cheapest_neighbour(now, costs)
            now = better


class TestMoveDeltas:
    @pytest.mark.parametrize("count", [3, 4, 11])
    def test_are_what_each_move_adds(self, count: int) -> None:
        dice = np.random.default_rng(count)
        step = dice.integers(0, 1_000, (count, count))
        costs = Costs(step + step.T, dice.integers(0, 1_000, (count, count)))
        order = dice.permutation(count)
        deltas = move_deltas(order, costs) + costs.total(order)
        for i in range(count):
            for j in range(count):
                turned, shifted = order.copy(), np.delete(order, i)
                turned[i : j + 1] = turned[i : j + 1][::-1]
                shifted = np.insert(shifted, j, order[i])
                assert deltas[0, i, j] == costs.total(turned)
                assert deltas[1, i, j] == costs.total(shifted)


class TestForcedLevel:
    @pytest.mark.parametrize("seed", range(20))
    def test_names_who_must_come_next(self, seed: int) -> None:
        dice = random.Random(seed)
        left = np.array([dice.randint(0, 4) for _ in range(6)])
        for gap in range(1, 7):
            for places in range(int(left.sum()), 30):
                level = forced_level(needed_places(left, gap), places)
                must = set() if level is None else set(np.flatnonzero(left >= level))
                counts = Counter(dict(enumerate(left.tolist())))
                assert must == forced_artists(counts, gap, places)


def cheapest_neighbour(order: list[int], costs: Costs) -> int:
    """Return the least cost after no move, one reversal or one shift."""
    found = [costs.total(order)]
    for i in range(len(order)):
        for j in range(len(order)):
            low, high = min(i, j), max(i, j) + 1
            turned = order[:low] + order[low:high][::-1] + order[high:]
            shifted = [track for place, track in enumerate(order) if place != i]
            shifted.insert(j, order[i])
            found += [costs.total(turned), costs.total(shifted)]
    return min(found)


class TestRepeated:
    def test_leaves_out_who_keeps_nothing_apart(self) -> None:
        credits = [[1, 2, 7], [1, 2], [3, 7], [1, 2, 4]]
        assert repeated(credits) == [[2, 7], [2], [7], [2]]

    def test_asks_for_the_same_gaps(self) -> None:
        dice = random.Random(3)
        for _ in range(50):
            credits = [dice.sample(range(9), dice.randrange(4)) for _ in range(12)]
            order = dice.sample(range(12), 12)
            plain, fewer = smallest_gap(order, credits), repeated(credits)
            assert smallest_gap(order, fewer) == plain
            assert (sharing(fewer) == sharing(credits)).all()

    def test_are_the_same_where_many_are_compared_by_columns(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dice = random.Random(5)
        for _ in range(50):
            credits = [dice.sample(range(9), dice.randrange(5)) for _ in range(12)]
            plain = repeated(credits)
            monkeypatch.setattr(separation, "MANY", 0)
            columns = repeated(credits)
            monkeypatch.undo()
            assert [sorted(one) for one in plain] == list(columns)
            assert (plain.table == columns.table).all()
            assert best_gap(plain) == best_gap(columns)


class TestExchangeDeltas:
    @pytest.mark.parametrize("gap", [1, 3, 30])
    def test_are_what_an_exchange_adds_to_the_misses(self, gap: int) -> None:
        dice = random.Random(gap)
        credits = [dice.sample(range(6), dice.randrange(3)) for _ in range(9)]
        positions = np.array(dice.sample(range(9), 9))
        shares = sharing(credits)
        first, second = np.nonzero(np.triu(shares))
        before = shortfall_of(positions, first, second, gap)
        deltas = _exchange_deltas(shares.astype(np.int64), positions, gap)
        for one in range(9):
            for other in set(range(9)) - {one}:
                moved = positions.copy()
                moved[[one, other]] = moved[[other, one]]
                after = shortfall_of(moved, first, second, gap)
                assert deltas[one, other] == after - before


def forced_artists(left: Counter[int], gap: int, places: int) -> set[int]:
    """Return the artists one of whom must come next, empty if the choice is free.

    With `places` left to fill, artists who have r tracks left need (r - 1) gaps and a
    place each; when that is all there is, waiting would break the gap.
    """
    levels = Counter([count for count in left.values() if count > 1])
    if not levels or (max(levels) - 1) * gap + levels.total() < places:
        return set()
    reaching = 0
    for level in sorted(levels, reverse=True):
        reaching += levels[level]
        if (level - 1) * gap + reaching >= places:
            return {artist for artist, count in left.items() if count >= level}
    return set()
