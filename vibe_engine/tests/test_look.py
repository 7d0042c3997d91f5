"""What holds for every template and asset: policy, icons, classes, weight."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = settings.BASE_DIR / "templates"
STATIC = settings.BASE_DIR / "static"
ALL = sorted(TEMPLATES.rglob("*.html"))
TAG = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
MOST_BYTES = 100_000


def named(path: Path) -> str:
    """Return the name of a template."""
    return str(path.relative_to(TEMPLATES))


def classes_of_styles() -> set[str]:
    """Return every class that a stylesheet knows."""
    sheets = " ".join(path.read_text() for path in (STATIC / "css").glob("*.css"))
    return set(re.findall(r"\.([a-zA-Z][\w-]*)", sheets))


def icons_used() -> Iterator[tuple[str, str]]:
    """Yield each icon that a template draws, with the template."""
    for path in ALL:
        for name in re.findall(r'{% icon "([\w-]+)"', path.read_text()):
            yield name, named(path)


@pytest.mark.parametrize("path", ALL, ids=named)
class TestTemplate:
    def test_obeys_the_policy(self, path: Path) -> None:
        source = path.read_text()
        for forbidden in (r"\sstyle=", r"\son\w+=", "hx-on", "javascript:", "<style"):
            assert not re.search(forbidden, source)
        for filters in (r"\|\s*safe\b", "autoescape off"):
            assert not re.search(filters, source)

    def test_has_scripts_only_by_address(self, path: Path) -> None:
        assert re.search(r"<script(?! src)", path.read_text()) is None

    def test_uses_classes_that_exist(self, path: Path) -> None:
        known = classes_of_styles()
        plain = TAG.sub(" ", path.read_text())
        used = {
            name
            for found in re.findall(r'class="([^"]*)"', plain)
            for name in found.split()
        }
        assert used - known == set()

    def test_says_what_a_fragment_needs(self, path: Path) -> None:
        if path.name.startswith("_"):
            assert path.read_text().startswith("{#")


class TestIcons:
    def test_are_all_in_the_sprite(self) -> None:
        sprite = (TEMPLATES / "_sprite.html").read_text()
        drawn = set(re.findall(r'id="i-([\w-]+)"', sprite))
        missing = {(name, where) for name, where in icons_used() if name not in drawn}
        assert missing == set()


class TestAssets:
    def test_weigh_less_than_a_picture_on_the_wire(self) -> None:
        files = [path for path in STATIC.rglob("*") if path.is_file()]
        weight = sum(len(gzip.compress(path.read_bytes())) for path in files)
        assert weight < MOST_BYTES

    def test_ask_no_other_host(self) -> None:
        for path in [*(STATIC / "css").glob("*.css"), *(STATIC / "js").glob("*.js")]:
            assert "http" not in path.read_text().replace("htmx", "").replace(
                "https:", ""
            )
