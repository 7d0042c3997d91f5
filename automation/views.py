"""Pages of the engine room: runs, schedules and runtime settings."""

from collections.abc import Mapping
from functools import partial
from itertools import groupby

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from automation import (
    ledger,
    reads,
    runlist,
    runstory,
    runtime,
    schedules,
    waiting,
)
from automation.forms import NOBODY, STATES, RunFilterForm
from automation.models import Run, Schedule
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


@require_http_methods(["GET", "POST"])
@viewer_required
def settings_page(request: OperatorRequest) -> HttpResponse:
    """Show every runtime setting; a POST saves the changed ones, all or none.

    Values in the address are filled in, for a person to save.
    """
    if request.method == "POST":
        return _save_settings(request)
    filled = {key: request.GET[key] for key in request.GET if key in runtime.BY_KEY}
    return _render_settings(request, typed=filled, problems={}, status=200)


@operator_required
def _save_settings(request: OperatorRequest) -> HttpResponse:
    posted = request.POST
    typed = {key: "\n".join(posted.getlist(key)) for key in _posted_keys(request)}
    _, problems = runtime.parse_changes(typed)
    if problems:
        return _render_settings(request, typed=typed, problems=problems, status=422)
    changed = runtime.save_settings(changes=typed, by=request.user, now=clock.now())
    names = ", ".join(sorted(runtime.BY_KEY[key].label for key in changed))
    messages.success(request, f"Saved: {names}." if changed else "Nothing was changed.")
    return redirect("automation:settings")


def _posted_keys(request: OperatorRequest) -> list[str]:
    """Return the settings of this form; an unticked switch posts nothing."""
    if "shown" not in request.POST:
        return [key for key in request.POST if key in runtime.BY_KEY]
    shown = request.POST.getlist("shown")
    return [key for key in shown if key in runtime.BY_KEY]


def _render_settings(
    request: OperatorRequest,
    *,
    typed: Mapping[str, str],
    problems: Mapping[str, str],
    status: int,
) -> HttpResponse:
    groups = [
        (name, [_row(one, typed, problems) for one in group])
        for name, group in groupby(runtime.describe(), key=lambda one: one.spec.group)
    ]
    return render(
        request,
        "automation/settings.html",
        {
            "groups": groups,
            "changes": reads.latest_changes(),
            "filled": [runtime.BY_KEY[key].label for key in typed if not problems],
        },
        status=status,
    )


def _row(
    one: runtime.InForce, typed: Mapping[str, str], problems: Mapping[str, str]
) -> dict[str, object]:
    key = one.spec.key
    shown = one.value
    if isinstance(shown, tuple):
        shown = "\n".join(shown)
    shown = typed.get(key, shown)
    return {
        "one": one,
        "shown": shown,
        "chosen": str(shown).splitlines(),
        "problem": problems.get(key, one.problem),
    }


@require_POST
@operator_required
def restore_setting(request: OperatorRequest, key: str) -> HttpResponse:
    """Take back what was set here, so that environment or default count again."""
    try:
        runtime.restore_default(key=key, now=clock.now())
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{runtime.BY_KEY[key].label} is taken back.")
    return redirect("automation:settings")


def _runs(count: int) -> str:
    return "run" if count == 1 else "runs"
