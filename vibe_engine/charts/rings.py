"""Shares of a whole, and days of consent that are left."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

from vibe_engine.charts import svg

CONSENT_DAYS = 180
"""Spotify ends a consent six months after it was given (Web API notes, 2025)."""
SOON_DAYS = 30


@dataclass(frozen=True, slots=True)
class Part:
    """A share (0 to 1) of a ring and its paint.

    Paints: ink, done, track, warn, bad, energy-0 to energy-5.
    """

    share: float
    paint: str


def ring(
    parts: Sequence[Part],
    label: str,
    *,
    centre: str = "",
    below: str = "",
    size: int = 168,
    width: int = 18,
) -> SafeString:
    """Return a ring of shares, clockwise from the top, with words in the middle."""
    middle = size / 2
    arcs = format_html(
        '<g transform="rotate(-90 {0} {0})">{1}</g>',
        svg.number(middle),
        svg.join(_arcs(parts, middle, width)),
    )
    lift = 0 if below else 6
    words = [_middle(middle, middle + 2 + lift, centre, "figure at-middle")]
    if below:
        words.append(_middle(middle, middle + 18, below, "at-middle"))
    return svg.fixed(size, size, [arcs, *words], label=label, css="ring")


def _arcs(parts: Sequence[Part], middle: float, width: int) -> Iterator[SafeString]:
    radius = middle - width / 2
    around = 2 * math.pi * radius
    gap = 1.5 if sum(1 for part in parts if part.share > 0) > 1 else 0
    start = 0.0
    for part in parts:
        if part.share > 0:
            length = max(part.share * around - gap, 0.5)
            yield format_html(
                '<circle cx="{0}" cy="{0}" r="{1}" class="{2}" stroke-width="{3}" '
                'stroke-dasharray="{4} {5}" stroke-dashoffset="{6}"/>',
                svg.number(middle),
                svg.number(radius),
                _stroke(part.paint),
                width,
                svg.number(length),
                svg.number(max(around - length, 0)),
                svg.number(-start),
            )
        start += part.share * around


def _stroke(paint: str) -> str:
    if paint.startswith("energy-"):
        return f"stroke-hue {paint}"
    return f"stroke-{paint}"


def _middle(x: float, y: float, words: str, css: str) -> SafeString:
    return format_html(
        '<text x="{}" y="{}" class="{}">{}</text>',
        svg.number(x),
        svg.number(y),
        css,
        words,
    )


def consent_ring(days_left: int | None, *, of: int = CONSENT_DAYS) -> SafeString:
    """Return the days of consent that are left: amber under 30, red at none."""
    left = max(days_left or 0, 0)
    share = min(left / of, 1)
    paint = "bad" if left == 0 else "warn" if left < SOON_DAYS else "ink"
    return ring(
        [Part(share, paint), Part(1 - share, "track")],
        f"{left} of {of} days of consent left",
        centre=str(left),
        below="day" if left == 1 else "days",
        size=72,
        width=6,
    )
