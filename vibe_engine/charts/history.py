"""Snapshots over time, and why a list holds what it holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.utils.html import format_html
from django.utils.safestring import SafeString

from vibe_engine.charts import svg
from vibe_engine.words import grouped

BASE = 62
"""Where the line between what came in and what went out stands, in pixels."""
CROWDED = 15.0
"""Percent of the width below which every second day gives way on a phone."""

State = Literal["done", "now", "back"]


@dataclass(frozen=True, slots=True)
class SnapshotMark:
    """One snapshot: its day, how many tracks came and went, a word about it.

    `state` is "now" for the present list and "back" for one that was taken back.
    """

    date: date
    came: int
    went: int
    state: State = "done"
    note: str = ""


def timeline(snapshots: Sequence[SnapshotMark], label: str) -> SafeString:
    """Return snapshots oldest first: what came in above, what went out below."""
    if not snapshots:
        return svg.sentence("The first list is not on Spotify yet.")
    step = 100 / max(len(snapshots), 6)
    largest = max(max(mark.came, mark.went) for mark in snapshots) or 1
    last = len(snapshots) - 1
    marks = [
        _mark(mark, i * step, largest, step=step, is_spare=(last - i) % 2 == 1)
        for i, mark in enumerate(snapshots)
    ]
    return svg.drawing(136, [svg.across(BASE, "axis"), *marks], label=label)


def _mark(
    mark: SnapshotMark, x: float, largest: int, *, step: float, is_spare: bool
) -> SafeString:
    width = step * 0.55
    up, down = mark.came / largest * 45, mark.went / largest * 25
    css = {"now": "fill-ink", "back": "outline"}.get(mark.state, "fill-done")
    day = f"{mark.date.day} {mark.date:%b}"
    spare = " spare" if is_spare and step < CROWDED else ""
    parts = [
        svg.rect(x, BASE - up, width, up, css),
        svg.rect(x, BASE + 1, width, down, "fill-track"),
        svg.text(x, BASE - 5 - up, f"+{mark.came}", "strong"),
        svg.text(x, 118, day, "strong" if mark.state == "now" else f"words{spare}"),
    ]
    if mark.went:
        parts.append(svg.text(x, BASE + 14 + down, f"−{mark.went}"))
    if mark.note:
        parts.append(svg.text(x, 131, mark.note))
    return svg.group(f"{day}: {mark.came} in, {mark.went} out", parts)


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """A rule and how many tracks are left after it."""

    label: str
    left: int
    note: str = ""


def funnel(steps: Sequence[FunnelStep]) -> SafeString:
    """Return each rule with what it took away; the last step is what was drawn."""
    if not steps:
        return svg.sentence("No report was kept for this list.")
    return format_html('<ol class="funnel">{}</ol>', svg.join(_steps(steps)))


def _steps(steps: Sequence[FunnelStep]) -> Iterator[SafeString]:
    whole = max(step.left for step in steps) or 1
    before = steps[0].left
    for i, step in enumerate(steps):
        first, last = i == 0, i == len(steps) - 1
        taken = before - step.left
        shown = grouped(step.left) if first or last else f"−{grouped(taken)}"
        share = step.left / whole * 100
        bars = [
            svg.across(4),
            svg.rect(0, 0, max(share, 1), 8, "fill-ink" if last else "fill-mute"),
        ]
        if taken and not first and not last:
            bars.append(
                svg.rect(share, 0, max(taken / whole * 100, 0.8), 8, "fill-ink")
            )
        yield format_html(
            '<li><span>{} <small>{}</small></span><span class="number">{}</span>'
            '<svg class="chart" width="100%" height="8" aria-hidden="true">{}</svg></li>',
            step.label,
            step.note,
            shown if taken or first or last else "0",
            svg.join(bars),
        )
        before = step.left
