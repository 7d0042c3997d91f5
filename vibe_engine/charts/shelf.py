"""The shelf: every playlist of the fleet as one spine."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.html import format_html
from django.utils.safestring import SafeString

from vibe_engine.charts import svg
from vibe_engine.charts.scales import energy_class
from vibe_engine.words import grouped

HEIGHT = 96
PULLED = 10
UNKNOWN_ENERGY = 0.5

State = Literal["fresh", "due", "waiting", "working", "failed", "off"]


@dataclass(frozen=True, slots=True)
class Spine:
    """One playlist: its name and page, mean energy (or `None`) and state."""

    label: str
    url: str
    energy: float | None
    state: State = "fresh"


@dataclass(frozen=True, slots=True)
class Board:
    """One account with its playlists in order."""

    name: str
    url: str
    spines: Sequence[Spine]


def shelf(boards: Sequence[Board]) -> SafeString:
    """Return boards side by side: height and ink by energy, pulled up when due.

    Spines open their playlist for the mouse only; with the keyboard the list of
    playlists is quicker, and the words below each board say what is on it.
    """
    if not any(board.spines for board in boards):
        return svg.sentence("Every playlist gets a spine here once it is created.")
    return format_html(
        '<div class="shelf">{}</div>', svg.join(_board(board) for board in boards)
    )


def _board(board: Board) -> SafeString:
    step = 100 / max(len(board.spines), 8)
    spines = svg.join(
        _spine(spine, i * step, step) for i, spine in enumerate(board.spines)
    )
    return format_html(
        '<div class="shelf-account board-{}"><svg class="chart" width="100%" '
        'height="{}" aria-hidden="true">{}</svg><p><a class="clip" href="{}">'
        '<bdi>{}</bdi></a><span class="dim">{}</span>'
        '<span class="visually-hidden">: {}</span></p></div>',
        min(12, max(1, round(len(board.spines) / 8))),
        HEIGHT,
        spines,
        board.url,
        board.name,
        grouped(len(board.spines)),
        _in_words(board),
    )


def _in_words(board: Board) -> str:
    counts = Counter(spine.state for spine in board.spines)
    return ", ".join(f"{count} {state}" for state, count in counts.most_common())


def _spine(spine: Spine, x: float, step: float) -> SafeString:
    energy = UNKNOWN_ENERGY if spine.energy is None else spine.energy
    tall = 26 + min(max(energy, 0), 1) * 56
    lift = PULLED if spine.state in {"due", "working"} else 0
    css = {
        "waiting": "hatch",
        "failed": "outline-bad",
        "off": "outline",
        "working": "fill-ink lamp",
    }.get(spine.state, energy_class(spine.energy))
    box = svg.rect(x, HEIGHT - tall - lift, step * 0.78, tall, css)
    return format_html(
        '<a href="{}" tabindex="-1"><title>{}: {}</title>{}</a>',
        spine.url,
        spine.label,
        spine.state,
        box,
    )
