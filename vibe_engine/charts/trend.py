"""A figure over time at even steps, with the gaps where nobody looked."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from django.utils.safestring import SafeString

from vibe_engine.charts import svg

NO_FIGURES = "No figures yet for this span; they are written down every hour."
TOP = 6


def trend(
    values: Sequence[float | None],
    label: str,
    *,
    first: str = "",
    last: str = "",
    height: int = 96,
) -> SafeString:
    """Return a curve, oldest value first; None is a gap, hatched and not bridged.

    `first` and `last` name the moments at both ends. The scale runs from the
    smallest to the largest value, so the change shows and not the amount; what never
    changed lies in the middle.
    """
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return svg.sentence(NO_FIGURES)
    base = height - 20
    heights = _heights(values, min(known), max(known), base)
    return svg.drawing(
        height,
        [
            svg.across(base, "axis"),
            *_gaps(heights, base),
            svg.stretched(100, height, _curves(heights, base)),
            *_lone(heights),
            svg.text(0, height - 4, first),
            svg.text(100, height - 4, last, "at-end"),
        ],
        label=label,
    )


def _heights(
    values: Sequence[float | None], low: float, high: float, base: float
) -> list[float | None]:
    if low == high:
        low, high = low - 1, high + 1
    return [
        None if value is None else base - (value - low) / (high - low) * (base - TOP)
        for value in values
    ]


Stretch = list[tuple[int, float | None]]


def _stretches(heights: Sequence[float | None]) -> Iterator[Stretch]:
    """Yield the pieces without a change from known to unknown, in order."""
    numbered = enumerate(heights)
    for _, stretch in groupby(numbered, key=lambda one: one[1] is None):
        yield list(stretch)


def _x(index: int, count: int) -> float:
    return index / (count - 1) * 100


def _curves(heights: Sequence[float | None], base: float) -> Iterator[SafeString]:
    count = len(heights)
    for stretch in _stretches(heights):
        if stretch[0][1] is None or len(stretch) == 1:
            continue
        line = "L".join(
            f"{svg.number(_x(i, count))} {svg.number(y or 0)}" for i, y in stretch
        )
        start, end = _x(stretch[0][0], count), _x(stretch[-1][0], count)
        yield svg.path(
            f"M{svg.number(start)} {base}L{line}L{svg.number(end)} {base}z", "area"
        )
        yield svg.path(f"M{line}", "curve")


def _gaps(heights: Sequence[float | None], base: float) -> Iterator[SafeString]:
    count = len(heights)
    for stretch in _stretches(heights):
        if stretch[0][1] is None:
            start = _x(max(0, stretch[0][0] - 1), count)
            end = _x(min(count - 1, stretch[-1][0] + 1), count)
            yield svg.rect(start, base - 3, end - start, 3, "hatch")


def _lone(heights: Sequence[float | None]) -> Iterator[SafeString]:
    """Yield a dot for a value between gaps, and one for the newest."""
    count = len(heights)
    lone = {
        stretch[0][0]
        for stretch in _stretches(heights)
        if len(stretch) == 1 and stretch[0][1] is not None
    }
    newest = max(i for i, y in enumerate(heights) if y is not None)
    for index in sorted({*lone, newest}):
        yield svg.dot(_x(index, count), heights[index] or 0, 2.5, "fill-ink")
