"""The desk of accounts: ladders, faders, calls by the hour, small meters."""

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString

from vibe_engine.charts import svg
from vibe_engine.charts.scales import energy_step
from vibe_engine.words import grouped

RUNGS = 40


def meter(
    value: float, limit: float, label: str, *, paint: str = "ink", width: int = 56
) -> SafeString:
    """Return a small bar of `value` against `limit`."""
    share = min(max(value / limit, 0), 1) if limit else 0
    css = f"hue {paint}" if paint.startswith("energy-") else f"fill-{paint}"
    body = [
        format_html('<rect width="{}" height="8" class="fill-track"/>', width),
        format_html(
            '<rect width="{}" height="8" class="{}"/>', svg.number(share * width), css
        ),
    ]
    return svg.fixed(width, 8, body, label=label, css="meter")


def energy_meter(energy: float | None, *, width: int = 56) -> SafeString:
    """Return a small bar of an energy (0 to 1) in its ink; nothing if unknown."""
    if energy is None:
        return svg.NOTHING
    paint = f"energy-{energy_step(energy)}"
    return meter(energy, 1, f"energy {energy:.2f}", paint=paint, width=width)


def ladder(value: int, limit: int, label: str) -> SafeString:
    """Return forty rungs, lit up to `value` of `limit`."""
    step = 100 / RUNGS
    lit = 0 if not limit else value / limit * RUNGS

    def rung(index: int) -> SafeString:
        css = "fill-ink" if index + 0.5 <= lit or index < min(lit, 1) else "fill-track"
        return svg.rect(index * step, 0, step * 0.72, 12, css)

    return svg.drawing(12, [rung(i) for i in range(RUNGS)], label=label)


def fader(value: int, limit: int) -> SafeString:
    """Return a fader of playlists against the limit, with its scale."""
    top, base = 8, 112
    share = min(value / limit, 1) if limit else 0
    cap = base - share * (base - top)
    scale = [_tick(base - i / 4 * (base - top), round(limit * i / 4)) for i in range(5)]
    body = [
        format_html(
            '<rect x="25" y="{}" width="2" height="{}" class="fill-track"/>',
            top,
            base - top,
        ),
        *scale,
        format_html(
            '<rect x="25" y="{}" width="2" height="{}" class="fill-ink"/>',
            svg.number(cap),
            svg.number(base - cap),
        ),
        format_html(
            '<rect x="12" y="{}" width="28" height="14" rx="2" class="fill-ink"/>'
            '<path class="fader-line" d="M12 {}h28"/>',
            svg.number(cap - 7),
            svg.number(cap),
        ),
    ]
    label = f"{grouped(value)} of {grouped(limit)} playlists"
    return svg.fixed(84, 120, body, label=label, css="fader")


def _tick(y: float, value: int) -> SafeString:
    return format_html(
        '<path class="fader-tick" d="M16 {}h20"/><text x="48" y="{}">{}</text>',
        svg.number(y),
        svg.number(y + 4),
        grouped(value),
    )


def quota_bars(
    calls: Sequence[int],
    label: str,
    *,
    limit: int | None = None,
    closed: bool = False,
    height: int = 36,
) -> SafeString:
    """Return calls by the hour, oldest first; the last one in ink, or red if closed.

    `limit` fixes the top of the scale, so that pictures can be compared.
    """
    if not calls:
        return svg.sentence("No calls to Spotify in this time.")
    base = height - 2
    largest = limit or max(calls) or 1
    step = 100 / len(calls)

    def bar(index: int, count: int) -> SafeString:
        last = index == len(calls) - 1
        css = ("fill-bad" if closed else "fill-ink") if last else "fill-done"
        tall = min(count / largest, 1) * (base - 4)
        hours = len(calls) - 1 - index
        when = "this hour" if last else f"{hours} h ago"
        words = f"{when}: {grouped(count)} calls"
        box = svg.rect(index * step, base - tall, step * 0.66, tall, css)
        return svg.group(words, [box])

    bars = [bar(i, count) for i, count in enumerate(calls)]
    return svg.drawing(height, [*bars, svg.across(base, "axis")], label=label)
