"""Pages of the stop button and of the fleet's shadow mode."""

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


@require_POST
@operator_required
def stop(request: OperatorRequest) -> HttpResponse:
    """Stop everything that would write to Spotify."""
    if holds.stop_writing(now=clock.now(), by=request.user):
        messages.warning(
            request, "Pushes are stopped. Runs wait until somebody resumes them."
        )
    else:
        messages.info(request, "Pushes were stopped already.")
    return redirect("automation:writing")


@require_POST
@operator_required
def resume(request: OperatorRequest) -> HttpResponse:
    """Let everything go on that waits for the end of a stop."""
    try:
        count = holds.resume_writing(now=clock.now(), by=request.user)
    except ConflictError as error:
        messages.info(request, str(error))
    else:
        messages.success(request, f"Pushes go on; {_runs(count)} waited.")
    return redirect("automation:writing")


@require_POST
@operator_required
def shadow(request: OperatorRequest) -> HttpResponse:
    """Begin the fleet's shadow mode."""
    if holds.enter_shadow(now=clock.now(), by=request.user):
        messages.warning(
            request, "Shadow mode: lists are drawn and recorded, nothing is sent."
        )
    else:
        messages.info(request, "The fleet was in shadow mode already.")
    return redirect("automation:writing")


@require_POST
@operator_required
def leave_shadow(request: OperatorRequest) -> HttpResponse:
    """End the fleet's shadow mode."""
    try:
        count = holds.leave_shadow(now=clock.now(), by=request.user)
    except ConflictError as error:
        messages.info(request, str(error))
    else:
        messages.success(request, f"Shadow mode is left; {_runs(count)} waited.")
    return redirect("automation:writing")


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count:,} runs"
