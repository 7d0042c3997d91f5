"""The storms at their smallest, each in a process of its own, as `make storm` holds them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.storm.sizes import STORMS
from vibe_engine.supervisor.lifeline import dies_with_parent
from vibe_engine.testing.environment import ROOT

SEED = 1
TIMEOUT_S = 240
NOTHING = {"lost": 0, "duplicates": 0, "wrong": 0, "markers": 0}


def hold(name: str, log: Path) -> dict[str, Any]:
    """Hold one storm; return the figures of its last line."""
    argv = [sys.executable, "-m", "tests.storm", "--scenario", name]
    with log.open("wb") as output:
        storm = subprocess.Popen(
            [*argv, "--scale", "test", "--seed", str(SEED)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=dies_with_parent(),
        )
    try:
        exit_code = storm.wait(TIMEOUT_S)
    finally:
        storm.terminate()
        storm.wait()
    said = log.read_text(encoding="utf-8", errors="replace")
    assert exit_code == 0, said
    figures: dict[str, Any] = json.loads(said.splitlines()[-1])
    return figures


@pytest.mark.parametrize("name", STORMS)
def test_a_storm_leaves_nothing_lost_and_nothing_doubled(
    name: str, tmp_path: Path
) -> None:
    figures = hold(name, tmp_path / "storm.log")
    assert {key: figures[key] for key in NOTHING} == NOTHING
    assert figures["runs"] > 0
