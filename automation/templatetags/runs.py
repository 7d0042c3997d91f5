"""The picture of a bulk, and a run's trouble in words."""

from functools import partial
from typing import Final

from django import template
from django.utils.safestring import SafeString

from automation import causes
from automation.causes import Explanation
from automation.models import Run
from vibe_engine import clock
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


@register.simple_tag
def explain(run: Run) -> Explanation | None:
    """Return why a run waits, is blocked or has failed, as the table of causes says."""
    return causes.explain(run)


@register.filter
def trouble(run: Run) -> str:
    """Say a run's trouble in one line, with times in the person's zone."""
    say_time = partial(causes.here, now=clock.now())
    return causes.in_one_line(run, say_time=say_time)
