"""Both kernels follow conditional successive sampling, checked against enumeration."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import chi2

from playlists.sampler import Library, Pool, Resting, Rules, build_pool, draw
from playlists.sampler.bits import DRAW_STREAM, Bits
from playlists.sampler.kernels import pick_by_keys, pick_by_rejection
from playlists.sampler.picks import Picks
from playlists.sampler.rest import RestTable
from playlists.tests.sampler.libraries import TODAY, make_library

SAMPLES = 8_000
FEWEST_EXPECTED = 8
LEAST_P = 1e-4

List = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """A small library with rules and rest, where every list can be enumerated."""

    library: Library
    rules: Rules
    resting: Resting

    @property
    def pool(self) -> Pool:
        return build_pool(self.library, self.rules)

    @property
    def rest(self) -> RestTable:
        return RestTable.of(self.library, self.resting)


CASES = {
    "one artist a track": Case(
        make_library(
            [[1], [1], [1], [2], [2], [3], [4], [4]],
            use_count=[0, 1, 2, 3, 0, 9, 4, 1],
            last_used_day=[
                -1,
                TODAY - 9,
                TODAY - 1,
                TODAY - 4,
                -1,
                TODAY,
                1,
                TODAY - 2,
            ],
        ),
        Rules(size=3, artist_cap=1, ladder=()),
        Resting(TODAY),
    ),
    "features, releases and rest": Case(
        make_library(
            [[1], [1, 2], [1], [1], [2], [2, 3], [3], [], [4]],
            recording_ids=[1, 2, 3, 1, 5, 6, 7, 8, 9],
            use_count=[5, 0, 0, 2, 7, 1, 3, 2, 0],
        ),
        Rules(size=4, artist_cap=2, ladder=()),
        Resting(TODAY, current=[9], left={5: TODAY - 6, 3: TODAY - 5, 7: TODAY - 4}),
    ),
}


def enumerate_lists(case: Case) -> dict[List, float]:
    """Return the probability of every list, in drawing order."""
    pool, rest = case.pool, case.rest
    barred = set(rest.barred(case.rules.cooldown_days).tolist())
    rows = [row for row in pool.rows.tolist() if row not in barred]
    weights = dict(zip(rows, pool.weights(np.array(rows), rest).tolist(), strict=True))
    law: dict[List, float] = {}

    def go_on(drawn: List, chance: float) -> None:
        open_rows = [row for row in rows if fits(case, drawn, row)]
        if len(drawn) == case.rules.size or not open_rows:
            law[drawn] = chance
            return
        total = sum(weights[row] for row in open_rows)
        for row in open_rows:
            go_on((*drawn, row), chance * weights[row] / total)

    go_on((), 1.0)
    return law


def fits(case: Case, drawn: List, row: int) -> bool:
    """Tell whether a row may follow, by the rules' own words."""
    recordings = case.library.recording_ids
    if recordings[row] in recordings[list(drawn)]:
        return False
    counts = Counter(a for other in drawn for a in case.library.credits.of(other))
    cap = case.rules.artist_cap
    return all(counts[artist] < cap for artist in case.library.credits.of(row))


def p_value(law: dict[List, float], seen: Sequence[List]) -> float:
    """Return the chi-square test's p; rare lists count together."""
    counts = Counter(seen)
    observed, expected = [0.0], [0.0]
    for drawn, chance in law.items():
        if chance * len(seen) < FEWEST_EXPECTED:
            observed[0] += counts[drawn]
            expected[0] += chance * len(seen)
        else:
            observed.append(counts[drawn])
            expected.append(chance * len(seen))
    start = 0 if expected[0] >= FEWEST_EXPECTED else 1
    seen_counts, wanted = np.array(observed[start:]), np.array(expected[start:])
    statistic = np.sum((seen_counts - wanted) ** 2 / wanted)
    return float(chi2.sf(statistic, len(wanted) - 1))


def by_rejection(case: Case, pool: Pool, rest: RestTable, bits: Bits) -> List:
    picks = Picks(case.library, case.rules)
    pick_by_rejection(pool, rest, picks, bits, rounds=300, batch=16)
    return tuple(picks.rows)


def by_keys(case: Case, pool: Pool, rest: RestTable, bits: Bits) -> List:
    picks = Picks(case.library, case.rules)
    finish_by_keys(case, pool, rest, bits, picks)
    return tuple(picks.rows)


def by_handing_over(case: Case, pool: Pool, rest: RestTable, bits: Bits) -> List:
    picks = Picks(case.library, case.rules)
    pick_by_rejection(pool, rest, picks, bits, rounds=1, batch=4)
    finish_by_keys(case, pool, rest, bits, picks)
    return tuple(picks.rows)


def finish_by_keys(
    case: Case, pool: Pool, rest: RestTable, bits: Bits, picks: Picks
) -> None:
    rows = np.setdiff1d(pool.rows, rest.barred(case.rules.cooldown_days))
    rows = rows[picks.fitting(rows)]
    pick_by_keys(rows, pool.weights(rows, rest), picks, case.rules.size, bits)


Kernel = Callable[[Case, Pool, RestTable, Bits], List]


class TestLaw:
    @pytest.mark.parametrize("case", CASES.values(), ids=CASES)
    @pytest.mark.parametrize("kernel", [by_rejection, by_keys, by_handing_over])
    def test_is_that_of_successive_sampling(self, case: Case, kernel: Kernel) -> None:
        law, pool, rest = enumerate_lists(case), case.pool, case.rest
        bits = Bits((7, 1, 1), DRAW_STREAM)
        seen = [kernel(case, pool, rest, bits) for _ in range(SAMPLES)]
        assert set(seen) <= set(law)
        assert p_value(law, seen) > LEAST_P

    @pytest.mark.parametrize("case", CASES.values(), ids=CASES)
    def test_holds_for_the_whole_draw(self, case: Case) -> None:
        law, pool = enumerate_lists(case), case.pool
        seen = [
            draw(case.library, case.rules, case.resting, (3, 1, n), pool=pool).rows
            for n in range(SAMPLES // 2)
        ]
        full = {drawn: p for drawn, p in law.items() if len(drawn) == case.rules.size}
        assert sum(full.values()) == pytest.approx(1)
        assert set(seen) <= set(law)
        assert p_value(law, seen) > LEAST_P

    def test_tells_a_different_law_apart(self) -> None:
        case = CASES["one artist a track"]
        law, pool = enumerate_lists(case), case.pool
        bits = Bits((7, 1, 1), DRAW_STREAM)
        seen = []
        for _ in range(SAMPLES):
            picks = Picks(case.library, case.rules)
            pick_by_keys(
                pool.rows.astype(np.int64), np.ones(8), picks, case.rules.size, bits
            )
            seen.append(tuple(picks.rows))
        assert p_value(law, seen) < LEAST_P
