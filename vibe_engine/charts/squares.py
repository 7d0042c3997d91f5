"""One square for each child of a bulk, filling up as it goes."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from vibe_engine.charts import svg
from vibe_engine.charts.scales import energy_class

CELL = 10.0
SIDE = 8.8
MOST_NAMED = 400
"""Above this many the squares are merged by colour and carry no names."""

State = Literal["done", "working", "waiting", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Square:
    """One child: its name, its state, and the mean energy that colours it."""

    label: str
    state: State
    energy: float | None = None


def squares(items: Sequence[Square], label: str) -> SafeString:
    """Return the grid, row by row; filled is done, hollow is still to come."""
    if not items:
        return svg.NOTHING
    columns = max(19, math.ceil(math.sqrt(len(items) * 7)))
    rows = -(-len(items) // columns)
    cells = (_named if len(items) <= MOST_NAMED else _merged)(items, columns)
    return format_html(
        '<svg class="squares" viewBox="0 0 {} {}" role="img"><title>{}</title>{}</svg>',
        svg.number(columns * CELL - CELL + SIDE),
        svg.number(rows * CELL - CELL + SIDE),
        label,
        cells,
    )


def _named(items: Sequence[Square], columns: int) -> SafeString:
    return svg.join(
        svg.group(f"{item.label}: {item.state}", _shapes(item, *_place(i, columns)))
        for i, item in enumerate(items)
    )


def _merged(items: Sequence[Square], columns: int) -> SafeString:
    paths: dict[str, list[str]] = defaultdict(list)
    for i, item in enumerate(items):
        for css, commands in _commands(item, *_place(i, columns)):
            paths[css].append(commands)
    return format_html_join(
        "",
        '<path class="{}" d="{}"/>',
        ((css, "".join(parts)) for css, parts in paths.items()),
    )


def _place(index: int, columns: int) -> tuple[float, float]:
    return index % columns * CELL, index // columns * CELL


def _shapes(item: Square, x: float, y: float) -> list[SafeString]:
    return [svg.path(commands, css) for css, commands in _commands(item, x, y)]


def _commands(item: Square, x: float, y: float) -> list[tuple[str, str]]:
    left, top = svg.number(x + 0.2), svg.number(y + 0.2)
    hollow = f"M{left} {top}h8.4v8.4h-8.4z"
    if item.state == "done":
        filled = f"M{svg.number(x)} {svg.number(y)}h{SIDE}v{SIDE}h-{SIDE}z"
        return [(energy_class(item.energy), filled)]
    if item.state == "failed":
        x_arm, y_arm = svg.number(x + 2.8), svg.number(y + 2.8)
        cross = f"M{x_arm} {y_arm}l3.2 3.2m0-3.2l-3.2 3.2"
        return [("outline-bad steady", hollow + cross)]
    if item.state == "working":
        half = f"M{svg.number(x)} {svg.number(y + 4.4)}h{SIDE}v4.4h-{SIDE}z"
        return [("outline steady", hollow), ("fill-ink lamp", half)]
    if item.state == "cancelled":
        return [("outline steady", f"M{left} {svg.number(y + 4.4)}h8.4")]
    return [("outline steady", hollow)]
