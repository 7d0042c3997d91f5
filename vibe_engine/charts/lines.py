"""Figures over time: small curves beside a number, and steps."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.safestring import SafeString

from vibe_engine.charts import svg
from vibe_engine.charts.scales import grid_values
from vibe_engine.charts.table import behind
from vibe_engine.words import grouped

NO_DAYS = "Not enough days yet to draw a line."


@dataclass(frozen=True, slots=True)
class Point:
    """A value on a day, with a few words where something happened."""

    date: date
    value: int
    note: str = ""


def spark(values: Sequence[float], label: str, *, height: int = 28) -> SafeString:
    """Return a small curve, oldest value first, with a dot on the last one."""
    if len(values) < 2:
        return svg.NOTHING
    low, high = min(values), max(values)
    span = (high - low) or 1
    places = [height - 2 - (value - low) / span * (height - 5) for value in values]
    last = len(values) - 1
    points = "L".join(
        f"{svg.number(i / last * 100)} {svg.number(y)}" for i, y in enumerate(places)
    )
    curve = svg.stretched(
        100,
        height,
        [
            svg.path(f"M{points}V{height}H0z", "area"),
            svg.path(f"M{points}", "curve"),
        ],
    )
    return svg.drawing(
        height, [curve, svg.dot(100, places[-1], 2.5, "fill-ink")], label=label
    )


def spark_bars(
    values: Sequence[float],
    label: str,
    *,
    height: int = 28,
    failed: Collection[int] = (),
) -> SafeString:
    """Return small bars, oldest first, the last in ink, `failed` indexes in red."""
    if not values:
        return svg.NOTHING
    largest = max(values) or 1
    step = 100 / len(values)

    def bar(index: int, value: float) -> SafeString:
        tall = max(1, value / largest * (height - 2))
        last = index == len(values) - 1
        css = "fill-bad" if index in failed else "fill-ink" if last else "fill-mute"
        return svg.rect(index * step, height - tall, step * 0.7, tall, css)

    return svg.drawing(
        height, [bar(i, value) for i, value in enumerate(values)], label=label
    )


def step_line(
    points: Sequence[Point], label: str, *, height: int = 252, table: bool = False
) -> SafeString:
    """Return a staircase over days, oldest first, with notes and the last value."""
    if len(points) < 2:
        return svg.sentence(NO_DAYS)
    top, base = 18, height - 24
    largest = max(point.value for point in points) or 1
    places = _places(points, top, base, largest)
    picture = svg.drawing(
        height,
        [
            *_grid(largest, top, base),
            _staircase(places, base, height),
            *_notes(points, places),
            *_months(points, height - 6),
            _last(points[-1], places[-1]),
        ],
        label=label,
    )
    if not table:
        return picture
    rows = [(point.date, grouped(point.value), point.note) for point in points]
    return svg.join([picture, behind(label, ("Day", "Number", "What happened"), rows)])


Place = tuple[float, float]


def _places(
    points: Sequence[Point], top: float, base: float, largest: int
) -> list[Place]:
    first = points[0].date
    days = (points[-1].date - first).days or 1
    return [
        (
            (point.date - first).days / days * 100,
            base - point.value / largest * (base - top),
        )
        for point in points
    ]


def _grid(largest: int, top: float, base: float) -> list[SafeString]:
    lines = [svg.across(base, "axis")]
    for value in grid_values(largest):
        y = round(base - value / largest * (base - top))
        lines += [svg.across(y), svg.text(0, y - 4, grouped(value))]
    return lines


def _staircase(places: Sequence[Place], base: float, height: float) -> SafeString:
    start, *rest = places
    commands = f"M{svg.number(start[0])} {svg.number(start[1])}" + "".join(
        f"H{svg.number(x)}V{svg.number(y)}" for x, y in rest
    )
    return svg.stretched(
        100,
        height,
        [svg.path(f"{commands}V{base}H0z", "area"), svg.path(commands, "curve")],
    )


def _notes(points: Sequence[Point], places: Sequence[Place]) -> list[SafeString]:
    drawn = []
    for point, (x, y) in zip(points, places, strict=True):
        if point.note:
            drawn += [svg.dot(x, y, 2.5, "fill-ink"), _note(point.note, x, y)]
    return drawn


def _note(words: str, x: float, y: float) -> SafeString:
    """Stand below the stairs, or above them where the picture ends."""
    if x > 70:
        return svg.text(x - 1.4, y - 6, words, "at-end")
    return svg.text(x + 1.4, y + 14, words)


def _months(points: Sequence[Point], y: float) -> list[SafeString]:
    """Name the months, at most five, where they begin."""
    first, last = points[0].date, points[-1].date
    days = (last - first).days or 1
    starts = list(_month_starts(first, last))
    if not starts or (starts[0] - first).days / days > 0.12:
        starts.insert(0, first)
    shown = starts[:: max(1, -(-len(starts) // 5))]
    return [
        svg.text((start - first).days / days * 100, y, f"{start:%b}")
        for start in shown
        if (start - first).days / days < 0.95
    ]


def _month_starts(first: date, last: date) -> Iterator[date]:
    """Yield the first of each month after `first`, up to `last`."""
    start = first.replace(day=1)
    while (start := (start + timedelta(days=31)).replace(day=1)) <= last:
        yield start


def _last(point: Point, place: Place) -> SafeString:
    return svg.text(100, max(12, place[1] - 7), grouped(point.value), "strong at-end")
