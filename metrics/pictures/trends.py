"""The written figures over a span, each with its change."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from django.utils import timezone

from metrics.models import MetricSnapshot
from metrics.pictures.words import counted
from metrics.services.snapshots import slot_of
from vibe_engine import words
from vibe_engine.words import grouped

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """How far back one looks: `count` slots of a grain; `key` stands in addresses."""

    key: str
    label: str
    grain: str
    count: int
    words: str

    @property
    def step(self) -> timedelta:
        """Time between two slots."""
        return HOUR if self.grain == MetricSnapshot.Grain.HOURLY else DAY


SPANS = (
    Span("24h", "24 h", "hourly", 25, "24 hours"),
    Span("7d", "7 days", "hourly", 7 * 24 + 1, "7 days"),
    Span("30d", "30 days", "daily", 31, "30 days"),
    Span("90d", "90 days", "daily", 91, "90 days"),
    Span("year", "A year", "daily", 366, "a year"),
)
USUAL = SPANS[2]


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _days(value: float) -> str:
    return f"{value:.1f} days"


def _one_decimal(value: float) -> str:
    return grouped(round(value, 1))


@dataclass(frozen=True)
class Measure:
    """One figure of a snapshot: its key there, its name, and how it is written."""

    key: str
    title: str
    note: str
    write: Callable[[float], str]


MEASURES = (
    Measure("done_24h", "Reshuffles done", "in the 24 hours before", grouped),
    Measure("failed_24h", "Reshuffles failed", "in the 24 hours before", grouped),
    Measure("coverage", "Library in rotation", "usable tracks once heard", _percent),
    Measure("mean_rest_days", "Mean rest", "of the tracks in new lists", _days),
    Measure("calls_24h", "Spotify calls", "in the 24 hours before", grouped),
    Measure("tracks", "Tracks", "in the library", grouped),
    Measure("usable", "Usable tracks", "playable and not held", grouped),
    Measure("playlists", "Playlists", "on all accounts", grouped),
    Measure("accounts", "Accounts", "connected", grouped),
    Measure("tracks_per_playlist", "Tracks a list", "on average", _one_decimal),
)


@dataclass(frozen=True)
class Trend:
    """One figure at each slot of a span; None where nothing was written down."""

    measure: Measure
    values: Sequence[float | None]

    @property
    def newest(self) -> str:
        """The last known value, or a dash."""
        known = [value for value in self.values if value is not None]
        return self.measure.write(known[-1]) if known else "–"

    @property
    def change(self) -> str:
        """What became of the first known value, in words."""
        known = [value for value in self.values if value is not None]
        if len(known) < 2:
            return ""
        first, last = self.measure.write(known[0]), self.measure.write(known[-1])
        if first == last:
            return "as at the beginning"
        return f"{'up' if known[-1] > known[0] else 'down'} from {first}"


@dataclass(frozen=True)
class Trends:
    """All figures of a span, and the table behind them, newest slot first."""

    spans: ClassVar = SPANS
    head: ClassVar = ("When", *(measure.title for measure in MEASURES))

    span: Span
    trends: Sequence[Trend]
    slots: Sequence[datetime]
    first: str
    last: str
    gaps: int

    @property
    def meaning(self) -> str:
        """How much of the span was looked at, in words."""
        seen = len(self.slots) - self.gaps
        if not seen:
            return "Figures are written down every hour; the first ones come soon."
        noun = "hour" if self.span.step == HOUR else "day"
        if not self.gaps:
            return f"Every {noun} of {self.span.words} was written down."
        return (
            f"{counted(seen, noun)} of {self.span.words} written down; nobody looked "
            f"at {counted(self.gaps, noun)}, which {'is' if self.gaps == 1 else 'are'} "
            "hatched."
        )

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The slots that were written down, newest first."""
        table = zip(*(trend.values for trend in self.trends), strict=True)
        lines = [
            (_moment(slot, self.span), *map(_cell, MEASURES, values))
            for slot, values in zip(self.slots, table, strict=True)
            if any(value is not None for value in values)
        ]
        return lines[::-1]


def _cell(measure: Measure, value: float | None) -> str:
    return "" if value is None else measure.write(value)


def _moment(slot: datetime, span: Span) -> str:
    local = timezone.localtime(slot)
    day = words.date(local, local)
    return f"{day}, {local:%H:%M}" if span.step == HOUR else words.date(slot, slot)


def trends(key: str, *, now: datetime) -> Trends:
    """Return the figures of a span (30 days unless `key` names another), one query."""
    span = next((one for one in SPANS if one.key == key), USUAL)
    last = slot_of(span.grain, now)
    slots = [last - span.step * back for back in range(span.count - 1, -1, -1)]
    rows: Mapping[datetime, Mapping[str, float | None]] = dict(
        MetricSnapshot.objects.filter(grain=span.grain, slot__gte=slots[0]).values_list(
            "slot", "figures"
        )
    )
    # What is not over yet is no gap.
    if last not in rows:
        slots.pop()
    found = [rows.get(slot, {}) for slot in slots]
    return Trends(
        span,
        [
            Trend(measure, [figures.get(measure.key) for figures in found])
            for measure in MEASURES
        ],
        slots,
        first=_moment(slots[0], span),
        last=_moment(slots[-1], span),
        gaps=sum(not figures for figures in found),
    )
