"""Axes: round steps, and places on a scale."""

from collections.abc import Sequence

STEPS = (1, 2, 5)


def nice_step(largest: float, lines: int = 5) -> int:
    """Return a round step (1, 2 or 5 times a power of ten) for up to `lines` lines."""
    power = 1
    while True:
        for base in STEPS:
            if base * power * lines >= largest:
                return base * power
        power *= 10


def grid_values(largest: float) -> Sequence[int]:
    """Return the round values up to `largest` at which a grid line stands."""
    step = nice_step(max(largest, 1))
    return range(step, int(max(largest, 1)) + 1, step)


def energy_class(energy: float | None) -> str:
    """Return the ink of an energy (0 to 1): six steps from calm to driving.

    The steps lie between 0.35 and 0.95, where most popular music is.
    """
    if energy is None:
        return "fill-done"
    return f"hue energy-{energy_step(energy)}"


def energy_step(energy: float) -> int:
    """Return the step 0 to 5 of an energy."""
    return min(5, max(0, int((energy - 0.35) / 0.1)))
