"""What a run's journal says, as its page shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from automation.models import Run
from vibe_engine.words import grouped

MARKS = {
    "step": "working",
    "try": "working",
    "wait": "waiting",
    "block": "warn",
    "error": "bad",
    "lost": "warn",
}


@dataclass(frozen=True)
class Entry:
    """One line: when, the sign beside it, and what happened."""

    at: datetime
    mark: str
    text: str
    detail: str = ""


@dataclass(frozen=True)
class CallLine:
    """The calls of one route, and in words what was answered."""

    route: str
    number: int
    answers: str


@dataclass(frozen=True)
class Calls:
    """All calls of a run, the most frequent route first."""

    lines: Sequence[CallLine]

    @property
    def total(self) -> int:
        """How many there were."""
        return sum(line.number for line in self.lines)

    def __bool__(self) -> bool:
        return bool(self.lines)


def entries_of(run: Run) -> list[Entry]:
    """Return what happened, the latest first."""
    return [_entry(one) for one in reversed(run.journal.get("entries", ()))]


def _entry(found: Mapping[str, Any]) -> Entry:
    at, text = datetime.fromisoformat(found["at"]), found["text"]
    if found["what"] != "call":
        return Entry(at, MARKS.get(found["what"], "off"), text)
    status = found["status"]
    mark = "ok" if 200 <= status < 300 else "warn"
    return Entry(at, mark, text, f"{_answer(status)}, {grouped(found['took_ms'])} ms")


def calls_of(run: Run) -> Calls:
    """Return the calls by route."""
    lines = [
        CallLine(route, sum(answers.values()), _answers(answers))
        for route, answers in run.journal.get("calls", {}).items()
    ]
    return Calls(sorted(lines, key=lambda line: (-line.number, line.route)))


def _answers(counts: Mapping[str, int]) -> str:
    frequent = sorted(counts.items(), key=lambda one: (-one[1], one[0] == "0", one[0]))
    words = ((_answer(int(status)), number) for status, number in frequent)
    return ", ".join(
        word if number == 1 else f"{word} × {grouped(number)}" for word, number in words
    )


def _answer(status: int) -> str:
    if not status:
        return "no answer"
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
