"""Small marks for rows of a table: energy, features, key; and their legend."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from vibe_engine.charts import keys, svg
from vibe_engine.charts.scales import energy_class

FEATURES = (
    ("dance", "danceability"),
    ("acoustic", "acousticness"),
    ("instrumental", "instrumentalness"),
    ("live", "liveness"),
    ("speech", "speechiness"),
)
FEWEST_COLUMNS = 12
"""A single keeps the bars of an album; the rest of its row stays empty."""
LEGEND: Mapping[str, str] = {
    "done": "fill-done",
    "waiting": "hatch",
    "failed": "fill-bad",
    "planned": "outline",
    "now": "fill-ink",
}


def mini(
    energies: Sequence[float | None], label: str, *, height: int = 26
) -> SafeString:
    """Return the energy print of a list in one row, at most seven paths.

    Positions without a known energy are a low grey mark.
    """
    if not energies:
        return svg.NOTHING
    columns = max(len(energies), FEWEST_COLUMNS)
    body = svg.stretched(columns, 100, energy_bars(energies), shown="100%")
    return svg.drawing(height, [body], label=label, css="mini")


def energy_bars(
    energies: Sequence[float | None], *, width: float = 0.72
) -> list[SafeString]:
    """Return one path for each ink, in columns of 1 and rows from 100 (low) to 0."""
    columns = sorted(
        (energy_class(energy), position, energy)
        for position, energy in enumerate(energies)
        if energy is not None
    )
    columns += [
        (energy_class(None), position, 0.06)
        for position, energy in enumerate(energies)
        if energy is None
    ]
    return [
        svg.path(
            "".join(_column(place, energy, width) for _, place, energy in same), css
        )
        for css, same in groupby(columns, key=lambda column: column[0])
    ]


def _column(position: int, energy: float, width: float) -> str:
    top = svg.number(round(100 - max(energy, 0.02) * 100, 1))
    return f"M{position} 100V{top}h{width}V100z"


def feature_ticks(features: Mapping[str, float | None] | object) -> SafeString:
    """Return five upright ticks: dance, acoustic, instrumental, live, speech.

    Takes a mapping or an object with Spotify's names; nothing if none is known.
    """
    values = [(word, _value(features, name)) for word, name in FEATURES]
    known = [(word, value) for word, value in values if value is not None]
    if not known:
        return svg.NOTHING
    label = ", ".join(f"{word} {value:.2f}" for word, value in known)
    ticks = [_tick(i * 9, value) for i, (_, value) in enumerate(values)]
    return svg.fixed(42, 18, ticks, label=label)


def _value(features: Any, name: str) -> float | None:
    if isinstance(features, Mapping):
        return features.get(name)
    value: float | None = getattr(features, name, None)
    return value


def _tick(x: int, value: float | None) -> SafeString:
    track = format_html('<rect x="{}" width="5" height="18" class="fill-faint"/>', x)
    if value is None:
        return track
    tall = max(1, round(value * 18, 1))
    return format_html(
        '{}<rect x="{}" y="{}" width="5" height="{}" class="fill-ink-2"/>',
        track,
        x,
        svg.number(18 - tall),
        svg.number(tall),
    )


def musical_key(key: int | None, mode: int | None) -> SafeString:
    """Return dot and Camelot code of a key; hollow dot for minor."""
    place = keys.camelot(key, mode)
    if place is None or key is None or mode is None:
        return svg.NOTHING
    number, letter = place
    hole = (
        svg.NOTHING
        if mode
        else format_html('<circle cx="5" cy="5" r="2.2" class="{}"/>', "fill-ground")
    )
    return format_html(
        '<span class="musical-key" title="{0}"><svg width="10" height="10" '
        'viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5" '
        'class="hue camelot-{1}"/>{2}</svg>{1}{3}</span>',
        keys.name(key, mode),
        number,
        hole,
        letter,
    )


def legend(words: str) -> SafeString:
    """Explain marks; `words` out of: done waiting failed planned now."""
    return format_html(
        '<ul class="legend">{}</ul>',
        format_html_join(
            "",
            '<li><svg width="11" height="11" aria-hidden="true"><rect x=".5" y=".5" '
            'width="10" height="10" class="{}"/></svg>{}</li>',
            ((LEGEND[word], word) for word in words.split()),
        ),
    )
