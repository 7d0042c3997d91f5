"""Yesterday, today, tomorrow: one lane for each account, one mark a reshuffle."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from vibe_engine.charts import svg
from vibe_engine.charts.scales import energy_class
from vibe_engine.words import grouped

SPAN = timedelta(hours=48)
NOW_AT = 46.5
"""Where the present stands in percent; phones show the half around it."""
WIDTH = 0.8
MOST_STACKED = 5

State = Literal["done", "working", "waiting", "failed", "planned"]


@dataclass(frozen=True, slots=True)
class Mark:
    """One reshuffle: when, how it stands, whose, and the energy that colours it."""

    at: datetime
    state: State
    label: str
    energy: float | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """One account with its marks and how many of today's are done."""

    name: str
    url: str
    image_url: str
    marks: Sequence[Mark]
    done_today: int
    planned_today: int


def lanes(rows: Sequence[Lane], now: datetime) -> SafeString:
    """Return 48 hours around now, in the person's zone."""
    if not rows:
        return svg.sentence("Each account gets a lane here once it is connected.")
    start = now - SPAN * (NOW_AT / 100)
    ticks = list(_ticks(timezone.localtime(start)))
    return format_html(
        '<div class="lanes">{}{}</div>',
        _ruler(ticks, timezone.localtime(now)),
        svg.join(_lane(row, start, ticks) for row in rows),
    )


def _ticks(start: datetime) -> Iterator[tuple[float, datetime]]:
    """Yield each full hour of the window with its place in percent."""
    hour = start.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    while hour < start + SPAN:
        yield _place(hour, start), hour
        hour += timedelta(hours=1)


def _place(moment: datetime, start: datetime) -> float:
    return (moment - start) / SPAN * 100


def _ruler(ticks: Sequence[tuple[float, datetime]], now: datetime) -> SafeString:
    marks = []
    for x, hour in ticks:
        major = hour.hour % 6 == 0
        marks.append(
            svg.upright(x, 26 if major else 30, 34, "axis" if major else "grid-line")
        )
        if major and abs(x - NOW_AT) > 3.5 and x < 96:
            words = f"{hour:%a} {hour.day}" if hour.hour == 0 else f"{hour:%H}"
            marks.append(svg.text(x + 0.4, 24, words))
    head = format_html(
        '<rect x="{0}%" y="2" width="42" height="18" rx="2" class="fill-ink" '
        'transform="translate(-21 0)"/><text x="{0}%" y="15" '
        'class="at-middle on-ink">{1}</text>',
        NOW_AT,
        f"{now:%H:%M}",
    )
    return format_html(
        '<div class="lane-name"><span class="note">Account</span></div>'
        '<div class="lane ruler"><svg class="chart" width="100%" height="34" '
        'aria-hidden="true">{}{}</svg></div>'
        '<div class="lane-count"><span class="note">today</span></div>',
        svg.join(marks),
        head,
    )


def _lane(
    row: Lane, start: datetime, ticks: Sequence[tuple[float, datetime]]
) -> SafeString:
    grid = [svg.upright(x, 0, 34) for x, hour in ticks if hour.hour % 6 == 0]
    label = f"{row.name}: {row.done_today} of {row.planned_today} done today"
    picture = svg.drawing(
        34,
        [*grid, *_marks(row.marks, start), svg.upright(NOW_AT, 0, 34, "now-line")],
        label=label,
    )
    image = (
        format_html(
            '<img class="avatar" src="{}" alt="" width="20" height="20">', row.image_url
        )
        if row.image_url
        else svg.NOTHING
    )
    return format_html(
        '<a class="lane-name" href="{}">{}<bdi class="clip">{}</bdi></a>'
        '<div class="lane">{}</div><div class="lane-count"><b>{}</b>'
        '<span class="unit">/ {}</span></div>',
        row.url,
        image,
        row.name,
        picture,
        grouped(row.done_today),
        grouped(row.planned_today),
    )


def _marks(marks: Sequence[Mark], start: datetime) -> Iterator[SafeString]:
    """Draw what falls together as one column: stacked, or in shares if many."""
    columns: dict[int, list[Mark]] = defaultdict(list)
    for mark in sorted(marks, key=lambda mark: mark.at):
        x = _place(mark.at, start)
        if 0 <= x <= 100 - WIDTH:
            columns[int(x / WIDTH)].append(mark)
    for column, together in columns.items():
        if len(together) > MOST_STACKED:
            yield _shares(together, column * WIDTH)
        else:
            x = _place(together[0].at, start)
            yield from _stack(together, x)


def _stack(marks: Sequence[Mark], x: float) -> Iterator[SafeString]:
    tall = 18 / len(marks)
    for i, mark in enumerate(marks):
        at = timezone.localtime(mark.at)
        title = f"{mark.label}, {at:%H:%M}: {mark.state}"
        yield svg.group(title, _shape(mark, x, 8 + i * tall, tall))


def _shape(mark: Mark, x: float, y: float, tall: float) -> list[SafeString]:
    gap = 1 if tall < 18 else 0
    if mark.state == "done":
        return [svg.rect(x, y, WIDTH, tall - gap, energy_class(mark.energy))]
    if mark.state == "waiting":
        return [svg.rect(x, y, WIDTH, tall - gap, "hatch")]
    if mark.state == "working":
        return [svg.rect(x, y, WIDTH, tall - gap, "fill-ink lamp")]
    if mark.state == "failed":
        box = svg.rect(x, y, WIDTH, tall - gap, "outline-bad")
        cross = svg.text(x + WIDTH / 2, y + tall / 2 + 5, "×", "cross at-middle")
        return [box, cross] if tall > 12 else [box]
    return [svg.rect(x, y + 0.5, WIDTH, tall - 1 - gap, "outline")]


def _shares(marks: Sequence[Mark], x: float) -> SafeString:
    counts = Counter(mark.state for mark in marks)
    words = ", ".join(f"{count} {state}" for state, count in counts.items())
    fills = {"done": "fill-done", "waiting": "hatch", "failed": "fill-bad"}
    boxes, y = [], 4.0
    for state, count in counts.most_common():
        tall = count / len(marks) * 26
        boxes.append(svg.rect(x, y, WIDTH, tall - 0.5, fills.get(state, "outline")))
        y += tall
    return svg.group(words, boxes)


def day_strip(moments: Sequence[datetime], now: datetime, label: str) -> SafeString:
    """Return the moments of one schedule within today; past ones are darker."""
    here = timezone.localtime(now)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    day = timedelta(days=1)
    hours = [svg.upright(i * 100 / 24, 12 if i % 6 == 0 else 16, 20) for i in range(25)]
    strokes = format_html_join(
        "",
        '<rect x="{}%" y="5" width="2" height="12" class="{}"/>',
        (
            (
                svg.number((moment - midnight) / day * 100),
                "fill-ink-2" if moment < now else "fill-mute",
            )
            for moment in moments
            if midnight <= moment < midnight + day
        ),
    )
    playhead = svg.upright((here - midnight) / day * 100, 0, 22, "now-line")
    return svg.drawing(
        22, [svg.across(20, "axis"), *hours, strokes, playhead], label=label
    )
