"""What a process does between loading and serving."""

import gc
from collections.abc import Iterator

import pytest

from vibe_engine.settling import settle


@pytest.fixture
def collector() -> Iterator[None]:
    """Leave the garbage collector as it was."""
    gc.unfreeze()
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


@pytest.mark.usefixtures("collector")
class TestSettle:
    def test_takes_what_is_loaded_from_the_collector(self) -> None:
        loaded = len(gc.get_objects())
        settle()
        assert gc.get_freeze_count() > 0.5 * loaded
        assert len(gc.get_objects()) < 0.1 * loaded

    def test_lets_pages_go_by_between_collections(self) -> None:
        before = gc.get_threshold()
        settle()
        after = gc.get_threshold()
        assert all(one > other for one, other in zip(after, before, strict=True))

    def test_lets_it_collect_what_comes_later(self) -> None:
        settle()
        circle: list[object] = []
        circle.append(circle)
        del circle
        assert gc.collect() > 0
