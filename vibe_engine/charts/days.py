"""Days side by side: bars, and a calendar of weeks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.safestring import SafeString

from vibe_engine.charts import svg
from vibe_engine.charts.scales import grid_values
from vibe_engine.charts.table import behind

NO_DAYS = "No reshuffles yet. Each day gets a bar here once the first one is done."
HEAD = ("Day", "Done", "Waiting", "Failed", "Planned")
Row = tuple[date, int, int, int, int]
WEEKDAYS = ("Mon", "", "Wed", "", "Fri", "", "Sun")


@dataclass(frozen=True, slots=True)
class Day:
    """How many reshuffles of one day are done, wait, failed, or are planned."""

    date: date
    done: int = 0
    waiting: int = 0
    failed: int = 0
    planned: int = 0

    @property
    def total(self) -> int:
        """All of them together."""
        return self.done + self.waiting + self.failed + self.planned

    def in_words(self) -> str:
        """Say the day: "22 Nov: 28 done, 13 waiting"."""
        named = (
            (self.done, "done"),
            (self.waiting, "waiting"),
            (self.failed, "failed"),
            (self.planned, "planned"),
        )
        counts = ", ".join(f"{count} {word}" for count, word in named if count)
        return f"{self.date.day} {self.date:%b}: {counts or 'nothing'}"

    def as_row(self) -> Row:
        """Return the day as a row of a table."""
        return (self.date, self.done, self.waiting, self.failed, self.planned)


def bars_by_day(
    days: Sequence[Day],
    label: str,
    today: date,
    *,
    height: int = 326,
    table: bool = False,
) -> SafeString:
    """Return a stacked bar for each day: filled, hatched, red, hollow."""
    if not any(day.total for day in days):
        return svg.sentence(NO_DAYS)
    top, base = 20, height - 26
    largest = max(day.total for day in days)
    scale = (base - top) / largest
    grid = [svg.across(base, "axis")]
    for value in grid_values(largest):
        y = round(base - value * scale)
        grid += [svg.across(y), svg.text(0, y - 4, str(value))]
    step = 96.6 / len(days)
    bars = [
        svg.group(day.in_words(), _stack(day, 3.4 + i * step, step, base, scale, today))
        for i, day in enumerate(days)
    ]
    names = _day_names(days, step, height - 8, today)
    picture = svg.drawing(height, [*grid, *bars, *names], label=label)
    return _with_table(picture, days, label) if table else picture


def _stack(
    day: Day, x: float, step: float, base: float, scale: float, today: date
) -> Iterator[SafeString]:
    width, y = step * 0.66, base
    filled = "fill-ink" if day.date == today else "fill-done"
    parts = ((day.done, filled), (day.waiting, "hatch"), (day.failed, "fill-bad"))
    for count, css in parts:
        if count:
            tall = max(count * scale, 2)
            y -= tall
            yield svg.rect(x, y, width, tall - (1 if css == "hatch" else 0), css)
    if day.planned:
        tall = day.planned * scale
        yield svg.rect(x + 0.05, y - tall, width - 0.1, tall, "outline")


def _day_names(
    days: Sequence[Day], step: float, y: float, today: date
) -> list[SafeString]:
    """Name every seventh day, and today, which pushes its neighbours aside."""
    drawn = []
    positions = {day.date: i for i, day in enumerate(days)}
    now = positions.get(today)
    for i, day in enumerate(days):
        if i == now:
            drawn.append(svg.text(3.4 + i * step, y, "today", "strong"))
        elif i % 7 == 0 and (now is None or abs(i - now) * step > 8) and i * step < 92:
            drawn.append(svg.text(3.4 + i * step, y, f"{day.date.day} {day.date:%b}"))
    return drawn


def calendar(
    days: Sequence[Day], label: str, today: date, *, table: bool = False
) -> SafeString:
    """Return weeks as columns: darker for more, a red corner for a failure.

    The number stands in each square. Coming days are dashed.
    """
    if not days:
        return svg.sentence(NO_DAYS)
    monday = days[0].date - timedelta(days=days[0].date.weekday())
    weeks = (days[-1].date - monday).days // 7 + 1
    step = (100 - 5) / weeks
    busiest = max((day.done for day in days), default=0) or 1
    squares = [_square(day, monday, step, busiest, today) for day in days]
    names = [
        svg.text(0, 18 + i * 20 + 13, name) for i, name in enumerate(WEEKDAYS) if name
    ]
    picture = svg.drawing(
        160,
        [*names, *_week_names(monday, weeks, step), *squares],
        label=label,
        css="calendar long" if weeks > 20 else "calendar",
    )
    return _with_table(picture, days, label) if table else picture


def _square(
    day: Day, monday: date, step: float, busiest: int, today: date
) -> SafeString:
    offset = (day.date - monday).days
    x, y, width = 5 + offset // 7 * step, 18 + offset % 7 * 20, step - 0.45
    middle = x + width / 2
    if day.date > today:
        parts = [svg.rect(x + 0.06, y + 0.5, width - 0.12, 16, "dashed")]
        number = day.planned
        heat = ""
    else:
        level = -(-day.done * 4 // busiest)
        parts = [svg.rect(x, y, width, 17, "hue")]
        number = day.done
        heat = f"heat-{level}"
    if day.failed:
        parts.append(svg.rect(x + width * 0.72, y, width * 0.28, 5, "fill-bad"))
    if day.date == today:
        parts.append(svg.rect(x, y, width, 17, "outline-now"))
    if number and step > 2.4:
        parts.append(svg.text(middle, y + 12, str(number), "at-middle"))
    return svg.group(day.in_words(), parts, css=f"day {heat}".strip())


def _week_names(monday: date, weeks: int, step: float) -> Iterator[SafeString]:
    shown = -10.0
    for week in range(weeks):
        start = monday + timedelta(weeks=week)
        first_week = week == 0 or start.day <= 7
        x = 5 + week * step
        if first_week and x - shown > 5 and x < 97:
            shown = x
            yield svg.text(x, 10, f"{start:%b}")


def _with_table(picture: SafeString, days: Sequence[Day], label: str) -> SafeString:
    rows = [day.as_row() for day in days if day.total]
    return svg.join([picture, behind(label, HEAD, rows)])
