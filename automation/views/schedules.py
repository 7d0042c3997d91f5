"""Switching schedules, and running them now."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from automation import (
    schedules,
)
from automation.models import Schedule
from automation.once import once_per_form
from vibe_engine import clock
from vibe_engine.web import (
    OperatorRequest,
    operator_required,
)


@require_POST
@operator_required
@once_per_form
def run_schedule(request: OperatorRequest, pk: int) -> HttpResponse:
    """Open the run of a schedule now; its slots stay as they are."""
    schedule = get_object_or_404(Schedule.objects.select_related("task"), pk=pk)
    opened = schedules.open_now(schedule, now=clock.now())
    messages.success(request, f"“{opened.title}” runs now.")
    return redirect(opened)


@require_POST
@operator_required
def toggle_schedule(request: OperatorRequest, pk: int) -> HttpResponse:
    """Switch a schedule on or off; slots missed meanwhile do not run.

    The form says which of the two it wants, so that a double click is one.
    """
    schedule = get_object_or_404(Schedule.objects.select_related("task"), pk=pk)
    wanted = {"1": True, "0": False}.get(request.POST.get("on", ""))
    is_on = not schedule.is_on if wanted is None else wanted
    enabled = schedules.switch(schedule, is_on=is_on, now=clock.now())
    word = "on" if enabled else "off"
    messages.success(request, f"“{schedule.task.name}” is switched {word}.")
    return redirect("automation:list")
