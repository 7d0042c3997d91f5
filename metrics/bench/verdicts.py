"""The goals of the draw, each with what was measured and whether it is met."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

Figures = dict[str, Any]


class Goal(NamedTuple):
    """A figure, what it has to keep to, and in which unit it is said.

    `limits` are by the fewest tracks from which on they hold.
    """

    name: str
    key: str
    limits: dict[int, float]
    unit: str = "x"
    at_least: bool = False


GOALS = (
    Goal("Pick kernel", "pick_ms", {0: 0.2}, "ms"),
    Goal("Read and pick : read", "ratio_select_cooldown_read", {0: 2}),
    Goal(
        "order_by('?') : read and pick",
        "ratio_order_by_random",
        {10_000: 20, 100_000: 80, 1_000_000: 400},
        at_least=True,
    ),
    Goal(
        "Naive : end to end with the write",
        "ratio_naive_end_to_end",
        {10_000: 6, 100_000: 20, 1_000_000: 130},
        at_least=True,
    ),
    Goal("Order, 95 of 100", "sequence_p95_ms", {0: 5}, "ms"),
    Goal("Order : long annealing", "annealing_ratio", {0: 1.15}),
    Goal("Order : random order", "random_ratio", {0: 0.45}),
    Goal("Separation broken", "separation_breaches", {0: 0}, "lists"),
)
MOST_PICK_GROWTH = 2.0
MOST_EXPONENT = 0.15


def verdicts(figures: Figures) -> list[Figures]:
    """Return each goal that holds at this size: name, value, limit, unit, met."""
    found = []
    for goal in GOALS:
        sizes = [size for size in goal.limits if size <= figures["tracks"]]
        if sizes and figures.get(goal.key) is not None:
            limit, value = goal.limits[max(sizes)], figures[goal.key]
            met = value >= limit if goal.at_least else value <= limit
            found.append(_line(goal, value, limit, met=met))
    return found


def _line(goal: Goal, value: float, limit: float, *, met: bool) -> Figures:
    sign = ">=" if goal.at_least else "<="
    return {
        "goal": goal.name,
        "value": value,
        "limit": f"{sign} {limit:g}",
        "unit": goal.unit,
        "met": met,
    }


def growth(sizes: Sequence[Figures]) -> list[Figures]:
    """Return the goals about growth, from the smallest library to the largest."""
    small = min(sizes, key=lambda one: one["tracks"])
    large = max(sizes, key=lambda one: one["tracks"])
    times = large["tracks"] / small["tracks"]
    if times <= 1:
        return []
    pick = round(large["pick_ms"] / small["pick_ms"], 2)
    select = large["select_ms"] / small["select_ms"]
    exponent = round(math.log(select) / math.log(times), 3)
    between = f"{small['tracks']:,} to {large['tracks']:,}"
    return [
        _line(
            Goal(f"Pick, {between}", "", {}),
            pick,
            MOST_PICK_GROWTH,
            met=pick <= MOST_PICK_GROWTH,
        ),
        _line(
            Goal(f"Read and pick, {between}: power of n", "", {}, ""),
            exponent,
            MOST_EXPONENT,
            met=exponent < MOST_EXPONENT,
        ),
    ]


def table(title: str, lines: Sequence[Figures]) -> Iterator[str]:
    """Yield verdicts as lines of a table, the count of those met at the end."""
    yield title
    for line in lines:
        value = f"{line['value']:,g} {line['unit']}".rstrip()
        verdict = "met" if line["met"] else "MISSED"
        yield f"  {line['goal']:48} {value:>14}   {line['limit']:>7}   {verdict}"
    met = sum(line["met"] for line in lines)
    yield f"  {met} of {len(lines)} goals are met."
