from xml.etree import ElementTree

import pytest

from vibe_engine.sandbox import art

KEYS = [f"album-{number}" for number in range(200)]


def parsed(document: str) -> ElementTree.Element:
    return ElementTree.fromstring(document)  # noqa: S314 (our own drawing)


class TestCover:
    @pytest.mark.parametrize("draw", [art.cover, art.avatar])
    def test_is_a_well_formed_square(self, draw: art.Draw) -> None:
        for key in KEYS:
            root = parsed(draw(key, size=300))
            assert (root.get("width"), root.get("height")) == ("300", "300")
            assert len(root) > 1

    def test_is_the_same_every_time(self) -> None:
        assert art.cover("one") == art.cover("one")

    def test_differs_from_album_to_album(self) -> None:
        assert len({art.cover(key) for key in KEYS}) > 180


class TestMosaic:
    def test_shows_four_covers(self) -> None:
        root = parsed(art.mosaic(KEYS))
        assert len(root) == 4

    @pytest.mark.parametrize("count", [0, 1, 3])
    def test_shows_one_cover_where_there_are_not_four(self, count: int) -> None:
        parsed(art.mosaic(KEYS[:count]))
        assert art.mosaic(KEYS[:count]) == art.cover(KEYS[0] if count else "")
