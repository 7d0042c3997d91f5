"""The page of what is kept for how long."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from automation import kept
from vibe_engine import clock
from vibe_engine.web import OperatorRequest, viewer_required


@require_GET
@viewer_required
def retention(request: OperatorRequest) -> HttpResponse:
    """Show what is kept, what was deleted because of its age, and what goes next."""
    context = {"kept": kept.overview(now=clock.now())}
    return render(request, "automation/retention.html", context)
