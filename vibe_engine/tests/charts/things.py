"""Things to draw, and what reads the drawing."""

import xml.parsers.expat
from datetime import UTC, datetime, timedelta

from vibe_engine import charts

NOW = datetime(2026, 11, 22, 11, 18, tzinfo=UTC)
TODAY = NOW.date()


def parse(markup: str) -> tuple[set[str], set[str]]:
    """Return the names of elements and attributes; fails where it is not XML."""
    elements: set[str] = set()
    attributes: set[str] = set()

    def start(name: str, found: dict[str, str]) -> None:
        elements.add(name)
        attributes.update(found)

    parser = xml.parsers.expat.ParserCreate()
    parser.StartElementHandler = start
    parser.Parse(f"<root>{markup}")
    parser.Parse("</root>", bool(elements))
    return elements, attributes


def days(count: int, **values: int) -> list[charts.Day]:
    """Return `count` days that end today."""
    return [
        charts.Day(TODAY - timedelta(days=count - 1 - i), **values)
        for i in range(count)
    ]


def track(
    title: str = "Song", energy: float | None = 0.7, **values: object
) -> charts.PrintTrack:
    """Return a track with all features, unless told otherwise."""
    known: dict[str, object] = {
        "artists": ("Queen",),
        "valence": 0.4,
        "tempo": 120.0,
        "key": 9,
        "mode": 0,
        "year": 1975,
    }
    return charts.PrintTrack(title, energy=energy, **(known | values))  # type: ignore[arg-type]


def mark(state: str = "done", label: str = "One", minutes: int = 0) -> charts.Mark:
    """Return a mark an hour ago."""
    at = NOW - timedelta(hours=1, minutes=minutes)
    return charts.Mark(at, state, label, 0.7)  # type: ignore[arg-type]


def lane(*marks: charts.Mark, name: str = "Late Shift") -> charts.Lane:
    """Return a lane with these marks."""
    return charts.Lane(name, "/accounts/1/", "", marks, len(marks), 9)


def board(*spines: charts.Spine, name: str = "Late Shift") -> charts.Board:
    """Return a board of the shelf."""
    return charts.Board(name, "/accounts/1/", spines)
