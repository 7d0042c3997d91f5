"""What a proof claims, said line by line, and how much of it did not hold."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.storm.storm import Storm


@dataclass
class Claims:
    """A table of figures; those with a limit hold or are counted as broken."""

    storm: Storm
    broken: int = 0
    rows: list[str] = field(default_factory=list)

    def fact(self, words: str, figure: object) -> None:
        """Say a figure that nothing is claimed about."""
        self._say("", words, figure)

    def claim(self, words: str, figure: object, *, holds: bool) -> None:
        """Say a figure and whether it is as it has to be."""
        self.broken += not holds
        self._say("ok" if holds else "WRONG", words, figure)

    def lines(self, title: str, lines: Iterable[str]) -> None:
        """Say a table of its own below a title."""
        self.storm.say(f"      {title}")
        for line in lines:
            self.storm.say(f"        {line}")

    def _say(self, verdict: str, words: str, figure: object) -> None:
        shown = f"{figure:,}" if isinstance(figure, int) else str(figure)
        self.storm.say(f"{verdict:<5} {words}: {shown}")
