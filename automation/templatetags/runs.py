"""The picture of a bulk: one small square for each of its runs."""

from typing import Final

from django import template
from django.utils.safestring import SafeString

from automation.models import Run
from vibe_engine.charts import Square, squares
from vibe_engine.charts.squares import State

register = template.Library()

MOST: Final = 1_000
"""More squares than this are too small to tell apart; the figures say the rest."""

STATES: Final[dict[Run.State, State]] = {
    Run.State.PLANNED: "waiting",
    Run.State.WORKING: "working",
    Run.State.BLOCKED: "waiting",
    Run.State.DONE: "done",
    Run.State.FAILED: "failed",
    Run.State.CANCELLED: "cancelled",
}


@register.simple_tag
def run_squares(run: Run, tally: dict[str, int]) -> SafeString:
    """Draw the runs of a bulk in order; costs one query."""
    items = [
        Square(child.title, STATES[Run.State(child.state)])
        for child in run.squares()[:MOST]
    ]
    figures = [f"{tally[state]} {word.lower()}" for state, word in Run.State.choices]
    return squares(items, f"{run.progress_total} runs: {', '.join(figures)}")
