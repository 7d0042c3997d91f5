"""In which order workers share the tests."""

import pytest

from vibe_engine.testing.environment import ROOT
from vibe_engine.testing.sharing import LONG_MODULES, long_first

TESTS = ["a", "b", "C", "d", "e", "A", "f", "B", "g", "h", "C", "i"]
LOADS = {"A": 0, "B": 1, "C": 2}


class TestLongFirst:
    def test_begins_the_part_of_each_worker_with_a_load(self) -> None:
        ordered = long_first(TESTS, load=LOADS.get, workers=3)
        assert " ".join(ordered) == "A a b d B e f g C C h i"

    def test_gives_several_loads_to_one_of_fewer_workers(self) -> None:
        ordered = long_first(TESTS, load=LOADS.get, workers=2)
        assert " ".join(ordered) == "C A C a b d B e f g h i"

    @pytest.mark.parametrize("workers", range(1, 20))
    def test_loses_no_test(self, workers: int) -> None:
        ordered = long_first(TESTS, load=LOADS.get, workers=workers)
        assert sorted(ordered) == sorted(TESTS)


class TestLongModules:
    def test_exist(self) -> None:
        missing = [
            one for load in LONG_MODULES for one in load if not (ROOT / one).exists()
        ]
        assert missing == []
