"""How long tracks rested before they came back."""

from collections.abc import Iterator, Sequence

from django.utils.safestring import SafeString

from vibe_engine.charts import svg
from vibe_engine.charts.scales import grid_values
from vibe_engine.charts.table import behind
from vibe_engine.words import grouped

NO_RETURNS = "No track has come back to a list yet, so there is no rest to measure."


def rest_histogram(
    counts: Sequence[int],
    label: str,
    *,
    rule_days: int | None = None,
    height: int = 250,
    table: bool = False,
) -> SafeString:
    """Return tracks by whole days of rest; the index of `counts` is the days.

    The last bar holds everything from there on. `rule_days` draws the rule.
    """
    if not any(counts):
        return svg.sentence(NO_RETURNS)
    top, base = 34, height - 20
    scale = (base - top) / max(counts)
    picture = svg.drawing(
        height,
        [
            *_grid(max(counts), base, scale),
            *_bars(counts, base, scale),
            *_rule(rule_days, len(counts), base),
            *_names(len(counts), height - 4),
        ],
        label=label,
    )
    if not table:
        return picture
    rows = [(_days(days), grouped(count)) for days, count in enumerate(counts)]
    return svg.join([picture, behind(label, ("Rest", "Tracks"), rows)])


def _grid(largest: int, base: float, scale: float) -> Iterator[SafeString]:
    yield svg.across(base, "axis")
    for value in grid_values(largest):
        y = round(base - value * scale)
        yield svg.across(y)
        yield svg.text(0, y - 4, grouped(value))


def _bars(counts: Sequence[int], base: float, scale: float) -> Iterator[SafeString]:
    step = 100 / len(counts)
    for days, count in enumerate(counts):
        if count:
            tall = max(count * scale, 1)
            bar = svg.rect(days * step, base - tall, step * 0.7, tall, "fill-done")
            tracks = "track" if count == 1 else "tracks"
            yield svg.group(f"{_days(days)}: {grouped(count)} {tracks}", [bar])


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def _rule(days: int | None, columns: int, base: float) -> Iterator[SafeString]:
    if not days or days >= columns:
        return
    x = days * 100 / columns
    yield svg.rect(0, base - 5, x - 0.4, 5, "fill-track")
    yield svg.upright(x - 0.4, 6, base, "now-line")
    near_end = x > 60
    words_x, css = (x - 1.4, "words at-end") if near_end else (x + 1, "words")
    yield svg.text(words_x, 15, f"may return from day {days} on", css)


def _names(columns: int, y: float) -> Iterator[SafeString]:
    yield svg.text(0, y, "0 days")
    for days in range(10, columns - 3, 10):
        yield svg.text(days * 100 / columns, y, str(days))
    yield svg.text(100, y, f"{columns - 1}+", "at-end")
