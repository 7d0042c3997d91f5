"""Pages of the stop button and of the fleet's shadow mode."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from automation import holds
from automation.forms import kind_words
from automation.models import Hold
from vibe_engine import clock
from vibe_engine.errors import ConflictError
from vibe_engine.web import OperatorRequest, operator_required, viewer_required

MOST_RECORDS = 30


@require_GET
@viewer_required
def writing(request: OperatorRequest) -> HttpResponse:
    """Show what holds writing back, what waits for it, and who held it before."""
    records = Hold.objects.select_related("began_by", "ended_by")
    context = {
        "stopped": _waiting(holds.STOPPED),
        "shadowed": _waiting(holds.SHADOW),
        "records": records[:MOST_RECORDS],
    }
    return render(request, "automation/writing.html", context)


def _waiting(reason: str) -> list[tuple[str, int]]:
    counts = holds.count_waiting(reason)
    return [(kind_words(kind), count) for kind, count in counts.items()]


@dataclass(frozen=True)
class Switch:
    """One button: what it begins or ends, and what is said about it.

    `turn(now=..., by=...)` begins something and returns whether it was off before, or
    ends something and returns how many runs waited.
    """

    path: str
    turn: Callable[..., bool | int]
    said: str
    """What is said when something began, or ended; `{runs}` are those that waited."""
    said_before: str = ""
    """What is said where nothing was to begin; "" for what ends something."""


SWITCHES = {
    "stop": Switch(
        "stop",
        holds.stop_writing,
        "Pushes are stopped. Runs wait until somebody resumes them.",
        "Pushes were stopped already.",
    ),
    "resume": Switch("resume", holds.resume_writing, "Pushes go on; {runs} waited."),
    "shadow": Switch(
        "shadow",
        holds.enter_shadow,
        "Shadow mode: lists are drawn and recorded, nothing is sent.",
        "The fleet was in shadow mode already.",
    ),
    "leave_shadow": Switch(
        "live", holds.leave_shadow, "Shadow mode is left; {runs} waited."
    ),
}
"""The buttons by the names of their addresses."""


@require_POST
@operator_required
def turn(request: OperatorRequest, switch: Switch) -> HttpResponse:
    """Press one of the buttons."""
    try:
        turned = switch.turn(now=clock.now(), by=request.user)
    except ConflictError as error:
        messages.info(request, str(error))
        return redirect("automation:writing")
    if not switch.said_before:
        messages.success(request, switch.said.format(runs=_runs(turned)))
    elif turned:
        messages.warning(request, switch.said)
    else:
        messages.info(request, switch.said_before)
    return redirect("automation:writing")


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count:,} runs"
