"""The locked requirements hold what pyproject.toml asks for, every pin with hashes."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from vibe_engine.testing.environment import ROOT

GROUPS: dict[str, list[str]] = tomllib.loads(
    (ROOT / "pyproject.toml").read_text(encoding="utf-8")
)["dependency-groups"]
RUNTIME = ("card", "production", "embedded")
PIN = re.compile(r"^([\w.-]+)==(\S+)(.*(?:\n    --hash=sha256:[0-9a-f]{64}.*)+)", re.M)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pins(name: str) -> dict[str, list[str]]:
    """Package and pinned versions of a requirements file, only those with hashes."""
    found: dict[str, list[str]] = {}
    for package, version, _hashes in PIN.findall(text_of(name)):
        found.setdefault(canonicalize_name(package), []).append(version)
    return found


def unmet(groups: tuple[str, ...], pinned: dict[str, list[str]]) -> list[str]:
    """Requirements of the groups for which no pinned version will do."""
    wanted = [Requirement(line) for group in groups for line in GROUPS[group]]
    return [
        str(one)
        for one in wanted
        if not any(
            version in one.specifier
            for version in pinned.get(canonicalize_name(one.name), [])
        )
    ]


class TestRequirements:
    def test_running_is_locked(self) -> None:
        assert unmet(RUNTIME, pins("requirements.txt")) == []

    def test_testing_is_locked(self) -> None:
        both = pins("requirements.txt") | pins("requirements-dev.txt")
        assert unmet((*RUNTIME, "dev"), both) == []
        assert "-r requirements.txt\n" in text_of("requirements-dev.txt")

    @pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
    def test_every_line_is_a_pin_with_hashes(self, name: str) -> None:
        lines = text_of(name).splitlines()
        heads = [line for line in lines if re.match(r"\w[\w.-]*[=<>~ ]", line)]
        assert heads
        assert len(heads) == len(PIN.findall(text_of(name)))
        assert not any("//" in line for line in lines)

    def test_the_groups_are_marked(self) -> None:
        titles = re.findall(r"^# (\w+):", text_of("requirements.txt"), re.MULTILINE)
        assert titles == list(RUNTIME)
