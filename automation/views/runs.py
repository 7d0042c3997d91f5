"""What runs and what ran, and what a person does about it."""

from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_GET, require_POST

from automation import (
    ledger,
    reads,
    runlist,
    runstory,
    waiting,
)
from automation.forms import NOBODY, STATES, RunFilterForm
from automation.models import Run
from automation.once import once_per_form
from vibe_engine import clock
from vibe_engine.errors import InputError
from vibe_engine.web import (
    OperatorRequest,
    operator_required,
    render_page,
    viewer_required,
)


@require_GET
@viewer_required
def overview(request: OperatorRequest) -> HttpResponse:
    """Show what runs, the schedules and what ran."""
    now = clock.now()
    form = RunFilterForm(request.GET)
    chosen = form.chosen()
    context = {
        "form": form,
        "chosen": chosen,
        "states": STATES,
        "nobody": NOBODY,
        "page": runlist.page_of(chosen.runs(), **form.place()),
        "people": SimpleLazyObject(runlist.people),
        "live": SimpleLazyObject(reads.live_runs),
        "schedules": SimpleLazyObject(partial(reads.schedule_rows, now=now)),
        "now": now,
    }
    return render_page(
        request,
        "automation/overview.html",
        context,
        fragments={"runs": "automation/_runs.html", "live": "automation/_live.html"},
    )


@require_GET
@viewer_required
def run(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show one run; the card alone when it asks for itself."""
    found = get_object_or_404(Run.objects.for_table(), pk=pk)
    return render_page(
        request,
        "automation/run.html",
        {
            "run": found,
            "bulks": found.bulks.all()[:5],
            "calls": runstory.calls_of(found),
            "entries": runstory.entries_of(found),
            "now": clock.now(),
        },
        fragments={f"run-{pk}": "automation/_run.html"},
    )


@require_GET
@viewer_required
def drawer(request: OperatorRequest) -> HttpResponse:
    """Show what is going, for the drawer; without htmx go to the page."""
    if not request.htmx:
        return redirect("automation:list")
    return render(
        request,
        "automation/_drawer.html",
        {"live": reads.live_runs(), "counts": reads.counts()},
    )


@require_POST
@operator_required
def cancel(request: OperatorRequest, pk: int) -> HttpResponse:
    """Cancel what waits of a run or a bulk."""
    found = get_object_or_404(Run, pk=pk)
    count = ledger.cancel([found.pk], now=clock.now())
    if count:
        messages.success(request, f"{count} waiting {_runs(count)} cancelled.")
    else:
        messages.info(request, "Nothing of it was waiting any more.")
    return redirect(found)


@require_POST
@operator_required
@once_per_form
def retry(request: OperatorRequest, pk: int) -> HttpResponse:
    """Ask again for what failed."""
    found = get_object_or_404(Run, pk=pk)
    try:
        again = ledger.retry_failed(found, now=clock.now(), requested_by=request.user)
    except InputError as error:
        messages.error(request, str(error))
        return redirect(found)
    messages.success(request, f"“{again.title}” is tried again.")
    return redirect(again)


@require_POST
@operator_required
def go_on(request: OperatorRequest, pk: int) -> HttpResponse:
    """Let a blocked run, or what is blocked of a bulk, try again now."""
    found = get_object_or_404(Run, pk=pk)
    ids = [found.pk, *found.children.values_list("pk", flat=True)]
    count = waiting.let_go_on(run_ids=ids, now=clock.now())
    if count:
        messages.success(request, f"{count} {_runs(count)} set free to try again.")
    else:
        messages.info(request, "Nothing of it was blocked any more.")
    return redirect(found)


def _runs(count: int) -> str:
    return "run" if count == 1 else "runs"
