"""The pictures of `vibe_engine.charts` as template tags of the same names."""

from django import template

from vibe_engine import charts

register = template.Library()

PICTURES = (
    charts.bars_by_day,
    charts.calendar,
    charts.consent_ring,
    charts.day_strip,
    charts.energy_meter,
    charts.fader,
    charts.feature_ticks,
    charts.funnel,
    charts.ladder,
    charts.lanes,
    charts.legend,
    charts.load_bar,
    charts.meter,
    charts.mini,
    charts.musical_key,
    charts.quota_bars,
    charts.rest_histogram,
    charts.ring,
    charts.shelf,
    charts.spark,
    charts.spark_bars,
    charts.squares,
    charts.step_line,
    charts.timeline,
    charts.trend,
    charts.vibe_print,
)

for picture in PICTURES:
    register.simple_tag(picture)
register.simple_tag(charts.behind, name="table_behind")
