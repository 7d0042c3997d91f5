"""Pages on which staff make, edit and delete schedules of their own."""

import zoneinfo
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from django_celery_beat.models import PeriodicTask

from automation import cadence, registry, schedules, slots, staffing
from automation.arguments import ArgumentsForm
from automation.models import Schedule
from automation.timing import Preview, TimingForm, initial_of
from vibe_engine import clock
from vibe_engine.errors import ConflictError, InputError
from vibe_engine.web import (
    OperatorRequest,
    operator_required,
    render_page,
    staff_required,
)

PREVIEW = "schedule-preview"


@dataclass
class Forms:
    """The two forms of the page: what the schedule is about, and when it runs."""

    scope: ArgumentsForm
    timing: TimingForm

    def are_valid(self) -> bool:
        """Whether both can be used; both are checked."""
        return all([self.scope.is_valid(), self.timing.is_valid()])

    def wish(self) -> staffing.Wish:
        """Return the schedule that they describe."""
        data = self.timing.cleaned_data
        return staffing.Wish(
            name=data["name"],
            arguments=self.scope.arguments(),
            timing=self.timing.timing(),
            policy=data["policy"],
            grace_s=data["grace_h"] * 60 * 60,
        )


@require_http_methods(["GET", "POST"])
@staff_required
def add_schedule(request: OperatorRequest) -> HttpResponse:
    """Make a schedule that reshuffles a part of the fleet."""
    zone = timezone.get_current_timezone_name()
    return _edit(request, None, {"zone": zone}, taken=zone)


@require_http_methods(["GET", "POST"])
@staff_required
def edit_schedule(request: OperatorRequest, pk: int) -> HttpResponse:
    """Change a schedule of staff's own; others are edited in the admin."""
    schedule = _load(pk)
    if not staffing.is_own(schedule):
        page = "admin:django_celery_beat_periodictask_change"
        return redirect(page, schedule.task_id)
    initial = {"zone": timezone.get_current_timezone_name()} | initial_of(schedule)
    return _edit(request, schedule, initial, taken=str(initial["zone"]))


def _edit(
    request: OperatorRequest,
    schedule: Schedule | None,
    initial: dict[str, object],
    *,
    taken: str,
) -> HttpResponse:
    scope_form = registry.get(staffing.KIND).arguments or ArgumentsForm
    if request.method != "POST":
        stored = scope_form.initial_of(schedule.arguments) if schedule else {}
        forms = Forms(
            scope_form(initial=stored), TimingForm(initial=initial, taken=[taken])
        )
        return _show(request, schedule, forms, preview=_standing(schedule))
    forms = Forms(scope_form(request.POST), TimingForm(request.POST, taken=[taken]))
    is_valid = forms.are_valid()
    if request.htmx or "preview" in request.POST:
        return _show(request, schedule, forms, preview=_typed(forms), is_asked=True)
    if not is_valid or not _save(request, schedule, forms):
        return _show(request, schedule, forms, preview=_typed(forms), status=422)
    return redirect("automation:list")


def _save(request: OperatorRequest, schedule: Schedule | None, forms: Forms) -> bool:
    """Save what was typed; say beside the field what stands against it."""
    try:
        saved = staffing.save_schedule(forms.wish(), now=clock.now(), schedule=schedule)
    except InputError as error:
        forms.timing.add_error(error.field, str(error))
        return False
    messages.success(request, f"“{saved}” is saved.")
    return True


def _typed(forms: Forms) -> Preview | None:
    """Return the preview of what was typed, None where that says no time."""
    wrong = forms.timing.errors.keys() - {"name", "policy", "grace_h"}
    if wrong:
        return None
    return _preview(forms.timing.timing().as_task(), anchor=clock.now())


def _standing(schedule: Schedule | None) -> Preview | None:
    if schedule is None:
        return None
    return _preview(schedule.task, anchor=schedule.effective_from)


def _preview(task: PeriodicTask, *, anchor: datetime) -> Preview:
    now = clock.now()
    reader = zoneinfo.ZoneInfo(timezone.get_current_timezone_name())
    return Preview(
        words=cadence.words(task),
        next_slots=slots.next_slots(task, after=now, anchor=anchor),
        remarks=cadence.clock_remarks(task, reader=reader, now=now),
    )


def _show(
    request: OperatorRequest,
    schedule: Schedule | None,
    forms: Forms,
    *,
    preview: Preview | None,
    is_asked: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {
        "schedule": schedule,
        "scope": forms.scope,
        "form": forms.timing,
        "preview": preview,
        "is_asked": is_asked,
    }
    return render_page(
        request,
        "automation/schedule.html",
        context,
        fragments={PREVIEW: "automation/_schedule_preview.html"},
        status=status,
    )


@require_http_methods(["GET", "POST"])
@staff_required
def delete_schedule(request: OperatorRequest, pk: int) -> HttpResponse:
    """Ask, then delete a schedule of staff's own."""
    schedule = _load(pk)
    if request.method == "POST":
        return _delete(request, schedule)
    here = reverse("automation:delete_schedule", args=[pk])
    context = {
        "title": f"Delete the schedule “{schedule}”?",
        "text": "What it has opened goes on; its history of runs stays.",
        "facts": [("Runs", cadence.words(schedule.task))],
        "action": here,
        "label": "Delete",
        "icon": "trash",
        "back": reverse("automation:list"),
        "danger": True,
    }
    return render_page(
        request, "confirm.html", context, fragments={"dialog-body": "_confirm.html"}
    )


def _delete(request: OperatorRequest, schedule: Schedule) -> HttpResponse:
    name = str(schedule)
    try:
        staffing.delete_schedule(schedule=schedule)
    except ConflictError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"“{name}” is deleted.")
    return redirect("automation:list")


@require_POST
@operator_required
def resume_schedule(request: OperatorRequest, pk: int) -> HttpResponse:
    """Let a schedule go on that has paused itself."""
    schedule = _load(pk)
    if schedules.resume(schedule, now=clock.now()):
        messages.success(request, f"“{schedule}” goes on.")
    else:
        messages.info(request, f"“{schedule}” was not paused.")
    return redirect("automation:list")


def _load(pk: int) -> Schedule:
    found = Schedule.objects.select_related("task__crontab", "task__interval")
    return get_object_or_404(found, pk=pk)
