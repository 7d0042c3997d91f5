"""Pictures as SVG: pure functions from typed data to markup, without styles."""

from vibe_engine.charts.days import Day, bars_by_day, calendar
from vibe_engine.charts.desk import energy_meter, fader, ladder, meter, quota_bars
from vibe_engine.charts.history import FunnelStep, SnapshotMark, funnel, timeline
from vibe_engine.charts.lanes import Lane, Mark, day_strip, lanes
from vibe_engine.charts.lines import Point, spark, spark_bars, step_line
from vibe_engine.charts.loads import load_bar
from vibe_engine.charts.marks import feature_ticks, legend, mini, musical_key
from vibe_engine.charts.print import PrintTrack, vibe_print
from vibe_engine.charts.rest import rest_histogram
from vibe_engine.charts.rings import Part, consent_ring, ring
from vibe_engine.charts.shelf import Board, Spine, shelf
from vibe_engine.charts.squares import Square, squares
from vibe_engine.charts.table import behind
from vibe_engine.charts.trend import trend

__all__ = [
    "Board",
    "Day",
    "FunnelStep",
    "Lane",
    "Mark",
    "Part",
    "Point",
    "PrintTrack",
    "SnapshotMark",
    "Spine",
    "Square",
    "bars_by_day",
    "behind",
    "calendar",
    "consent_ring",
    "day_strip",
    "energy_meter",
    "fader",
    "feature_ticks",
    "funnel",
    "ladder",
    "lanes",
    "legend",
    "load_bar",
    "meter",
    "mini",
    "musical_key",
    "quota_bars",
    "rest_histogram",
    "ring",
    "shelf",
    "spark",
    "spark_bars",
    "squares",
    "step_line",
    "timeline",
    "trend",
    "vibe_print",
]
