"""What the last line and the exit code of a storm say."""

from typing import Any

import pytest

from tests.storm.__main__ import COUNTED, FAULTS, add_up, blank, exit_code, parse

OPTIONS = parse(["--seed", "7", "--scale", "test"])


def figures(name: str, **found: Any) -> dict[str, Any]:
    """Return the figures of one storm."""
    return {**blank(name, OPTIONS), **found}


class TestExitCode:
    def test_is_zero_after_a_storm_that_left_nothing(self) -> None:
        assert exit_code(figures("kills", kills=50, runs=120)) == 0

    @pytest.mark.parametrize("fault", FAULTS)
    def test_tells_of_everything_found(self, fault: str) -> None:
        assert exit_code(figures("kills", **{fault: 1})) == 1

    def test_tells_of_a_storm_that_could_not_be_held(self) -> None:
        assert exit_code(figures("kills", error="No PostgreSQL was found.")) == 1


class TestTogether:
    def test_adds_the_storms_up(self) -> None:
        total = add_up(
            [
                figures("kills", kills=50, runs=120, seconds=30),
                figures("broker", runs=100, lost=2, seconds=20),
            ]
        )
        assert {name: total[name] for name in COUNTED} == {
            "kills": 50,
            "runs": 220,
            "lost": 2,
            "duplicates": 0,
            "wrong": 0,
            "markers": 0,
        }
        assert (total["seed"], total["seconds"]) == (7, 50)
        assert set(total["scenarios"]) == {"kills", "broker"}
        assert exit_code(total) == 1

    def test_names_what_could_not_be_held(self) -> None:
        total = add_up([figures("kills"), figures("broker", error="No Valkey.")])
        assert "broker" in total["error"]
        assert exit_code(total) == 1


class TestCommandLine:
    def test_refuses_a_storm_that_it_does_not_know(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as ended:
            parse(["--scenario", "drizzle"])
        assert ended.value.code == 2
        assert "drizzle" in capsys.readouterr().err
