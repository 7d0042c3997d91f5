"""Pieces of SVG that a strict Content Security Policy lets through.

The outer `<svg>` has no viewBox: x and widths are percent, y and heights pixels,
so type never stretches. Curves sit in a nested `<svg>` with a viewBox that may
stretch, under strokes that do not. Colour comes from classes; there is no style
attribute and no script.
"""

from collections.abc import Iterable

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

NOTHING = SafeString("")


def number(value: float) -> str:
    """Write a coordinate with at most three decimals: digits that need no escaping."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def classes(names: str) -> SafeString:
    """Return the class attribute, or nothing without names."""
    return SafeString(f' class="{conditional_escape(names)}"') if names else NOTHING


def join(parts: Iterable[SafeString]) -> SafeString:
    """Put pieces one after the other."""
    return SafeString("".join(map(conditional_escape, parts)))


def drawing(
    height: float, body: Iterable[SafeString], *, label: str, css: str = ""
) -> SafeString:
    """Return a picture as wide as its place; `label` is title and text alternative."""
    return format_html(
        '<svg class="{}" width="100%" height="{}" role="img"><title>{}</title>{}</svg>',
        f"chart {css}".strip(),
        number(height),
        label,
        join(body),
    )


def fixed(
    width: float,
    height: float,
    body: Iterable[SafeString],
    *,
    label: str,
    css: str = "",
) -> SafeString:
    """Return a picture of a fixed size in pixels."""
    return format_html(
        '<svg{0} width="{1}" height="{2}" viewBox="0 0 {1} {2}" role="img">'
        "<title>{3}</title>{4}</svg>",
        classes(css),
        number(width),
        number(height),
        label,
        join(body),
    )


def stretched(
    width: float, height: float, body: Iterable[SafeString], *, shown: str = ""
) -> SafeString:
    """Return a nested picture whose units stretch; `shown` is its height on screen."""
    return format_html(
        '<svg width="100%" height="{}" viewBox="0 0 {} {}" '
        'preserveAspectRatio="none">{}</svg>',
        shown or number(height),
        number(width),
        number(height),
        join(body),
    )


def rect(x: float, y: float, width: float, height: float, css: str) -> SafeString:
    """Return a bar; x and width in percent, y and height in pixels."""
    place = f'x="{number(x)}%" y="{number(y)}"'
    size = f'width="{number(max(width, 0))}%" height="{number(max(height, 0))}"'
    return SafeString(f"<rect {place} {size}{classes(css)}/>")


def text(x: float, y: float, words: str, css: str = "") -> SafeString:
    """Return words at x percent, y pixels."""
    place = f'x="{number(x)}%" y="{number(y)}"{classes(css)}'
    return SafeString(f"<text {place}>{conditional_escape(words)}</text>")


def dot(x: float, y: float, radius: float, css: str) -> SafeString:
    """Return a dot at x percent, y pixels."""
    place = f'cx="{number(x)}%" cy="{number(y)}" r="{number(radius)}"'
    return SafeString(f"<circle {place}{classes(css)}/>")


def across(y: float, css: str = "grid-line") -> SafeString:
    """Return a line from edge to edge."""
    place = f'x1="0" x2="100%" y1="{number(y)}" y2="{number(y)}"'
    return SafeString(f"<line {place}{classes(css)}/>")


def upright(x: float, top: float, bottom: float, css: str = "grid-line") -> SafeString:
    """Return a line from top to bottom at x percent."""
    place = f'x1="{number(x)}%" x2="{number(x)}%"'
    ends = f'y1="{number(top)}" y2="{number(bottom)}"'
    return SafeString(f"<line {place} {ends}{classes(css)}/>")


def path(commands: str, css: str) -> SafeString:
    """Return a path of the units of the picture around it."""
    return format_html('<path class="{}" d="{}"/>', css, commands)


def group(title: str, body: Iterable[SafeString], *, css: str = "") -> SafeString:
    """Return pieces that say `title` when the pointer rests on them."""
    words = conditional_escape(title)
    return SafeString(f"<g{classes(css)}><title>{words}</title>{join(body)}</g>")


def sentence(words: str) -> SafeString:
    """Return what stands where there is nothing to draw."""
    return format_html('<p class="note">{}</p>', words)
